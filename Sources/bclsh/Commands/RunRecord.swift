import Engine
import Foundation
import Interpreter
import Workbench

/// What a run leaves behind for programs: `--json`.
struct RunRecord {
    private let content: [String: Any]

    init(_ session: Session, _ workbench: Workbench, script: String, seconds: Double) {
        var config: [String: Any] = [:]
        for (name, value) in session.settings.used { config[name] = Self.json(value) }
        let learners = workbench.learners(in: session)
        var record: [String: Any] = [
            "script": script,
            "config": config,
            "seed": workbench.streams.seed,
            "device": workbench.device.description,
            "threads": session.thread.sync { Threads.count },
            "seconds": (seconds * 1000).rounded() / 1000,
            "versions": ["bclsh": Version.number, "torch": Torch.version, "cuda": Torch.cudaVersion as Any? ?? NSNull()],
            "learners": Dictionary(learners.map { ($0.name, Self.describe($0)) }, uniquingKeysWith: { $1 }),
        ]
        if !workbench.searches.isEmpty { record["searches"] = workbench.searches.map { Self.json(.record($0)) } }
        // A script mostly has one learner: its results also stand at the top.
        if learners.count == 1, let only = learners.first {
            record["accuracy"] = Self.matrix(only)
            record["metrics"] = Self.metrics(only)
        }
        content = record
    }

    func write(to path: String) throws {
        let data = try JSONSerialization.data(withJSONObject: content, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try AtomicFile.write(data + Data("\n".utf8), to: path)
    }

    private static func describe(_ learner: LearnerSummary) -> [String: Any] {
        var parameters: [String: Any] = [:]
        for (name, value) in learner.parameters { parameters[name] = json(value) }
        return ["method": learner.method, "params": parameters, "accuracy": matrix(learner), "metrics": metrics(learner), "minibatches": learner.minibatches]
    }

    private static func matrix(_ learner: LearnerSummary) -> Any { learner.accuracy.map { row -> Any in row.map { $0.map { value -> Any in value ?? NSNull() } } ?? NSNull() } }
    private static func metrics(_ learner: LearnerSummary) -> Any { learner.metrics.mapValues { $0 as Any? ?? NSNull() } }

    /// Values that JSON has no form for (nan, networks) are written as their text.
    private static func json(_ value: Value) -> Any {
        switch value {
        case .none, .unset: return NSNull()
        case .bool(let flag): return flag
        case .int(let number): return number
        case .float(let number): return number.isFinite ? number : Describer.float(number)
        case .string(let text): return text.text
        case .list(let list): return list.items.map(json)
        case .record(let record): return Dictionary(record.entries.map { ($0, json($1)) }, uniquingKeysWith: { $1 })
        case .host, .cell: return Describer.string(value)
        }
    }
}
