import Continual
import Foundation
import GRDB

extension RunStore {
    /// The rows that a filter lets through, latest run first, and how many there are in all.
    /// - Parameters:
    ///   - order: "acc", "-acc", any column or parameter; nil for the latest first.
    ///   - limit: nil for all.
    public func rows(_ filter: RunFilter = RunFilter(), order: RunOrder? = nil, limit: Int? = nil) throws -> (rows: [RunRow], count: Int) {
        try read { database in
            try markGone(database)
            let condition = try filter.condition(database)
            let ordering = try order?.condition(database)
            let from = "FROM run JOIN result ON result.run = run.number WHERE \(condition.sql)"
            // CROSS keeps SQLite to this order of tables: the latest runs are found first, and nothing is sorted.
            let ordered = ordering == nil ? from.replacing("FROM run JOIN", with: "FROM run CROSS JOIN") : from
            let sql = "SELECT \(RunRow.columns) \(ordered) ORDER BY \(ordering.map { $0.sql + ", " } ?? "")run.number DESC, result.position" + (limit.map { " LIMIT \($0)" } ?? "")
            let rows = try Row.fetchAll(database, sql: sql, arguments: StatementArguments(condition.arguments + (ordering?.arguments ?? []))).map(RunRow.init)
            guard let limit, rows.count == limit else { return (rows, rows.count) }
            let counted = filter.isEmpty ? "FROM result" : from
            let count = try Int.fetchOne(database, sql: "SELECT count(*) \(counted)", arguments: StatementArguments(condition.arguments)) ?? rows.count
            return (rows, count)
        }
    }

    /// Numbers of running runs whose process is gone go into a table of this connection.
    func markGone(_ database: Database) throws {
        try database.execute(sql: "CREATE TEMP TABLE IF NOT EXISTS gone (number INTEGER PRIMARY KEY)")
        try database.execute(sql: "DELETE FROM gone")
        for row in try Row.fetchAll(database, sql: "SELECT run.number, run.host, process.place, process.number AS process, process.started FROM run JOIN process ON process.run = run.number WHERE run.state = 'running'") {
            guard ProcessIdentity(host: row["host"], place: row["place"], number: row["process"], started: row["started"]).isGone else { continue }
            try database.execute(sql: "INSERT INTO gone (number) VALUES (?)", arguments: [row["number"] as Int])
        }
    }

    /// The run that a word names: its number, its id or the start of that, or "last".
    public func number(of word: String) throws -> Int {
        try read { database in
            if word == "last", let last = try Int.fetchOne(database, sql: "SELECT max(number) FROM run") { return last }
            if let number = Int(word), try Int.fetchOne(database, sql: "SELECT number FROM run WHERE number = ?", arguments: [number]) != nil { return number }
            let start = word.lowercased()
            if start.count >= 4, start.allSatisfy({ $0.isLetter || $0.isNumber }) {
                let found = try Int.fetchAll(database, sql: "SELECT number FROM run WHERE id GLOB ? LIMIT 2", arguments: [start + "*"])
                if found.count == 1 { return found[0] }
                if found.count > 1 { throw StoreProblem(.question, "several runs have an id that starts with '\(word)'", remedy: "give more of it, or the run's number") }
            }
            let last = try Int.fetchOne(database, sql: "SELECT max(number) FROM run")
            throw StoreProblem(.question, "there is no run '\(word)' in '\(path)'", remedy: last.map { "its runs have numbers up to \($0): see 'bclsh runs list'" } ?? "it has no runs yet")
        }
    }

    /// All that is known of a run, with its state as it is now.
    public func record(_ number: Int) throws -> RunRecord {
        try read { database in
            try markGone(database)
            guard let row = try Row.fetchOne(database, sql: "SELECT run.*, \(RunRow.stateColumn) AS state_now, run_detail.record, run_detail.log, process.place, process.number AS process, process.started AS process_started FROM run JOIN run_detail ON run_detail.run = run.number JOIN process ON process.run = run.number WHERE run.number = ?", arguments: [number]),
                  let detail = RunDetail.read(row["record"]) else { throw StoreProblem(.damaged, "run \(number) is damaged in the run store '\(path)'") }
            func text(_ name: String, _ hash: String) throws -> SourceText {
                let content = try Data.fetchOne(database, sql: "SELECT content FROM text WHERE hash = ?", arguments: [hash]).flatMap(Deflate.text)
                return SourceText(name: name, text: content ?? "", hash: hash)
            }
            var record = RunRecord(script: try text(row["script"], row["script_hash"]), seed: row["seed"], versions: detail.versions, machine: detail.machine, command: detail.command,
                                   directory: detail.directory, id: row["id"], started: row["started"])
            record.state = RunState(rawValue: row["state_now"]) ?? .lost
            record.process = ProcessIdentity(host: row["host"], place: row["place"], number: row["process"], started: row["process_started"])
            record.files = try detail.files.map { try text($0.name, $0.hash) }
            (record.parameters, record.artefacts, record.searches, record.learnersLeftOut) = (detail.parameters, detail.artefacts, detail.searches, detail.learnersLeftOut)
            (record.updated, record.ended, record.seconds, record.exitStatus) = (row["updated"], row["ended"], row["seconds"], row["exit_status"])
            (record.error, record.checkpoint, record.sweep) = (row["error"], row["checkpoint"], row["sweep"])
            record.sweepCell = row["sweep_cell"]
            record.log = Deflate.text(row["log"]) ?? ""
            record.learners = try Row.fetchAll(database, sql: "SELECT result.*, parameters, accuracies, loss_count, losses FROM result JOIN result_detail ON result_detail.result = result.number WHERE run = ? AND learner IS NOT NULL ORDER BY position", arguments: [number])
                .map { try Self.learner($0, path) }
            return record
        }
    }

    private static func learner(_ row: Row, _ path: String) throws -> LearnerRecord {
        let matrices = try? RecordFile.decoder.decode(LearnerMatrices.self, from: Data((row["accuracies"] as String).utf8))
        let parameters = try? RecordFile.decoder.decode([NamedValue].self, from: Data((row["parameters"] as String).utf8))
        guard let matrices, matrices.isWhole, let parameters else { throw StoreProblem(.damaged, "run \(row["run"] as Int) is damaged in the run store '\(path)'") }
        return LearnerRecord(name: row["learner"], isNamed: row["is_named"], method: row["method"], seed: row["seed"], parameters: parameters, accuracy: matrices.own, accuracies: matrices.byClasses, lca: row["lca"],
                             minibatches: row["minibatches"], losses: LossSeries(count: row["loss_count"], blob: row["losses"]))
    }

    /// The learner of a row, with its matrices and losses.
    public func learner(of row: RunRow) throws -> LearnerRecord? {
        guard row.learner != nil else { return nil }
        return try read { database in
            guard let found = try Row.fetchOne(database, sql: "SELECT result.*, parameters, accuracies, loss_count, losses FROM result JOIN result_detail ON result_detail.result = result.number WHERE result.number = ?", arguments: [row.result]) else { return nil }
            return try Self.learner(found, path)
        }
    }

    /// Accuracy matrices of many rows, by the rows' places; those without one are left out.
    func matrices(of rows: [RunRow]) throws -> [Int: AccuracyMatrix] {
        try read { database in
            var result: [Int: AccuracyMatrix] = [:]
            for (index, row) in rows.enumerated() {
                guard let text = try String.fetchOne(database.cachedStatement(sql: "SELECT accuracies FROM result_detail WHERE result = ?"), arguments: [row.result]),
                      let matrices = try? RecordFile.decoder.decode(LearnerMatrices.self, from: Data(text.utf8)), matrices.isWhole, let own = matrices.own else { continue }
                result[index] = own
            }
            return result
        }
    }

    /// The parameters of rows under which filters find them, by the rows' places.
    public func settings(of rows: [RunRow]) throws -> [[(name: String, value: SettingValue)]] {
        try read { database in
            let names = try Row.fetchAll(database, sql: "SELECT number, name FROM name ORDER BY number").map { ($0[0] as Int, $0[1] as String) }
            if rows.count > 1000 { return try Self.allSettings(of: rows, names, database) }
            let statement = try database.cachedStatement(sql: "SELECT value, text FROM parameter WHERE name = ? AND result = ?")
            return try rows.map { row in
                try names.compactMap { number, name in
                    guard let found = try Row.fetchOne(statement, arguments: [number, row.result]) else { return nil }
                    return (name, SettingValue(number: found[0], text: found[1]))
                }
            }
        }
    }

    /// Of many rows: each name's values are read in one go.
    private static func allSettings(of rows: [RunRow], _ names: [(Int, String)], _ database: Database) throws -> [[(name: String, value: SettingValue)]] {
        var settings = [[(name: String, value: SettingValue)]](repeating: [], count: rows.count)
        let places = Dictionary(rows.enumerated().map { ($1.result, $0) }, uniquingKeysWith: { first, _ in first })
        for (number, name) in names {
            let cursor = try Row.fetchCursor(database, sql: "SELECT result, value, text FROM parameter WHERE name = ?", arguments: [number])
            while let row = try cursor.next() { if let place = places[row[0] as Int] { settings[place].append((name, SettingValue(number: row[1], text: row[2]))) } }
        }
        return settings
    }

    public func count() throws -> Int { try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM run") ?? 0 } }
}

/// A parameter's value as filters and tables see it.
public struct SettingValue: Equatable, Hashable {
    /// nil where it is no number.
    public let number: Double?
    public let text: String
}

struct LearnerMatrices: Codable {
    let own: AccuracyMatrix?
    let byClasses: [String: AccuracyMatrix]
    var isWhole: Bool { own?.isWhole ?? true && byClasses.values.allSatisfy(\.isWhole) }
}
