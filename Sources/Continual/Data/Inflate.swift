import CZlib
import Foundation

/// Decompresses gzip and zlib data with a bound on what comes out.
enum Inflate {
    /// - Parameters:
    ///   - limit: more output than this is an error, so that a bomb can't fill the memory.
    ///   - name: of the file, for messages.
    static func all(_ data: Data, limit: Int, name: String) throws -> Data {
        var stream = z_stream()
        // 32: the header says whether it is zlib or gzip.
        guard inflateInit2_(&stream, MAX_WBITS + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DataError("zlib could not be started for '\(name)'")
        }
        defer { inflateEnd(&stream) }
        var output = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        try data.withUnsafeBytes { (input: UnsafeRawBufferPointer) in
            guard let base = input.bindMemory(to: UInt8.self).baseAddress, input.count <= Int(UInt32.max) else {
                throw DataError("'\(name)' is \(input.count == 0 ? "empty" : "too large")")
            }
            stream.next_in = UnsafeMutablePointer(mutating: base)
            stream.avail_in = UInt32(input.count)
            while true {
                let status = chunk.withUnsafeMutableBufferPointer { buffer -> Int32 in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    return inflate(&stream, Z_NO_FLUSH)
                }
                output.append(contentsOf: chunk[0..<chunk.count - Int(stream.avail_out)])
                guard output.count <= limit else { throw DataError("'\(name)' unpacks to more than the \(limit) bytes that its header announces") }
                switch status {
                case Z_STREAM_END: return
                case Z_OK where stream.avail_in > 0 || stream.avail_out == 0: continue
                case Z_OK, Z_BUF_ERROR: throw DataError("'\(name)' is cut off: its compressed data ends too early", remedy: "download it again")
                default: throw DataError("'\(name)' is damaged: its compressed data is not valid", remedy: "download it again")
                }
            }
        }
        return output
    }

    /// The first bytes only; fewer where there are no more.
    static func start(_ data: Data, count: Int) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, MAX_WBITS + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return [] }
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: count)
        let written = data.prefix(1 << 16).withUnsafeBytes { (input: UnsafeRawBufferPointer) -> Int in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            return output.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                _ = inflate(&stream, Z_SYNC_FLUSH)
                return buffer.count - Int(stream.avail_out)
            }
        }
        return Array(output.prefix(written))
    }
}
