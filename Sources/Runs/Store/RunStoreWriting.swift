import Foundation
import GRDB

extension RunStore {
    /// Writes a run, whole: one that is there already (by its id) is replaced, unless what is there was written later. So a run may be merged any number of times.
    /// - Returns: its number in this store.
    @discardableResult
    public func save(_ record: RunRecord) throws -> Int { try save([record])[0] }

    /// The same for many, in one transaction.
    public func save(_ records: [RunRecord]) throws -> [Int] {
        let prepared = try records.map(PreparedRun.init)
        // Of a run that goes on more is to come.
        let isLast = records.contains { $0.state != .running }
        return try write(durably: isLast) { database in try prepared.map { try $0.write(database) } }
    }

    /// Forgets runs, and texts that no other run has.
    public func delete(_ numbers: [Int]) throws {
        try write { database in
            let names = try Int.fetchAll(database, sql: "SELECT number FROM name")
            for number in numbers {
                try Self.deleteResults(of: number, names, database)
                try database.execute(sql: "DELETE FROM run WHERE number = ?", arguments: [number])
            }
            try database.execute(sql: "DELETE FROM text WHERE NOT EXISTS (SELECT 1 FROM run_text WHERE run_text.hash = text.hash)")
        }
    }

    static func deleteResults(of run: Int, _ names: [Int], _ database: Database) throws {
        for result in try Int.fetchAll(database, sql: "SELECT number FROM result WHERE run = ?", arguments: [run]) {
            // The table is kept by name first: one look-up for each name that there is.
            for name in names { try database.cachedStatement(sql: "DELETE FROM parameter WHERE name = ? AND result = ?").execute(arguments: [name, result]) }
        }
        try database.execute(sql: "DELETE FROM result WHERE run = ?", arguments: [run])
    }
}

/// The part of a record that only the look at a single run needs.
struct RunDetail: Codable {
    var parameters: [NamedValue]
    var files: [File]
    var scriptName: String
    var machine: RunMachine
    var versions: RunVersions
    var command: [String]
    var directory: String
    var artefacts: [SavedFile]
    var searches: [RunValue]
    var learnersLeftOut: Int

    struct File: Codable {
        let name: String
        let hash: String
    }

    static func read(_ data: Data) -> RunDetail? { Deflate.text(data).flatMap { try? RecordFile.decoder.decode(RunDetail.self, from: Data($0.utf8)) } }
    func packed() throws -> Data { Deflate.packed(String(decoding: try RecordFile.encoder.encode(self), as: UTF8.self)) }
}

/// A record as rows; made before the transaction starts, which is then short.
private struct PreparedRun {
    let record: RunRecord
    let detail: Data
    let log: Data
    let texts: [(hash: String, content: Data)]
    let results: [(learner: LearnerRecord?, parameters: String, accuracies: String, settings: [NamedValue])]

    init(_ record: RunRecord) throws {
        self.record = record
        detail = try RunDetail(parameters: record.parameters, files: record.files.map { RunDetail.File(name: $0.name, hash: $0.hash) }, scriptName: record.script.name, machine: record.machine,
                               versions: record.versions, command: record.command, directory: record.directory, artefacts: record.artefacts, searches: record.searches, learnersLeftOut: record.learnersLeftOut).packed()
        log = Deflate.packed(record.log)
        texts = ([record.script] + record.files).map { ($0.hash, Deflate.packed($0.text)) }
        let learners: [LearnerRecord?] = record.learners.isEmpty ? [nil] : record.learners
        results = try learners.map { learner in
            func json(_ value: some Encodable) throws -> String { String(decoding: try RecordFile.encoder.encode(value), as: UTF8.self) }
            return (learner, try json(learner?.parameters ?? []), try json(LearnerMatrices(own: learner?.accuracy, byClasses: learner?.accuracies ?? [:])), Self.settings(record, learner))
        }
    }

    /// What a filter calls by its bare name: the script's own parameters come before those of its method.
    private static func settings(_ record: RunRecord, _ learner: LearnerRecord?) -> [NamedValue] {
        let own = Set(record.parameters.map(\.name))
        return record.parameters + (learner?.parameters.filter { !own.contains($0.name) } ?? [])
    }

    func write(_ database: Database) throws -> Int {
        let known = try Row.fetchOne(database, sql: "SELECT number, updated, state FROM run WHERE id = ?", arguments: [record.id])
        if let known, (known["updated"] as Double) > record.updated { return known["number"] }
        let values: [(any DatabaseValueConvertible)?] = [
            record.state.rawValue, record.script.name, record.script.hash, record.seed, record.machine.host, record.machine.device, record.machine.threads, record.started, record.updated,
            record.ended, record.seconds, record.exitStatus, record.error, record.checkpoint, record.sweep, record.sweepCell,
        ]
        let columns = ["state", "script", "script_hash", "seed", "host", "device", "threads", "started", "updated", "ended", "seconds", "exit_status", "error", "checkpoint", "sweep", "sweep_cell"]
        let number: Int
        if let known {
            number = known["number"]
            try database.execute(sql: "UPDATE run SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE number = ?", arguments: StatementArguments(values + [number]))
            try RunStore.deleteResults(of: number, try Int.fetchAll(database, sql: "SELECT number FROM name"), database)
        } else {
            try database.execute(sql: "INSERT INTO run (\(columns.joined(separator: ", ")), id) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")), ?)", arguments: StatementArguments(values + [record.id]))
            number = Int(database.lastInsertedRowID)
        }
        for (hash, content) in texts { try database.cachedStatement(sql: "INSERT OR IGNORE INTO text (hash, content) VALUES (?, ?)").execute(arguments: [hash, content]) }
        try database.execute(sql: "DELETE FROM run_text WHERE run = ?", arguments: [number])
        for hash in Set(texts.map(\.hash)) { try database.cachedStatement(sql: "INSERT INTO run_text (run, hash) VALUES (?, ?)").execute(arguments: [number, hash]) }
        try database.execute(sql: "INSERT OR REPLACE INTO run_detail (run, record, log) VALUES (?, ?, ?)", arguments: [number, detail, log])
        try database.execute(sql: "INSERT OR REPLACE INTO process (run, place, number, started) VALUES (?, ?, ?, ?)",
                             arguments: [number, record.process.place, record.process.number, record.process.started])
        for (position, result) in results.enumerated() { try write(result.learner, result.parameters, result.accuracies, result.settings, number, position, database) }
        return number
    }

    private func write(_ learner: LearnerRecord?, _ parameters: String, _ accuracies: String, _ settings: [NamedValue], _ run: Int, _ position: Int, _ database: Database) throws {
        let metrics = (learner?.metrics ?? RunMetrics(nil, lca: nil)).values
        let values: [(any DatabaseValueConvertible)?] = [run, position, learner?.name, learner?.isNamed ?? false, learner?.method, learner?.seed ?? record.seed, learner?.minibatches ?? 0] + metrics.map { $0 }
        try database.cachedStatement(sql: "INSERT INTO result (run, position, learner, is_named, method, seed, minibatches, \(RunMetrics.names.joined(separator: ", "))) VALUES (\(values.map { _ in "?" }.joined(separator: ", ")))")
            .execute(arguments: StatementArguments(values))
        let result = database.lastInsertedRowID
        let losses = learner?.losses ?? .empty
        try database.cachedStatement(sql: "INSERT INTO result_detail (result, parameters, accuracies, loss_count, losses) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [result, parameters, accuracies, losses.count, losses.blob])
        for setting in settings {
            var name = try Int64.fetchOne(database.cachedStatement(sql: "SELECT number FROM name WHERE name = ?"), arguments: [setting.name])
            if name == nil {
                try database.execute(sql: "INSERT INTO name (name) VALUES (?)", arguments: [setting.name])
                name = database.lastInsertedRowID
            }
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO parameter (name, result, value, text) VALUES (?, ?, ?, ?)")
                .execute(arguments: [name, result, setting.value.number, setting.value.text])
        }
    }
}
