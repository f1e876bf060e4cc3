import CLzma
import CZlib
@testable import FileFormats
import Foundation
import XCTest

/// Files as programs write them, small ones.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Data")

    static func source(_ name: String) throws -> any ByteSource { try FileSource(folder.appendingPathComponent(name).path) }
    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }

    /// Element i of the files' images.
    static func grey(_ index: Int) -> Int { 7 * index % 256 }

    // MARK: - Packing

    /// - Parameter window: 31 for gzip, 15 for zlib, -15 for deflate.
    static func deflated(_ bytes: [UInt8], window: Int32 = 31) -> [UInt8] {
        var stream = z_stream()
        precondition(deflateInit2_(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { deflateEnd(&stream) }
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count + bytes.count / 100 + 1000) { output, used in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
                used = output.count - Int(stream.avail_out)
            }
        }
    }

    static func xz(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: lzma_stream_buffer_bound(bytes.count)) { output, used in
            precondition(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nil, bytes, bytes.count, output.baseAddress, &used, output.count) == LZMA_OK)
        }
    }

    // MARK: - Archives

    struct Member {
        var name: String
        var content: [UInt8]
        var kind: Character = "0"
        /// What the header says, where it lies.
        var size: Int?
    }

    static func tar(_ members: [Member]) -> [UInt8] {
        var result: [UInt8] = []
        for member in members {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ place: Int) { for (index, byte) in text.utf8.enumerated() { header[place + index] = byte } }
            func octal(_ value: Int, _ width: Int) -> String { String(repeating: "0", count: max(0, width - String(value, radix: 8).count)) + String(value, radix: 8) }
            put(member.name, 0)
            put(octal(0o644, 7), 100)
            put(octal(member.size ?? member.content.count, 11), 124)
            put(octal(0, 11), 136)
            put(String(repeating: " ", count: 8), 148)
            put(String(member.kind), 156)
            put("ustar\u{0}00", 257)
            put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148)
            result += header + member.content + [UInt8](repeating: 0, count: (512 - member.content.count % 512) % 512)
        }
        return result + [UInt8](repeating: 0, count: 1024)
    }

    struct Entry {
        var name: String
        var content: [UInt8]
        var isDeflated = false
        /// What the directory says, where it lies.
        var size: Int?
        var checksum: UInt32?
        var method: Int?
        var place: Int?
    }

    static func zip(_ entries: [Entry], count: Int? = nil) -> [UInt8] {
        func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var result: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let packed = entry.isDeflated ? deflated(entry.content, window: -15) : entry.content
            let sum = entry.checksum ?? UInt32(truncatingIfNeeded: crc32(0, entry.content, UInt32(entry.content.count)))
            let common = little(20, 2) + little(0, 2) + little(entry.method ?? (entry.isDeflated ? 8 : 0), 2) + little(0, 4) + little(Int(sum), 4)
                + little(packed.count, 4) + little(entry.size ?? entry.content.count, 4) + little(entry.name.utf8.count, 2) + little(0, 2)
            directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 10) + little(entry.place ?? result.count, 4) + Array(entry.name.utf8)
            result += little(0x0403_4B50, 4) + common + Array(entry.name.utf8) + packed
        }
        let start = result.count
        return result + directory + little(0x0605_4B50, 4) + little(0, 4) + little(count ?? entries.count, 2) + little(count ?? entries.count, 2)
            + little(directory.count, 4) + little(start, 4) + little(0, 2)
    }

    static func npy(_ header: String, _ body: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let count = header.utf8.count
        return NumpyFile.magic + [version, 0] + (version == 1 ? [UInt8(count & 255), UInt8(count >> 8)] : [UInt8(count & 255), UInt8(count >> 8), 0, 0]) + Array(header.utf8) + body
    }
}

extension XCTestCase {
    /// The message of what a body throws, which must be an error about a file's form.
    func problem(_ file: StaticString = #filePath, _ line: UInt = #line, _ body: () throws -> Void) -> String {
        do { try body() } catch let error as FormatError { return error.message } catch { XCTFail("another error: \(error)", file: file, line: line) }
        return "no error"
    }
}
