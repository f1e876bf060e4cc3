import Engine
import Foundation
import Runs

/// What a run came to, for programs: `--json`, and what is printed where a run can't be recorded.
struct ResultFile {
    private let content: [String: Any]

    init(_ run: RunRecord) {
        var result: [String: Any] = [
            "script": run.script.name,
            "config": Self.record(run.parameters),
            "seed": run.seed,
            "device": run.machine.device,
            "threads": run.machine.threads,
            "seconds": (run.seconds * 1000).rounded() / 1000,
            "versions": ["bclsh": run.versions.bclsh, "torch": run.versions.torch, "cuda": run.versions.cuda as Any? ?? NSNull()],
            "learners": Dictionary(run.learners.map { ($0.name, Self.describe($0)) }, uniquingKeysWith: { $1 }),
        ]
        if !run.searches.isEmpty { result["searches"] = run.searches.map(\.json) }
        // A script mostly has one learner: its results also stand at the top.
        if let only = run.mainLearner {
            result["accuracy"] = Self.matrix(only)
            result["metrics"] = Self.metrics(only)
        }
        content = result
    }

    var text: String {
        guard let data = try? JSONSerialization.data(withJSONObject: content, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    func write(to path: String) throws { try AtomicFile.write(text + "\n", to: path) }

    private static func describe(_ learner: LearnerRecord) -> [String: Any] {
        ["method": learner.method, "params": record(learner.parameters), "accuracy": matrix(learner), "metrics": metrics(learner), "minibatches": learner.minibatches]
    }

    private static func record(_ values: [NamedValue]) -> [String: Any] { Dictionary(values.map { ($0.name, $0.value.json) }, uniquingKeysWith: { $1 }) }
    private static func matrix(_ learner: LearnerRecord) -> Any { (learner.accuracy?.rows ?? []).map { row -> Any in row.map { $0.map { value -> Any in value ?? NSNull() } } ?? NSNull() } }
    private static func metrics(_ learner: LearnerRecord) -> Any { Dictionary(learner.metrics.entries.map { ($0.name, $0.value as Any? ?? NSNull()) }, uniquingKeysWith: { $1 }) }
}
