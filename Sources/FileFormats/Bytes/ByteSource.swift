import Foundation

/// Bytes that can be read at any place, from several threads: a file, memory, or a part of either.
/// Files are read, not mapped: one that another process cuts short is an error here, where a mapping would end the process.
public protocol ByteSource: AnyObject, Sendable {
    /// For messages: the file, and the member of an archive.
    var name: String { get }
    var count: Int { get }
    /// Fills a buffer with the bytes from a place on, which the caller has checked to be there.
    func read(at place: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

extension ByteSource {
    public func bytes(at place: Int, count wanted: Int) throws -> [UInt8] {
        guard place >= 0, wanted >= 0, place <= count, wanted <= count - place else {
            throw FormatError("'\(name)' is cut off: \(wanted) bytes at byte \(place) lie outside of its \(count)", remedy: FormatError.again)
        }
        return try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, used in
            try read(at: place, into: UnsafeMutableRawBufferPointer(buffer))
            used = wanted
        }
    }

    /// The first bytes, or as many as there are.
    public func prefix(_ wanted: Int) throws -> [UInt8] { try bytes(at: 0, count: min(wanted, count)) }

    public func slice(at start: Int, count wanted: Int, name: String? = nil) throws -> any ByteSource {
        guard start >= 0, wanted >= 0, start <= count, wanted <= count - start else {
            throw FormatError("'\(self.name)' is cut off: \(wanted) bytes at byte \(start) lie outside of its \(count)", remedy: FormatError.again)
        }
        return SourceSlice(self, start: start, count: wanted, name: name ?? self.name)
    }
}

/// A file, read with pread(2).
public final class FileSource: ByteSource {
    public let name: String
    public let count: Int
    private let descriptor: Int32

    public init(_ path: String) throws {
        name = path
        var status = stat()
        guard stat(path, &status) == 0 else { throw FormatError(errno == ENOENT ? "there is no file '\(path)'" : "'\(path)' can't be read: \(String(cString: strerror(errno)))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FormatError(status.st_mode & S_IFMT == S_IFDIR ? "'\(path)' is a folder, not a file" : "'\(path)' is no regular file") }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FormatError("'\(path)' can't be read: \(String(cString: strerror(errno)))") }
        count = Int(status.st_size)
    }

    deinit { close(descriptor) }

    public func read(at place: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, base + done, buffer.count - done, off_t(place + done))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FormatError("'\(name)' can't be read at byte \(place + done): \(String(cString: strerror(errno)))") }
            guard got > 0 else { throw FormatError("'\(name)' was cut short while it was read: nothing is left at byte \(place + done) of \(count)") }
            done += got
        }
    }
}

public final class MemorySource: ByteSource {
    public let name: String
    private let content: [UInt8]
    public var count: Int { content.count }

    public init(_ content: [UInt8], name: String) {
        self.content = content
        self.name = name
    }

    public func read(at place: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        content.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[place..<place + buffer.count])) }
    }
}

private final class SourceSlice: ByteSource {
    let name: String
    let count: Int
    private let whole: any ByteSource
    private let start: Int

    init(_ whole: any ByteSource, start: Int, count: Int, name: String) {
        self.whole = whole
        self.start = start
        self.count = count
        self.name = name
    }

    func read(at place: Int, into buffer: UnsafeMutableRawBufferPointer) throws { try whole.read(at: start + place, into: buffer) }
}
