import Engine
import Foundation

/// The idx format of MNIST: big-endian magic number, sizes, then bytes. Plain or gzipped.
enum IDXFile {
    static let imageMagic = 2051
    static let labelMagic = 2049

    /// Images uint8 [N, H*W] with their height and width.
    static func images(_ path: String) throws -> (images: Tensor, height: Int, width: Int) {
        let (sizes, bytes) = try read(path, magic: imageMagic, what: "images", dimensions: 3)
        guard sizes[1] > 0, sizes[2] > 0 else { throw DataError("'\(path)' announces images of \(sizes[1]) x \(sizes[2]) pixels") }
        let tensor = try bytes.withUnsafeBytes { try Tensor.fromBytes($0, shape: [sizes[0], sizes[1] * sizes[2]], dtype: .uint8) }
        return (tensor, sizes[1], sizes[2])
    }

    /// Labels int64 [N].
    static func labels(_ path: String) throws -> Tensor {
        let (sizes, bytes) = try read(path, magic: labelMagic, what: "labels", dimensions: 1)
        return try bytes.withUnsafeBytes { try Tensor.fromBytes($0, shape: [sizes[0]], dtype: .uint8) }.to(.int64)
    }

    /// A data set of this many bytes is no idx file that anybody has.
    private static let largest = 4 << 30

    private static func read(_ path: String, magic: Int, what: String, dimensions: Int) throws -> (sizes: [Int], bytes: Data) {
        guard let raw = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { throw DataError("'\(path)' can't be read") }
        let isPacked = raw.count >= 2 && raw[raw.startIndex] == 0x1F && raw[raw.startIndex + 1] == 0x8B
        let headerSize = 4 + 4 * dimensions
        let header = isPacked ? Inflate.start(raw, count: headerSize) : Array(raw.prefix(headerSize))
        func number(_ index: Int) -> Int { header[(4 * index)..<(4 * index + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard header.count >= 4, number(0) == magic else {
            let found = header.count >= 4 ? "its magic number is \(number(0)) instead of \(magic)" : "it is shorter than a header"
            throw DataError("'\(path)' is no idx file of \(what): \(found)", remedy: header.count >= 4 && [imageMagic, labelMagic].contains(number(0)) ? "are images and labels mixed up?" : "check that it is the right file")
        }
        guard header.count == headerSize else { throw DataError("'\(path)' is cut off in its header", remedy: "download it again") }
        let sizes = (1...dimensions).map(number)
        var count = 1
        for size in sizes {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= largest else { throw DataError("'\(path)' announces sizes \(sizes.map(String.init).joined(separator: " x ")), which is absurd") }
            count = product
        }
        guard sizes[0] > 0 else { throw DataError("'\(path)' holds no \(what)") }
        let total = headerSize + count
        let content = isPacked ? try Inflate.all(raw, limit: total, name: path) : raw
        guard content.count == total else {
            if content.count > total { throw DataError("'\(path)' has \(content.count - total) bytes more than the \(count) that its header announces") }
            throw DataError("'\(path)' is cut off: it holds \(max(0, content.count - headerSize)) of \(count) bytes of \(what)", remedy: "download it again")
        }
        return (sizes, content.dropFirst(headerSize))
    }
}
