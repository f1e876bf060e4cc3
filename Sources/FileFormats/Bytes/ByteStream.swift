/// Bytes that come one after the other, as from a decompressor.
public protocol ByteStream: AnyObject {
    var name: String { get }
    /// Fills the start of a buffer that is not empty. Returns the number of bytes; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteStream {
    /// Fills a buffer as far as the bytes last. Returns their number.
    public func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var done = 0
        while done < buffer.count {
            let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Up to `count` bytes; fewer only at the end. The memory grows with what is there, not with what was announced.
    public func take(_ count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            let step = min(count - result.count, max(1 << 16, result.count))
            let piece = try [UInt8](unsafeUninitializedCapacity: step) { $1 = try fill(UnsafeMutableRawBufferPointer($0)) }
            if result.isEmpty { result = piece } else { result += piece }
            if piece.count < step { break }
        }
        return result
    }

    /// Passes over bytes. Returns how many there were.
    public func skip(_ count: Int) throws -> Int {
        var scratch = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
        var done = 0
        while done < count {
            let got = try scratch.withUnsafeMutableBytes { try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<min($0.count, count - done)])) }
            if got == 0 { break }
            done += got
        }
        return done
    }
}

/// A source from its start to its end.
public final class SourceStream: ByteStream {
    public let source: any ByteSource
    public private(set) var position = 0
    public var name: String { source.name }

    public init(_ source: any ByteSource) { self.source = source }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, source.count - position)
        if count > 0 { try source.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) }
        position += count
        return count
    }

    /// Leaves out bytes that are known to be there.
    func pass(_ count: Int) { position += count }
}

/// How a file is packed, by its first bytes, whatever its name says.
public enum Packing {
    case none, gzip, xz

    public init(of source: any ByteSource) throws {
        let start = try source.prefix(6)
        if start.starts(with: [0x1F, 0x8B]) { self = .gzip } else if start == [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] { self = .xz } else { self = .none }
    }

    /// What is honestly packed is images: a size that is announced, but would fill the memory from next to nothing, is not believed.
    public static func isPlausible(unpacked: Int, packed: Int) -> Bool { unpacked <= 256 << 20 ? unpacked / 8000 <= packed : unpacked / 200 <= packed }

    /// The unpacked content.
    public static func stream(_ source: any ByteSource) throws -> any ByteStream {
        switch try Packing(of: source) {
        case .none: return SourceStream(source)
        case .gzip: return try GzipStream(source, format: .gzip)
        case .xz: return try XZStream(source)
        }
    }
}
