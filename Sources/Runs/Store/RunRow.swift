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
        (number, id, state) = (row["run"], row["id"], RunState(rawValue: row["state"]) ?? .lost)
        (script, scriptHash, host, device, threads) = (row["script"], row["script_hash"], row["host"], row["device"], row["threads"])
        (started, ended, seconds, exitStatus, error) = (row["started"], row["ended"], row["seconds"], row["exit_status"], row["error"])
        (checkpoint, sweep, result, learner, isNamed) = (row["checkpoint"], row["sweep"], row["result"], row["learner"], row["is_named"])
        (method, seed, minibatches) = (row["method"], row["seed"], row["minibatches"])
        metrics = RunMetrics(RunMetrics.names.map { row[$0] })
    }

    /// "12", or "12.me" where the run has several learners.
    public func label(ofSeveral: Bool) -> String { ofSeveral ? "\(number).\(learner ?? "-")" : "\(number)" }
}
