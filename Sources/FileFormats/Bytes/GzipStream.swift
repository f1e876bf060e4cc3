import CZlib

/// Unpacks deflated data with zlib. Its checksum is checked at the end, which libarchive does not do for gzip:
/// that is why archives are read with zlib, liblzma and a tar reader of a page.
public final class GzipStream: ByteStream {
    public enum Format { case gzip, zlib, deflate }

    public var name: String { source.name }
    private let source: any ByteSource
    private let format: Format
    private var place = 0
    private var input = [UInt8](repeating: 0, count: 1 << 16)
    private var start = 0
    private var end = 0
    private let stream: UnsafeMutablePointer<z_stream>
    private var isFinished = false

    public init(_ source: any ByteSource, format: Format) throws {
        self.source = source
        self.format = format
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let window = switch format { case .gzip: MAX_WBITS + 16; case .zlib: MAX_WBITS; case .deflate: -MAX_WBITS }
        guard inflateInit2_(stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw FormatError("zlib could not be started for '\(source.name)'")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.bindMemory(to: UInt8.self).baseAddress, !isFinished else { return 0 }
        let room = UInt32(clamping: buffer.count)
        while true {
            if start == end { try refill() }
            let hadInput = end > start
            stream.pointee.next_out = base
            stream.pointee.avail_out = room
            let status = input.withUnsafeMutableBufferPointer { bytes -> Int32 in
                stream.pointee.next_in = bytes.baseAddress! + start
                stream.pointee.avail_in = UInt32(end - start)
                let status = inflate(stream, Z_NO_FLUSH)
                start = end - Int(stream.pointee.avail_in)
                return status
            }
            let written = Int(room - stream.pointee.avail_out)
            switch status {
            case Z_STREAM_END:
                // gzip files may be joined: the next one goes on where this one ends.
                if start == end { try refill() }
                isFinished = !(format == .gzip && end > start && input[start] == 0x1F)
                if !isFinished { inflateReset(stream) }
                if written > 0 || isFinished { return written }
            case Z_OK, Z_BUF_ERROR:
                if written > 0 { return written }
                guard hadInput else { throw FormatError("'\(name)' is cut off: its compressed data ends too early, after \(place) bytes", remedy: FormatError.again) }
            default:
                let why = stream.pointee.msg.map { String(cString: $0) } ?? "not valid"
                throw FormatError("'\(name)' is damaged: its compressed data is wrong before byte \(place - (end - start)) (zlib: \(why))", remedy: FormatError.again)
            }
        }
    }

    private func refill() throws {
        let count = min(input.count, source.count - place)
        try input.withUnsafeMutableBytes { try source.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
        place += count
        start = 0
        end = count
    }
}
