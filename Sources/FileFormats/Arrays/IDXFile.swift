/// The idx format of MNIST: two zero bytes, element type, number of dimensions, their big-endian sizes, then bytes. Plain, gzipped or in xz.
public struct IDXFile {
    public let sizes: [Int]
    /// The elements, which the caller reads or leaves.
    private let stream: any ByteStream
    public let name: String
    public let count: Int

    /// A data set of this many bytes is no idx file that anybody has.
    private static let largest = 4 << 30

    /// - Parameter dimensions: that the file must have: 3 for images, 1 for labels.
    public init(_ source: any ByteSource, dimensions: Int) throws {
        name = source.name
        stream = try Packing.stream(source)
        let what = dimensions == 1 ? "labels" : "images"
        let magic = 2048 + dimensions
        let header = try stream.take(4 + 4 * dimensions)
        func number(_ index: Int) -> Int { header[(4 * index)..<(4 * index + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard header.count >= 4, number(0) == magic else {
            let found = header.count >= 4 ? "its magic number is \(number(0)) instead of \(magic)" : "it is shorter than a header"
            let isOther = header.count >= 4 && (2049...2052).contains(number(0))
            throw FormatError("'\(name)' is no idx file of \(what): \(found)", remedy: isOther ? "are images and labels mixed up?" : "check that it is the right file")
        }
        guard header.count == 4 + 4 * dimensions else { throw FormatError("'\(name)' is cut off in its header", remedy: FormatError.again) }
        let sizes = (1...dimensions).map(number)
        var count = 1
        for size in sizes {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= Self.largest else { throw FormatError("'\(name)' announces sizes \(sizes.map(String.init).joined(separator: " x ")), which is absurd") }
            count = product
        }
        guard sizes[0] > 0 else { throw FormatError("'\(name)' holds no \(what)") }
        guard count > 0 else { throw FormatError("'\(name)' announces images of \(sizes[1]) x \(sizes[2]) pixels") }
        guard Packing.isPlausible(unpacked: count, packed: source.count) else {
            throw FormatError("'\(name)' is cut off, or its header is wrong: it announces \(count) bytes of \(what), but has \(source.count) packed ones", remedy: FormatError.again)
        }
        if try Packing(of: source) == .none, source.count - header.count < count { throw Self.cutOff(name, source.count - header.count, count) }
        self.sizes = sizes
        self.count = count
    }

    private static func cutOff(_ name: String, _ got: Int, _ count: Int) -> FormatError {
        FormatError("'\(name)' is cut off: it holds \(got) of \(count) bytes", remedy: FormatError.again)
    }

    /// Reads all elements into a buffer of `count` bytes. To be called once.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        precondition(buffer.count == count)
        let got = try stream.fill(buffer)
        guard got == count else { throw Self.cutOff(name, got, count) }
        guard try stream.skip(1) == 0 else { throw FormatError("'\(name)' holds more bytes than the \(count) that its header announces") }
    }
}
