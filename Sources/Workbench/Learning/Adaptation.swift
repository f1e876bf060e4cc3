import BCLScript
import Continual
import Engine
import Interpreter

/// How a copy of a learner's network is adapted to one task before it is tested on it: gradient descent on all that the learner's memory holds of the task
/// (Pham et al. 2020, arXiv 2007.15553: `adapt`, `adapt_lr`), with the task's own labels, in evaluation mode.
struct Adaptation {
    let steps: Int
    let learningRate: Double

    /// A classifier of its own; the learner stays as it is. A task that the memory holds nothing of gets an unchanged copy.
    func adapt(_ learner: Learner, to task: Int, _ evaluator: Evaluator) throws -> (classifier: ClassifierValue, losses: [Double]) {
        guard let original = learner.classifier else {
            throw Failure(.notReady, "the method \(learner.method.name) can't be adapted", hint: "it needs parameters 'net' and 'bench'")
        }
        guard !learner.handles("predict") else { throw Failure(.notReady, "\(learner.method.name) predicts in its own way ('on predict'): it can't be adapted") }
        guard task >= 0, task < original.benchmark.tasks.count else { throw Failure(.badValue, "\(original.benchmark.name) has no task \(task)") }
        let net = try original.network.copy()
        let classifier = try ClassifierValue(net, original.benchmark)
        guard let samples = try Self.memory(of: learner, task), samples.y.count > 0 else { return (classifier, []) }
        var losses: [Double] = []
        try withGradients {
            for _ in 0..<steps {
                try evaluator.checkInterrupt()
                try net.network.zeroGradients()
                let loss = try Loss.crossEntropy(try classifier.predict(samples.x, task: task), samples.y)
                try loss.backward()
                try net.network.descend(learningRate: learningRate)
                losses.append(try loss.item())
            }
        }
        return (classifier, losses)
    }

    /// What the replay memory holds of a task; another memory where there is none.
    private static func memory(of learner: Learner, _ task: Int) throws -> Minibatch? {
        let names = learner.stateNames.filter { $0 == "replay_memory" } + learner.stateNames.filter { $0 != "replay_memory" }
        var hasMemory = false
        for name in names {
            guard let value = learner.state(name), let memory = try ShownMemory(value) else { continue }
            hasMemory = true
            if let found = memory.held.parts.first(where: { $0.task == task }) { return Minibatch(x: found.x, y: found.y) }
        }
        guard hasMemory else { throw Failure(.notReady, "the method \(learner.method.name) has no memory to adapt on") }
        return nil
    }
}

/// `adapt(steps=, lr=)`: a way to adapt, for `evaluate ... with`.
final class AdaptationValue: HostValue, Reproducible {
    let adaptation: Adaptation
    var recipe: Recipe?
    init(_ adaptation: Adaptation) { self.adaptation = adaptation }
    override var typeName: String { "adaptation" }
    override func describe(_ describer: inout Describer) { describer.write("<adaptation: \(adaptation.steps) steps at \(Describer.string(.float(adaptation.learningRate)))>") }
}

/// A copy of a learner's network, adapted to one task.
final class AdaptedValue: HostValue {
    let classifier: ClassifierValue
    let task: Int
    let losses: [Double]

    init(_ classifier: ClassifierValue, task: Int, losses: [Double]) { (self.classifier, self.task, self.losses) = (classifier, task, losses) }

    override var typeName: String { "adapted network" }
    override func describe(_ describer: inout Describer) { describer.write("<\(classifier.network.network.description), adapted to task \(task + 1) in \(losses.count) steps>") }
    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> AdaptedValue {
        guard case .host(let host) = value, let adapted = host as? AdaptedValue else { throw Failure(.wrongType, "this is \(value.phrase), not an adapted network") }
        return adapted
    }

    static let table = MemberTable([
        .property("net", "Its network, a copy.") { value, _ in .host(try cast(value).classifier.network) },
        .property("task", "The number of the task that it is adapted to.") { value, _ in .int(try cast(value).task) },
        .property("losses", "List of the loss before each step.") { value, _ in .items(try cast(value).losses.map { .float($0) }) },
    ])
}

extension Workbench {
    var adaptationBuiltins: [Builtin] {
        [
            Builtin("adapt", [optional("learner", "none"), optional("task", "none"), optional("steps", "1"), optional("lr", "0.1")], topic: "learning",
                    doc: "A copy of a learner's network after some steps of gradient descent on all that its memory holds of a task (Pham et al. 2020); the learner stays as it is, and batch norms keep their statistics. Without a learner: a way to adapt, for evaluate L on BENCH with adapt(steps=, lr=).",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = er(mlp(64, 10), bench)\ntrain me on bench[0]\nlet a = adapt(me, bench[0], steps=5, lr=0.1)\nassert a.losses[4] < a.losses[0]\nevaluate me on bench with adapt(steps=5, lr=0.1)",
                    verb: [VerbForm.Slot(nil, "learner"), VerbForm.Slot("for", "task")]) { arguments, evaluator in
                let rate = try arguments.double(3, default: 0.1)
                guard rate.isFinite, rate >= 0 else { throw arguments.bad(3, "must be a number from 0 on") }
                let adaptation = Adaptation(steps: try arguments.int(2, default: 1, in: 0...1_000_000), learningRate: rate)
                guard arguments.has(0) else { return .host(AdaptationValue(adaptation)) }
                let learner = try arguments.host(0, Learner.self, "a learner")
                let task: Int
                if case .int(let number) = arguments[1] { task = number } else { task = try arguments.host(1, TaskValue.self, "a task, or its number").task.number }
                let (classifier, losses) = try adaptation.adapt(learner, to: task, evaluator)
                return .host(AdaptedValue(classifier, task: task, losses: losses))
            },
        ]
    }

    private func accuracy(_ classifier: ClassifierValue, _ task: Task, _ evaluator: Evaluator) throws -> Double {
        try Evaluation.accuracy(on: task) {
            try evaluator.checkInterrupt()
            return try classifier.predict($0, task: task.number)
        }
    }

    func evaluate(_ adapted: AdaptedValue, _ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        if case .host(let host) = arguments[1], let task = host as? TaskValue { return .float(try accuracy(adapted.classifier, task.task, evaluator)) }
        let bench = try arguments.host(1, BenchmarkValue.self, "a benchmark or a task").benchmark
        return .items(try bench.tasks.map { .float(try accuracy(adapted.classifier, $0, evaluator)) })
    }

    /// Each task with its own adapted copy.
    func evaluate(_ learner: Learner, adapted adaptation: Adaptation, _ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        if case .host(let host) = arguments[1], let task = host as? TaskValue {
            return .float(try accuracy(try adaptation.adapt(learner, to: task.task.number, evaluator).classifier, task.task, evaluator))
        }
        let bench = try arguments.host(1, BenchmarkValue.self, "a benchmark or a task").benchmark
        let found: [Double?] = try bench.tasks.map { try accuracy(try adaptation.adapt(learner, to: $0.number, evaluator).classifier, $0, evaluator) }
        evaluator.print(summary(of: found, learner, ", each adapted in \(adaptation.steps) step\(adaptation.steps == 1 ? "" : "s")"))
        return .items(found.map { MatrixValue.value($0) })
    }
}
