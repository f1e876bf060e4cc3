import Foundation

/// TensorBoard's event file: a sequence of records, each with its length and masked checksums (TFRecord), each an `Event` protocol buffer
/// (tensorflow/core/util/event.proto: wall_time 1, step 2, file_version 3, summary 5; summary.proto: value 1, with tag 1 and simple_value 2).
struct EventFile {
    private(set) var data = Data()

    init(time: Double) {
        var event = ProtocolBuffer()
        event.double(1, time)
        event.bytes(3, Data("brain.Event:2".utf8))
        append(event.data)
    }

    /// A value of a curve.
    mutating func scalar(_ tag: String, _ value: Double, step: Int, time: Double) {
        var item = ProtocolBuffer()
        item.bytes(1, Data(tag.utf8))
        item.float(2, Float(value))
        var summary = ProtocolBuffer()
        summary.bytes(1, item.data)
        var event = ProtocolBuffer()
        event.double(1, time)
        event.varint(2, UInt64(bitPattern: Int64(step)))
        event.bytes(5, summary.data)
        append(event.data)
    }

    private mutating func append(_ record: Data) {
        let length = withUnsafeBytes(of: UInt64(record.count).littleEndian) { Data($0) }
        data.append(length)
        append(masked: CRC32C.of(length))
        data.append(record)
        append(masked: CRC32C.of(record))
    }

    /// Rotated and shifted, so that the checksum of data with a checksum in it is no weaker.
    private mutating func append(masked checksum: UInt32) {
        let masked = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        withUnsafeBytes(of: masked.littleEndian) { data.append(contentsOf: $0) }
    }
}

/// The wire format of protocol buffers, as much of it as events take.
struct ProtocolBuffer {
    private(set) var data = Data()

    private mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }

    mutating func varint(_ field: UInt64, _ value: UInt64) {
        write(field << 3)
        write(value)
    }

    mutating func double(_ field: UInt64, _ value: Double) {
        write(field << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func bytes(_ field: UInt64, _ value: Data) {
        write(field << 3 | 2)
        write(UInt64(value.count))
        data.append(value)
    }

    mutating func float(_ field: UInt64, _ value: Float) {
        write(field << 3 | 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
}

/// CRC-32C (Castagnoli), reflected polynomial 0x82F63B78.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    static func of(_ data: Data) -> UInt32 { ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 } }
}
