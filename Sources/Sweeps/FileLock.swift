import Foundation

/// A lock that goes with the process that holds it.
final class FileLock {
    private let descriptor: Int32

    /// - Returns: nil where another process holds it.
    init?(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SweepProblem("'\(path)' can't be written: \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}
