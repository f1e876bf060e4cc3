import Foundation
import GRDB

/// A line of a list: a learner of a run, or a run that has none.
public struct RunRow {
    /// The run's number in its store.
    public let number: Int
    public let id: String
    public let state: RunState
    public let script: String
    public let scriptHash: String
    public let host: String
    public let device: String
    public let threads: Int
    public let started: Double
    public let ended: Double?
    public let seconds: Double
    public let exitStatus: Int?
    public let error: String?
    public let checkpoint: String?
    public let sweep: String?
    public let learner: String?
    public let isNamed: Bool
    public let method: String?
    public let seed: Int
    public let minibatches: Int
    public let metrics: RunMetrics
    /// Its key in the store's tables.
    let result: Int

    static let columns = "run.number AS run, run.id, \(stateColumn) AS state, run.script, run.script_hash, run.host, run.device, run.threads, run.started, run.ended, run.seconds, run.exit_status, run.error, "
        + "run.checkpoint, run.sweep, result.number AS result, result.learner, result.is_named, result.method, result.seed, result.minibatches, \(RunMetrics.names.map { "result.\($0)" }.joined(separator: ", "))"

    /// What is running, and whose process is gone, is lost: `gone` has the numbers of these.
    static let stateColumn = "CASE WHEN run.state = 'running' AND run.number IN (SELECT number FROM gone) THEN 'lost' ELSE run.state END"

    init(_ row: Row) {
        // By place, in the order of `columns`: looking a hundred thousand rows' columns up by name takes seconds.
        (number, id, state) = (row[0], row[1], RunState(rawValue: row[2]) ?? .lost)
        (script, scriptHash, host, device, threads) = (row[3], row[4], row[5], row[6], row[7])
        (started, ended, seconds, exitStatus, error) = (row[8], row[9], row[10], row[11], row[12])
        (checkpoint, sweep, result, learner, isNamed) = (row[13], row[14], row[15], row[16], row[17])
        (method, seed, minibatches) = (row[18], row[19], row[20])
        metrics = RunMetrics(RunMetrics.names.indices.map { row[21 + $0] })
    }

    /// "12", or "12.me" where the run has several learners.
    public func label(ofSeveral: Bool) -> String { ofSeveral ? "\(number).\(learner ?? "-")" : "\(number)" }
}
