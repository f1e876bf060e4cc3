import CLzma

/// Unpacks .xz files with liblzma, which checks their checksums.
public final class XZStream: ByteStream {
    /// The dictionary of `xz -9` is 64 MB; a header that asks for more than this is refused.
    private static let mostMemory: UInt64 = 256 << 20

    public var name: String { source.name }
    private let source: any ByteSource
    private var place = 0
    private var input = [UInt8](repeating: 0, count: 1 << 16)
    private var start = 0
    private var end = 0
    private let stream: UnsafeMutablePointer<lzma_stream>
    private var isFinished = false

    public init(_ source: any ByteSource) throws {
        self.source = source
        stream = .allocate(capacity: 1)
        stream.initialize(to: clzma_stream_init())
        guard lzma_stream_decoder(stream, Self.mostMemory, clzma_concatenated) == LZMA_OK else {
            stream.deallocate()
            throw FormatError("liblzma could not be started for '\(source.name)'")
        }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.bindMemory(to: UInt8.self).baseAddress, !isFinished else { return 0 }
        while true {
            if start == end {
                let count = min(input.count, source.count - place)
                try input.withUnsafeMutableBytes { try source.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
                place += count
                (start, end) = (0, count)
            }
            let action = place == source.count ? LZMA_FINISH : LZMA_RUN
            stream.pointee.next_out = base
            stream.pointee.avail_out = buffer.count
            let status = input.withUnsafeBufferPointer { bytes -> lzma_ret in
                stream.pointee.next_in = bytes.baseAddress! + start
                stream.pointee.avail_in = end - start
                let status = lzma_code(stream, action)
                start = end - stream.pointee.avail_in
                return status
            }
            let written = buffer.count - stream.pointee.avail_out
            if status == LZMA_STREAM_END { isFinished = true } else if status != LZMA_OK { throw Self.error(status, name, before: place - (end - start)) }
            if written > 0 || isFinished { return written }
        }
    }

    fileprivate static func error(_ status: lzma_ret, _ name: String, before place: Int) -> FormatError {
        switch status {
        case LZMA_BUF_ERROR: return FormatError("'\(name)' is cut off: its compressed data ends too early, after \(place) bytes", remedy: FormatError.again)
        case LZMA_MEMLIMIT_ERROR: return FormatError("'\(name)' asks for more than \(mostMemory >> 20) MB to be unpacked", remedy: "pack it anew with xz -9 or less")
        case LZMA_MEM_ERROR: return FormatError("there is not enough memory to unpack '\(name)'")
        case LZMA_FORMAT_ERROR: return FormatError("'\(name)' is no .xz file: it starts with other bytes")
        default: return FormatError("'\(name)' is damaged: its compressed data is wrong before byte \(place)", remedy: FormatError.again)
        }
    }

    /// The size of the unpacked content, from the index at the end of the file. It is only what the file says.
    public static func announcedSize(_ source: any ByteSource) throws -> Int {
        var stream = clzma_stream_init()
        var index: OpaquePointer?
        guard lzma_file_info_decoder(&stream, &index, mostMemory, UInt64(source.count)) == LZMA_OK else { throw FormatError("liblzma could not be started for '\(source.name)'") }
        defer {
            lzma_end(&stream)
            lzma_index_end(index, nil)
        }
        var place = 0
        while true {
            let piece = try source.bytes(at: place, count: min(1 << 13, source.count - place))
            place += piece.count
            let status = piece.withUnsafeBufferPointer { bytes -> lzma_ret in
                stream.next_in = bytes.baseAddress
                stream.avail_in = bytes.count
                var status = LZMA_OK
                repeat { status = lzma_code(&stream, place == source.count ? LZMA_FINISH : LZMA_RUN) } while status == LZMA_OK && stream.avail_in > 0
                return status
            }
            switch status {
            case LZMA_OK: continue
            case LZMA_SEEK_NEEDED: place = min(Int(clamping: stream.seek_pos), source.count)
            case LZMA_STREAM_END: return Int(clamping: lzma_index_uncompressed_size(index))
            default: throw error(status == LZMA_DATA_ERROR ? LZMA_BUF_ERROR : status, source.name, before: source.count)
            }
        }
    }
}
