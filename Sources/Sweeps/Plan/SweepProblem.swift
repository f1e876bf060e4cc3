import FilePaths

/// Why a sweep can't be made or run: one sentence, and what to do about it.
public struct SweepProblem: Error, CustomStringConvertible {
    public let message: String
    public let remedy: String?
    public var description: String { message }

    public init(_ message: String, remedy: String? = nil) { (self.message, self.remedy) = (message, remedy) }
}

extension FileLock {
    /// - Returns: nil where another process holds it.
    static func ofSweep(_ path: String) throws -> FileLock? {
        do { return try FileLock(path) } catch let error as FileLock.Unwritable { throw SweepProblem(error.description) }
    }
}
