import BCLScript
import Continual
import Engine
import Interpreter

extension Workbench {
    var metricBuiltins: [Builtin] {
        [
            Builtin("interval", [required("values"), optional("level", "0.95")], returns: "record", topic: "learning",
                    doc: "Mean of a list of numbers (a metric over seeds) with its confidence interval by Student's t: record of n, mean, std, half, low, high; std, half, low and high are none for one number.",
                    example: "let i = interval([0.80, 0.82, 0.81])\nprint \"{i.mean:.3f} +- {i.half:.3f}\"") { arguments, _ in
                let values = try arguments.list(0).enumerated().map { index, value -> Double in
                    switch value {
                    case .int(let number): return Double(number)
                    case .float(let number): return number
                    case .host(let host): if let number = try host.number() { return number }
                    case .none: throw Failure(.badValue, "number \(index) of the values of interval is none", hint: "a metric is none where the evaluations that it needs are missing: see docs/metrics.md")
                    default: break
                    }
                    throw Failure(.wrongType, "number \(index) of the values of interval must be a number, not \(value.phrase)")
                }
                let level = try arguments.double(1, default: 0.95)
                guard level > 0, level < 1 else { throw arguments.bad(1, "must lie between 0 and 1, not \(level)") }
                guard let found = ConfidenceInterval(values, level: level) else { throw arguments.bad(0, "is empty") }
                func optional(_ value: Double?) -> Value { value.map { .float($0) } ?? .none }
                return .record(RecordValue([("n", .int(found.count)), ("mean", .float(found.mean)), ("std", optional(found.deviation)), ("half", optional(found.half)),
                                            ("low", optional(found.half.map { found.mean - $0 })), ("high", optional(found.half.map { found.mean + $0 }))]))
            },
            Builtin("confusion", [required("learner"), required("task")], returns: "tensor", topic: "learning",
                    doc: "Confusion matrix on a task's test set: int64 [C, C], rows the true labels of the task's head, columns the predicted ones.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = single(mlp(64, 10), bench)\nassert confusion(me, bench[0]).sum().item() == bench[0].test_size") { arguments, evaluator in
                let learner = try arguments.host(0, Learner.self, "a learner")
                let task = try arguments.host(1, TaskValue.self, "a task").task
                return TensorValue.value(try Evaluation.confusion(on: task) {
                    try evaluator.checkInterrupt()
                    return try learner.predict($0, task.number, nil, evaluator)
                })
            },
        ]
    }
}
