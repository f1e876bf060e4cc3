import FilePaths
import Foundation
import GRDB

/// All runs of a user, in one SQLite file. Many processes may write at once: WAL, one short transaction for each write, and patience where another is writing.
/// Not for network file systems: there a run leaves a record file, and a look at the runs takes it in (`SharedFolder`).
public final class RunStore {
    public let path: String
    private let database: DatabaseQueue
    private let identity: [UInt64]?
    /// How long a write waits for others.
    private static let patience = 30.0

    /// To look at runs: what waits beside the store is taken in first.
    public static func forLooking(_ path: String, isForWriting: Bool = false) throws -> RunStore {
        guard SharedFolder.hasRecords(path) else { return try RunStore(path, isForWriting: isForWriting) }
        let store = try RunStore(path, isForWriting: true)
        try SharedFolder.collect(into: store)
        return store
    }

    /// - Parameter isForWriting: makes the file, and brings an older one up to date. Else a store that is not there is a problem.
    public init(_ path: String, isForWriting: Bool) throws {
        self.path = path
        do {
            let exists = FileManager.default.fileExists(atPath: path)
            if !exists {
                guard isForWriting else { throw StoreProblem(.question, "there is no run store '\(path)' yet", remedy: "'bclsh run FILE' makes it; --store names another one") }
                let folder = FilePath.directory(path)
                do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
                    throw StoreProblem(.file, "the folder '\(folder)' of the run store can't be made", remedy: "name another file with --store or BCL_STORE")
                }
            }
            database = try Self.patiently {
                let database = try DatabaseQueue(path: path, configuration: Self.configuration(readOnly: !isForWriting, isShared: SharedFolder.holds(path)))
                // Asked once, so that a store that can't be opened says so here.
                try Self.prepare(database, path, isForWriting)
                return database
            }
            identity = Self.identity(path)
        } catch { throw StoreProblem(error, at: path) }
    }

    private static func configuration(readOnly: Bool, isShared: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(patience)
        configuration.label = "runs"
        configuration.prepareDatabase { database in
            guard !readOnly else { return }
            // WAL takes memory that all writers share, which those on other machines can't.
            try database.execute(sql: "PRAGMA journal_mode = \(isShared ? "DELETE" : "WAL")")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        return configuration
    }

    private static func prepare(_ database: DatabaseQueue, _ path: String, _ isForWriting: Bool) throws {
        let version = try database.read { try Schema.version(of: $0, path) }
        if version > Schema.latest {
            throw StoreProblem(.newer, "the run store '\(path)' was written by a later bclsh (schema \(version), this one knows \(Schema.latest))", remedy: "use that bclsh, or another store with --store")
        }
        guard version < Schema.latest else { return }
        guard isForWriting else { throw StoreProblem(.question, "there are no runs in '\(path)' yet") }
        try database.write { try Schema.migrate($0, path) }
    }

    /// Turning on WAL and the first migration take turns with other processes in ways that SQLite's own waiting does not cover.
    private static func patiently<T>(_ body: () throws -> T) throws -> T {
        let end = Date().addingTimeInterval(patience)
        while true {
            do { return try body() } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(error.resultCode.primaryResultCode) && Date() < end {
                usleep(UInt32.random(in: 5_000...40_000))
            }
        }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try Self.patiently { try database.unsafeRead { try Self.snapshot($0, body) } } } catch let problem as FilterProblem { throw problem } catch { throw StoreProblem(error, at: path) }
    }

    /// All that a look reads is of one moment. Not GRDB's `read`: that refuses tables of this connection's own.
    private static func snapshot<T>(_ database: Database, _ body: (Database) throws -> T) throws -> T {
        var result: T?
        try database.inTransaction(.deferred) {
            result = try body(database)
            return .rollback
        }
        return result!
    }

    /// - Parameter durably: whether it is on the disk when this returns; else a loss of power may take it.
    func write<T>(durably: Bool = true, _ body: (Database) throws -> T) throws -> T {
        do {
            return try Self.patiently {
                try database.writeWithoutTransaction { database in
                    try database.execute(sql: "PRAGMA synchronous = \(durably ? "FULL" : "NORMAL")")
                    var result: T?
                    try database.inTransaction(.immediate) {
                        result = try body(database)
                        return .commit
                    }
                    return result!
                }
            }
        } catch { throw StoreProblem(error, at: path) }
    }

    /// Whether the file that is open is the one at the path still; what is written into one that was deleted is lost.
    public var isInPlace: Bool { Self.identity(path) == identity && identity != nil }

    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }

    /// Brings all into the one file, as the last to close it does.
    public func close() { try? database.close() }
}

/// The tables, as steps from one version of the schema to the next. A step that was released is never changed.
enum Schema {
    /// "bcls": marks the file as a store of runs.
    private static let mark = 0x62636C73
    static var latest: Int { steps.count }

    /// 0 for a new file.
    static func version(of database: Database, _ path: String) throws -> Int {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let mark = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard mark == Self.mark || (mark == 0 && version == 0 && tables == 0) else {
            throw StoreProblem(.damaged, "'\(path)' is an SQLite database, but no run store", remedy: "name another file with --store or BCL_STORE")
        }
        return version
    }

    /// In a transaction: another process may have done it in the meantime.
    static func migrate(_ database: Database, _ path: String) throws {
        let version = try version(of: database, path)
        for (index, step) in steps.enumerated() where index >= version { try database.execute(sql: step) }
        try database.execute(sql: "PRAGMA application_id = \(mark)")
        try database.execute(sql: "PRAGMA user_version = \(max(version, latest))")
    }

    /// What lists and filters look at is in narrow tables (`run`, `result`, `parameter`); all else is read for single runs only.
    private static let steps = [
        """
        CREATE TABLE text (hash TEXT PRIMARY KEY NOT NULL, content BLOB NOT NULL);
        CREATE TABLE run (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          state TEXT NOT NULL,
          script TEXT NOT NULL,
          script_hash TEXT NOT NULL,
          seed INTEGER NOT NULL,
          host TEXT NOT NULL,
          device TEXT NOT NULL,
          threads INTEGER NOT NULL,
          started REAL NOT NULL,
          updated REAL NOT NULL,
          ended REAL,
          seconds REAL NOT NULL,
          exit_status INTEGER,
          error TEXT,
          checkpoint TEXT,
          sweep TEXT,
          sweep_cell INTEGER
        );
        CREATE INDEX run_running ON run (number) WHERE state = 'running';
        CREATE INDEX run_sweep ON run (sweep, sweep_cell) WHERE sweep IS NOT NULL;
        CREATE TABLE run_text (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, hash TEXT NOT NULL, PRIMARY KEY (run, hash)) WITHOUT ROWID;
        CREATE INDEX run_text_hash ON run_text (hash);
        CREATE TABLE run_detail (run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, record BLOB NOT NULL, log BLOB NOT NULL);
        CREATE TABLE process (run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, place TEXT NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL);
        CREATE TABLE result (
          number INTEGER PRIMARY KEY,
          run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
          position INTEGER NOT NULL,
          learner TEXT,
          is_named INTEGER NOT NULL,
          method TEXT,
          seed INTEGER NOT NULL,
          minibatches INTEGER NOT NULL,
          acc REAL, fm REAL, la REAL, bwt REAL, fwt REAL, anytime REAL, lca REAL,
          UNIQUE (run, position)
        );
        CREATE TABLE result_detail (result INTEGER PRIMARY KEY REFERENCES result ON DELETE CASCADE, parameters TEXT NOT NULL, accuracies TEXT NOT NULL, loss_count INTEGER NOT NULL, losses BLOB NOT NULL);
        CREATE TABLE name (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE parameter (name INTEGER NOT NULL, result INTEGER NOT NULL, value REAL, text TEXT NOT NULL, PRIMARY KEY (name, result)) WITHOUT ROWID;
        """,
    ]
}
