import Foundation
import GRDB

extension RunStore {
    /// How far a run of a sweep is.
    public struct SweepState {
        /// The run's number.
        public let number: Int
        public let state: RunState
        public let seconds: Double
        public let acc: Double?
        public let error: String?
    }

    /// The runs of a sweep by their number in it; of several tries the one that is done, else the latest.
    public func states(ofSweep id: String) throws -> [Int: SweepState] { try states("run.sweep = ?", [id]) }

    /// One of them.
    public func states(ofSweep id: String, cell: Int) throws -> SweepState? { try states("run.sweep = ? AND run.sweep_cell = ?", [id, cell])[cell] }

    private func states(_ condition: String, _ arguments: StatementArguments) throws -> [Int: SweepState] {
        try read { database in
            try markGone(database)
            var result: [Int: SweepState] = [:]
            let sql = "SELECT run.number, run.sweep_cell, \(RunRow.stateColumn) AS state, run.seconds, run.error, result.acc FROM run JOIN result ON result.run = run.number AND result.position = 0 WHERE \(condition) AND run.sweep_cell IS NOT NULL ORDER BY run.number"
            for row in try Row.fetchAll(database, sql: sql, arguments: arguments) {
                let found = SweepState(number: row["number"], state: RunState(rawValue: row["state"]) ?? .lost, seconds: row["seconds"], acc: row["acc"], error: row["error"])
                let cell: Int = row["sweep_cell"]
                if result[cell]?.state == .done, found.state != .done { continue }
                result[cell] = found
            }
            return result
        }
    }
}
