import BCLScript
import Continual
import Engine
import Interpreter

/// A method at work: its network, its memories, and what it has reached so far.
final class Learner: MethodInstance {
    private(set) var accuracy: AccuracyMatrix?
    /// By which classes competed: "task", "all", "seen".
    private(set) var accuracyByClasses: [String: AccuracyMatrix] = [:]
    private var lossHistory = LossHistory()
    /// What each minibatch's update returned. On a GPU this waits for the last of them.
    var losses: [Double] { lossHistory.values }
    /// How many there are: nobody waits for a GPU.
    var lossCount: Int { lossHistory.count }
    /// The first update whose loss was nan or infinite, from 0.
    var firstLossNotFinite: Int? { lossHistory.firstNotFinite }
    /// How many it has seen.
    private(set) var minibatches = 0
    /// How many of them are in a file.
    var savedMinibatches = 0
    /// Accuracy on each task's test set after 0, 1, 2, ... of its minibatches, as far as `train` was asked to take it (curve=).
    private(set) var curves: [Int: [Double]] = [:]
    /// How many minibatches of a task are followed so, while it is trained.
    var curveLength = 0
    /// The last task that it was trained on.
    private(set) var lastTask: Int?
    private(set) var classifier: ClassifierValue?
    /// Where `step` has got to.
    lazy var stepping = LearnerStepping(self)
    /// Its place among all learners of a run that is recorded.
    var logEntry: LearnerLog.Entry?

    deinit { logEntry?.keep(progress) }

    /// How far a learner is.
    struct Progress: Codable {
        var accuracy: AccuracyMatrix?
        var accuracies: [String: AccuracyMatrix] = [:]
        var losses: [Double] = []
        var curves: [Int: [Double]] = [:]
        var minibatches = 0
        var savedMinibatches = 0
        var passes: Passes?
    }

    /// What `train` was told.
    struct Passes: Codable {
        private(set) var epochs: [Int] = []
        private(set) var batches: [Int] = []

        mutating func add(epochs: Int, batch: Int) {
            if !self.epochs.contains(epochs) { self.epochs.append(epochs) }
            if !batches.contains(batch) { batches.append(batch) }
        }

        /// Where it is not one epoch in minibatches of ten.
        var parameters: [(String, Value)] {
            func said(_ name: String, _ values: [Int], but usual: Int) -> [(String, Value)] {
                guard let first = values.first, values != [usual] else { return [] }
                return [(name, values.count == 1 ? .int(first) : .text(values.map(String.init).joined(separator: ", ")))]
            }
            return said("train_epochs", epochs, but: 1) + said("train_batch", batches, but: Benchmark.batchSize)
        }
    }

    var passes = Passes()

    var progress: Progress {
        Progress(accuracy: accuracy, accuracies: accuracyByClasses, losses: losses, curves: curves, minibatches: minibatches, savedMinibatches: savedMinibatches, passes: passes)
    }

    override var members: MemberTable { Self.table }

    override func didBuild(_ evaluator: Evaluator) throws {
        guard handles("batch") else {
            throw Failure(.notReady, "the method \(method.name) has no 'on batch'", hint: "add 'on batch(x, y, t) { ... }': it is run for each minibatch")
        }
        if case .host(let net)? = state("net"), let net = net as? NetworkValue, case .host(let bench)? = state("bench"), let bench = bench as? BenchmarkValue {
            classifier = try ClassifierValue(net, bench.benchmark)
        }
        logEntry?.remember(parameters)
    }

    override func describe(_ describer: inout Describer) {
        describer.write("<learner \(method.name): \(minibatches) minibatches")
        if let acc = accuracy?.acc {
            describer.write(", accuracy ")
            describer.write(.float((acc * 1000).rounded() / 1000))
        }
        describer.write(">")
    }

    /// The network that its minibatches train, where it has one.
    var network: Network? { classifier?.network.network }

    // MARK: - Training and testing

    /// One minibatch: fires `task_start` when the task is new, then `batch`.
    func observe(_ batch: Minibatch, task: Int, _ evaluator: Evaluator, _ workbench: Workbench) throws {
        workbench.trainingDepth += 1
        defer { workbench.trainingDepth -= 1 }
        if lastTask != task {
            _ = try fire("task_start", [.int(task)], evaluator)
            lastTask = task
        }
        guard let result = try fire("batch", [TensorValue.value(batch.x), TensorValue.value(batch.y), .int(task)], evaluator) else { return }
        minibatches += 1
        switch result {
        case .none: break
        case .int(let value): lossHistory.append(Double(value))
        case .float(let value): lossHistory.append(value)
        case .host(let host as TensorValue) where host.tensor.count == 1: try lossHistory.append(host.tensor)
        case .host(let host):
            guard let value = try host.number() else { fallthrough }
            lossHistory.append(value)
        default: throw Failure(.wrongType, "'on batch' of \(method.name) returned \(result.phrase); it returns the loss, a number, or nothing")
        }
    }

    func finish(task: Int, _ evaluator: Evaluator, _ workbench: Workbench) throws {
        workbench.trainingDepth += 1
        defer { workbench.trainingDepth -= 1 }
        _ = try fire("task_end", [.int(task)], evaluator)
    }

    /// Logits of test samples: the method's own `on predict`, or its network's.
    /// - Parameter contest: which outputs compete; nil for those of the task's head.
    func predict(_ x: Tensor, _ task: Int, _ contest: Evaluation.Contest? = nil, _ evaluator: Evaluator) throws -> Tensor {
        if let own = try fire("predict", [TensorValue.value(x), .int(task)], evaluator) {
            let logits = try TensorMembers.tensor(own)
            guard let contest else { return logits }
            guard classifier?.benchmark.heads == .shared else {
                throw Failure(.notReady, "\(method.name) can't be evaluated so: its 'on predict' gives the logits of one task's classes", hint: "leave 'classes' out, or make the benchmark with heads=\"shared\"")
            }
            return try contest.outputs.map { try logits.indexSelect(1, try Tensor.from($0, device: logits.device)) } ?? logits
        }
        guard let classifier else {
            throw Failure(.notReady, "the method \(method.name) can't be evaluated", hint: "it needs parameters 'net' and 'bench', or 'on predict(x, t) { ... }' that returns logits")
        }
        return try classifier.predict(x, task: task, contest)
    }

    /// - Parameter isOwn: whether the classes competed as the benchmark has it: that matrix is `L.accuracy`.
    func record(_ accuracies: [Double?], _ classes: Evaluation.Classes, isOwn: Bool) {
        func next(_ matrix: AccuracyMatrix?) -> AccuracyMatrix {
            var matrix = matrix?.tasks == accuracies.count ? matrix! : AccuracyMatrix(tasks: accuracies.count)
            matrix.set(lastTask, accuracies)
            return matrix
        }
        if isOwn { accuracy = next(accuracy) }
        accuracyByClasses[classes.rawValue] = next(accuracyByClasses[classes.rawValue])
    }

    func followCurve(_ task: Int, _ accuracy: Double) { curves[task, default: []].append(accuracy) }
    func restoreClassifier(_ classifier: ClassifierValue) { self.classifier = classifier }
    func restoreCurves(_ curves: [Int: [Double]]) { self.curves = curves }

    /// Sets what it has reached to what a file holds.
    func resume(minibatches: Int, losses: [Double], lastTask: Int?, accuracy: AccuracyMatrix?, accuracies: [String: AccuracyMatrix]) {
        (self.minibatches, lossHistory, self.lastTask, self.accuracy, self.accuracyByClasses) = (minibatches, LossHistory(losses), lastTask, accuracy, accuracies)
        savedMinibatches = minibatches
    }

    // MARK: - Fields

    /// `L.replay` is the memory that the method calls replay_memory, even where a parameter is named replay.
    override func field(_ name: String) throws -> Value? {
        if let memory = state("\(name)_memory"), case .host(let host) = memory, host is SampleMemoryValue { return owned(memory, name) }
        if let own = try super.field(name) { return owned(own, name) }
        guard name == "weights", let net = classifier?.network.network else { return nil }
        return .host(WeightsValue(net, of: self))
    }

    /// `L.weights` are those of its net, unless the method has a variable of that name.
    override var fieldNames: [String] {
        super.fieldNames + super.fieldNames.filter { $0.hasSuffix("_memory") }.map { String($0.dropLast(7)) } + (classifier == nil ? [] : ["weights"])
    }

    private func owned(_ value: Value, _ name: String) -> Value {
        if case .host(let host) = value, let memory = host as? SampleMemoryValue { memory.belongs(to: self, as: name.hasSuffix("_memory") ? String(name.dropLast(7)) : name) }
        return value
    }

    /// Its memories that hold samples, by the names under which they are shown.
    func memories() throws -> [(name: String, held: HeldSamples)] {
        try stateNames.compactMap { name in
            guard let value = state(name), let memory = try ShownMemory(value, of: self), memory.held.count > 0 else { return nil }
            return (name.hasSuffix("_memory") ? String(name.dropLast(7)) : name, memory.held)
        }
    }

    /// Parameters of the method with their values.
    var parameters: [(String, Value)] { method.parameterNames.compactMap { name in state(name).map { (name, $0) } } }

    private static func cast(_ value: Value) throws -> Learner {
        guard case .host(let host) = value, let learner = host as? Learner else { throw Failure(.wrongType, "this is \(value.phrase), not a learner") }
        return learner
    }

    private static func metric(_ name: String, _ doc: String, _ get: @escaping (AccuracyMatrix) -> Double?) -> Member {
        .property(name, doc) { value, _ in MatrixValue.value(try cast(value).accuracy.flatMap(get)) }
    }

    static let table = MemberTable([
        .property("accuracy", "The accuracy matrix R[i][j]: on task j after training task i.") { value, _ in
            let learner = try cast(value)
            return .host(MatrixValue(learner.accuracy ?? AccuracyMatrix(tasks: learner.classifier?.benchmark.tasks.count ?? 0)))
        },
        .property("accuracies", "Record of the accuracy matrices by which classes competed in the evaluation: \"task\", \"all\", \"seen\".") { value, _ in
            .record(RecordValue(try cast(value).accuracyByClasses.sorted { $0.key < $1.key }.map { ($0.key, .host(MatrixValue($0.value))) }))
        },
        metric("acc", "Average accuracy: mean over the tasks learned of R[last][j]; none before an evaluation.") { $0.acc },
        metric("fm", "Forgetting: mean over earlier tasks of (best accuracy before) - (accuracy now).") { $0.fm },
        metric("la", "Learning accuracy: mean of R[j][j].") { $0.la },
        metric("bwt", "Backward transfer: mean over earlier tasks of R[last][j] - R[j][j].") { $0.bwt },
        metric("fwt", "Forward transfer: mean of R[j-1][j] - (accuracy of the untrained network on j); evaluate once before training.") { $0.fwt },
        metric("anytime", "Any-time accuracy: mean over the tasks i learned of the mean over j <= i of R[i][j].") { $0.anytime },
        .property("lca", "Learning curve area: mean accuracy on each task after 0, 1, ... of its minibatches, averaged, as far as every task followed goes; none without train ... curve=N.") { value, _ in
            MatrixValue.value(LearningCurve.area(try cast(value).curves))
        },
        .property("curves", "List of lists, for each task that was followed: accuracy on it after 0, 1, ... of its minibatches.") { value, _ in
            .items(try cast(value).curves.sorted { $0.key < $1.key }.map { .items($0.value.map { .float($0) }) })
        },
        .method("curve", [required("task")], "Accuracy on one task after each task learned: list of R[i][task], none where it was not tested.") { value, arguments, _ in
            guard let accuracy = try cast(value).accuracy else { return .items([]) }
            return .items(accuracy.curve(of: try arguments.int(0, in: 0...max(0, accuracy.tasks - 1))).map { MatrixValue.value($0) })
        },
        .property("losses", "List of what each minibatch's update returned.") { value, _ in .items(try cast(value).losses.map { .float($0) }) },
        .property("last_task", "The number of the last task that it was trained on, or none.") { value, _ in try cast(value).lastTask.map { .int($0) } ?? .none },
        .property("minibatches", "How many minibatches it was trained on.") { value, _ in .int(try cast(value).minibatches) },
        .property("method", "The name of its method.") { value, _ in .text(try cast(value).method.name) },
        .property("params", "Record of the method's parameters.") { value, _ in .record(RecordValue(try cast(value).parameters)) },
    ])
}

/// What happens to a learner.
enum TrainingEvents {
    static let all = [
        EventForm("task_start", ["t"], doc: "Before the first minibatch of a task other than the last one; t is its number."),
        EventForm("batch", ["x", "y", "t"], doc: "For each minibatch: x [B, D] float32, y int64 [B], t the task's number. Returns the loss."),
        EventForm("task_end", ["t"], doc: "Behind a task, each time that `train` has gone through it, and by end_task."),
        EventForm("predict", ["x", "t"], doc: "Returns logits [B, classes of the task] for test samples x [B, D]; without it the network's logits count."),
    ]
}
