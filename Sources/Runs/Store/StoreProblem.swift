import GRDB

/// Why the store can't be read or written: one sentence, and what to do about it.
public struct StoreProblem: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The disk, the folder or its rights.
        case file
        /// Not a store, or a damaged one.
        case damaged
        /// Written by a later bclsh.
        case newer
        /// Others were writing all the time.
        case busy
        /// What was asked for is not there, or not a question.
        case question
    }

    public let kind: Kind
    public let message: String
    public let remedy: String?
    public var description: String { message }

    public init(_ kind: Kind, _ message: String, remedy: String? = nil) { (self.kind, self.message, self.remedy) = (kind, message, remedy) }

    /// Of an error of SQLite.
    init(_ error: Error, at path: String) {
        if let problem = error as? StoreProblem {
            self = problem
            return
        }
        let elsewhere = "name another file with --store or BCL_STORE"
        guard let error = error as? DatabaseError else {
            self.init(.file, "the run store '\(path)' can't be used: \(error)", remedy: elsewhere)
            return
        }
        switch error.resultCode.primaryResultCode {
        case .SQLITE_FULL: self.init(.file, "the run store '\(path)' can't be written: the disk is full", remedy: "make room, or \(elsewhere)")
        case .SQLITE_READONLY: self.init(.file, "the run store '\(path)' can't be written: it is read-only", remedy: elsewhere)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self.init(.file, "the run store '\(path)' can't be opened or written", remedy: elsewhere)
        case .SQLITE_IOERR: self.init(.file, "the run store '\(path)' can't be read or written: the disk reports an error, or is full", remedy: elsewhere)
        case .SQLITE_NOTADB: self.init(.damaged, "'\(path)' is no run store", remedy: elsewhere)
        case .SQLITE_CORRUPT: self.init(.damaged, "the run store '\(path)' is damaged", remedy: "move it away: bclsh then makes another; 'sqlite3 FILE .recover' may save what it holds")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self.init(.busy, "the run store '\(path)' was being written by others all the time", remedy: "try again")
        default: self.init(.file, "the run store '\(path)' can't be used: \(error.message ?? "\(error)")", remedy: elsewhere)
        }
    }
}
