import Foundation

/// A lock between processes, which goes with the process that holds it, however that ends.
public final class FileLock {
    /// The lock's file can't be written.
    public struct Unwritable: Error, CustomStringConvertible {
        public let description: String
    }

    private var descriptor: Int32

    /// - Returns: nil where another process holds it.
    /// - Throws: `Unwritable`.
    public init?(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Unwritable(description: "'\(path)' can't be written: \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// Writes into the file who holds the lock, for others to read.
    public func tell(_ text: String) {
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    /// Lets others have it, before this object goes.
    public func release() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }

    deinit { release() }
}
