/// Reads numbers, lines and strings from a stream, and says where it is when they are not there.
public final class ByteCursor {
    public let name: String
    /// Where the bytes come from, if they can be read again without being kept.
    private let source: (any ByteSource)?
    private let stream: any ByteStream
    private var buffer: [UInt8]
    private var start = 0
    private var end = 0
    /// The number of bytes that were taken.
    public private(set) var position: Int
    /// Bytes of the stream that have not been taken; nil where nobody knows.
    public var left: Int? { source.map { $0.count - position } }

    public init(_ stream: any ByteStream, buffer size: Int = 1 << 16) {
        self.stream = stream
        name = stream.name
        source = nil
        position = 0
        buffer = [UInt8](repeating: 0, count: size)
    }

    public init(_ source: any ByteSource, buffer size: Int = 1 << 16) {
        self.source = source
        stream = SourceStream(source)
        name = source.name
        position = 0
        buffer = [UInt8](repeating: 0, count: max(1, min(size, source.count)))
    }

    public func error(_ message: String) -> FormatError { FormatError("'\(name)' is wrong at byte \(position): \(message)") }
    private func cutOff(_ wanted: Int) -> FormatError {
        FormatError("'\(name)' is cut off: \(wanted) byte\(wanted == 1 ? "" : "s") should follow byte \(position)", remedy: FormatError.again)
    }

    private func refill() throws -> Bool {
        start = 0
        end = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        return end > 0
    }

    public func byte() throws -> UInt8 {
        if start == end, try !refill() { throw cutOff(1) }
        defer {
            start += 1
            position += 1
        }
        return buffer[start]
    }

    /// The next byte is left where it is; nil at the end.
    public func peek() throws -> UInt8? {
        if start == end, try !refill() { return nil }
        return buffer[start]
    }

    /// Exactly `count` bytes. No more memory is taken than there are bytes.
    public func bytes(_ count: Int) throws -> [UInt8] {
        guard count >= 0 else { throw error("a length of \(count)") }
        if let left, count > left { throw cutOff(count) }
        let have = min(count, end - start)
        var result = Array(buffer[start..<start + have])
        start += have
        if have < count {
            let rest = try stream.take(count - have)
            guard rest.count == count - have else { throw cutOff(count) }
            if have == 0 { result = rest } else { result += rest }
        }
        position += count
        return result
    }

    /// As many bytes as come at once, at least one if there is any. Returns their number.
    public func some(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        guard target.count > 0 else { return 0 }
        var count = min(target.count, end - start)
        if count > 0 {
            buffer.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
            start += count
        } else {
            count = try stream.read(into: target)
        }
        position += count
        return count
    }

    /// The same as a source: bytes of a file stay there.
    public func stored(_ count: Int) throws -> any ByteSource {
        guard let source, count > end - start else { return MemorySource(try bytes(count), name: name) }
        if count > source.count - position { throw cutOff(count) }
        let slice = try source.slice(at: position, count: count)
        try skip(count)
        return slice
    }

    public func skip(_ count: Int) throws {
        guard count >= 0 else { throw error("a length of \(count)") }
        let have = min(count, end - start)
        start += have
        if have < count {
            if let stream = stream as? SourceStream {
                guard count - have <= stream.source.count - stream.position else { throw cutOff(count) }
                stream.pass(count - have)
            } else {
                guard try stream.skip(count - have) == count - have else { throw cutOff(count) }
            }
        }
        position += count
    }

    /// A line without its end.
    public func line(most: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        while true {
            let byte = try byte()
            if byte == UInt8(ascii: "\n") { return result }
            guard result.count < most else { throw error("a line of more than \(most) bytes") }
            result.append(byte)
        }
    }

    /// An unsigned little-endian number of up to 8 bytes.
    public func number(_ size: Int) throws -> UInt64 {
        var result: UInt64 = 0
        for index in 0..<size { result |= UInt64(try byte()) << (8 * UInt64(index)) }
        return result
    }

    /// The same, which must be a count of something in memory.
    public func count(_ size: Int) throws -> Int {
        let value = try number(size)
        guard let result = Int(exactly: value) else { throw error("the length \(value)") }
        return result
    }

    public func bigEndian(_ size: Int) throws -> Int {
        var result = 0
        for _ in 0..<size { result = result << 8 | Int(try byte()) }
        return result
    }
}
