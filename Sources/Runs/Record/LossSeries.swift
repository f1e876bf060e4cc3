import CZlib
import Foundation

/// The losses of a learner, compressed without loss: float32 where all of them are (as tensors are), else float64; bytes of one rank together, through zlib.
public struct LossSeries: Codable, Equatable, Sendable {
    public let count: Int
    /// One byte with the width of a number, then the zlib stream; empty without losses.
    public let blob: Data

    public static let empty = LossSeries([])

    public init(_ values: [Double]) {
        count = values.count
        guard !values.isEmpty else {
            blob = Data()
            return
        }
        let isSingle = values.allSatisfy { Double(Float($0)).bitPattern == $0.bitPattern }
        let width = isSingle ? 4 : 8
        var bytes = [UInt8](repeating: 0, count: values.count * width)
        for (index, value) in values.enumerated() {
            let bits = isSingle ? UInt64(Float(value).bitPattern) : value.bitPattern
            for rank in 0..<width { bytes[rank * values.count + index] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(rank))) }
        }
        blob = Data([UInt8(width)]) + Deflate.packed(bytes)
    }

    init(count: Int, blob: Data) { (self.count, self.blob) = (count, blob) }

    /// nil where the blob is damaged.
    public var values: [Double]? {
        guard count > 0 else { return [] }
        guard let width = blob.first.map(Int.init), width == 4 || width == 8, count < 1 << 40,
              let bytes = Deflate.unpacked(Data(blob.dropFirst()), count: count * width) else { return nil }
        return (0..<count).map { index in
            var bits: UInt64 = 0
            for rank in 0..<width { bits |= UInt64(bytes[rank * count + index]) << (8 * UInt64(rank)) }
            return width == 4 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
        }
    }
}

/// zlib streams of known length.
enum Deflate {
    static func packed(_ bytes: [UInt8]) -> Data {
        var length = compressBound(uLong(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(length))
        guard compress2(&output, &length, bytes, uLong(bytes.count), 6) == Z_OK else { return Data() }
        return Data(output.prefix(Int(length)))
    }

    /// nil where it is no zlib stream of so many bytes.
    static func unpacked(_ data: Data, count: Int) -> [UInt8]? {
        // zlib makes at most 1,032 bytes of one: a damaged count must not take all memory.
        guard count <= data.count * 1040 + 64 else { return nil }
        var output = [UInt8](repeating: 0, count: count)
        var length = uLong(count)
        let input = [UInt8](data)
        guard uncompress(&output, &length, input, uLong(input.count)) == Z_OK, Int(length) == count else { return nil }
        return output
    }

    static func packed(_ text: String) -> Data {
        let bytes = Array(text.utf8)
        return withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Data($0) } + packed(bytes)
    }

    static func text(_ data: Data) -> String? {
        guard data.count >= 8 else { return nil }
        let count = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard count < 1 << 40 else { return nil }
        return unpacked(Data(data.dropFirst(8)), count: Int(count)).map { String(decoding: $0, as: UTF8.self) }
    }
}
