import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// A network as a value: called on samples it gives logits.
final class NetworkValue: Callable, Reproducible {
    let network: Network
    /// Of its architecture.
    var recipe: Recipe?
    private unowned let workbench: Workbench

    init(_ network: Network, _ workbench: Workbench, recipe: Recipe? = nil) {
        self.network = network
        self.recipe = recipe
        self.workbench = workbench
        super.init(Signature("network", [required("x"), optional("t", "none"), optional("training", "while a learner trains")]))
    }

    override var typeName: String { "network" }
    override var signatureOwner: AnyObject? { Self.table }
    override var members: MemberTable { Self.table }
    override func describe(_ describer: inout Describer) {
        describer.write("<\(network.description), \(network.parameterCount) parameters, \(network.device)>")
    }

    override func figure() throws -> Figure? { try NetworkFigures.network(network) }

    /// A network of its own with the same weights.
    func copy() throws -> NetworkValue { NetworkValue(try network.copy(), workbench, recipe: recipe) }

    /// In training mode while a learner is being trained, in evaluation mode elsewhere. Networks that take no tasks pass them over.
    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        var x = try TensorBuiltins.tensor(arguments, 0)
        if network.dtype == .float64, x.dtype == .float32 { x = try x.to(.float64) }
        let training = try arguments.bool(2, default: workbench.trainingDepth > 0)
        let tasks = network.takesTasks ? try tasks(arguments, x) : []
        let isTest = !arguments.has(2) && (workbench.testsBySampleStatistics || !training)
        return TensorValue.value(isTest ? try test(x, tasks: tasks) : try network.forward(x, tasks: tasks, training: training))
    }

    /// Logits of test samples: in evaluation mode, or, within evaluate ... statistics="test", by the samples' own statistics.
    func test(_ x: Tensor, tasks: [Int]) throws -> Tensor {
        workbench.testsBySampleStatistics ? try network.forwardBySampleStatistics(x, tasks: tasks) : try network.forward(x, tasks: tasks, training: false)
    }

    private func tasks(_ arguments: Arguments, _ x: Tensor) throws -> [Int] {
        switch arguments[1] {
        case .int(let task): return Array(repeating: task, count: x.shape.first ?? 0)
        case .list(let list):
            return try list.items.map {
                guard case .int(let task) = $0 else { throw arguments.wrong(1, wanted: "a task number, or a list of one for each sample") }
                return task
            }
        default: throw arguments.wrong(1, wanted: "a task number, or a list of one for each sample")
        }
    }

    private static func network(_ value: Value) throws -> Network {
        guard case .host(let host) = value, let network = (host as? NetworkValue)?.network else { throw Failure(.wrongType, "this is \(value.phrase), not a network") }
        return network
    }

    static let table = MemberTable([
        .property("weights", "All its parameters as one vector [P], with batch-norm statistics beside them: snapshot, restore, interpolate. Parameters lie in the vector as the passes read them fastest, not as in PyTorch's parameters_to_vector: net.named(vector) gives tensors of PyTorch's shapes.") { value, _ in
            .host(WeightsValue(try network(value)))
        },
        .property("gradients", "A copy of the gradients of all parameters [P], summed up since zero_grad.") { value, _ in TensorValue.value(try network(value).gradients.clone()) },
        .property("inputs", "Numbers in a sample.") { value, _ in .int(try network(value).inputSize) },
        .property("outputs", "Number of logits.") { value, _ in .int(try network(value).outputs) },
        .property("parameters", "Number of parameters.") { value, _ in .int(try network(value).parameterCount) },
        .property("state", "Record of copies of all tensors under PyTorch's state_dict names.") { value, _ in
            .record(RecordValue(try network(value).stateDict().map { ($0, TensorValue.value($1)) }))
        },
        .method("named", [required("vector")],
                "A vector [P] (weights.vector, gradients, what grad or fisher gives) as a record of tensors under PyTorch's names and in its shapes.") { value, arguments, _ in
            let (network, vector) = (try network(value), try TensorBuiltins.tensor(arguments, 0))
            guard vector.shape == network.weights.shape else { throw arguments.bad(0, "must be a vector of \(network.parameterCount) numbers, not \(vector.summary)") }
            return .record(RecordValue(try network.named(vector).map { ($0, TensorValue.value($1)) }))
        },
        .method("flat", [required("tensors")], "The vector [P] of a record of tensors under PyTorch's names and in its shapes: what net.named takes apart.") { value, arguments, _ in
            let record = try arguments.record(0)
            var tensors: [String: Tensor] = [:]
            for (name, part) in record.entries { tensors[name] = try TensorMembers.tensor(part) }
            return TensorValue.value(try network(value).flat(named: tensors))
        },
        .method("zero_grad", [], "Sets all gradients to zero.") { value, _, _ in
            try network(value).zeroGradients()
            return .none
        },
        .method("take_gradients", [], "The gradients of all parameters [P], which are zero from then on: net.gradients and net.zero_grad() without a copy.") { value, _, _ in
            TensorValue.value(try network(value).takeGradients())
        },
        .method("project_gradients", [required("memories"), optional("margin", "0.5"), optional("diagonal", "0.001")],
                "Makes its gradients the nearest with no negative inner product with any of a list of vectors [P], as project does, with the same margin and diagonal (GEM, Lopez-Paz and Ranzato 2017).") { value, arguments, _ in
            let memories = try arguments.list(0).map { try TensorMembers.tensor($0) }
            try GradientProjection.projectInPlace(try network(value).gradients, against: memories, margin: try arguments.double(1, default: 0.5),
                                                    diagonal: try arguments.double(2, default: GradientProjection.publishedDiagonal))
            return .none
        },
        .method("add_gradients", [required("values")], "Adds a vector [P] to the gradients, as backward does: for penalties whose gradient is known.") { value, arguments, _ in
            let network = try network(value)
            let values = try TensorBuiltins.tensor(arguments, 0)
            guard values.shape == network.gradients.shape else { throw arguments.bad(0, "must be a vector of \(network.parameterCount) numbers, not \(values.summary)") }
            try withoutGradients { try network.gradients.addInPlace(values) }
            return .none
        },
        .method("add_penalty", [required("anchor"), required("importance"), optional("strength", "1")],
                "Adds the gradient of strength * sum(importance * (w - anchor)^2) to the gradients, and returns that number (not on the CPU: as a tensor); anchor and importance are vectors [P] like weights.vector.") { value, arguments, _ in
            let strength = try arguments.double(2, default: 1)
            guard strength.isFinite else { throw arguments.bad(2, "must be finite") }
            switch try QuadraticPenalty.add(to: try network(value), anchor: try TensorBuiltins.tensor(arguments, 0), importance: try TensorBuiltins.tensor(arguments, 1), strength: strength) {
            case .number(let penalty): return .float(penalty)
            case .tensor(let penalty): return TensorValue.value(penalty)
            }
        },
        .method("step", [required("lr"), optional("part", "\"all\"")], "One step of gradient descent: weights -= lr * gradients. part: \"all\"; of a FiLM network also \"base\" or \"context\", the rest then stays.") { value, arguments, _ in
            let (network, rate) = (try network(value), try arguments.double(0))
            guard rate >= 0, rate <= Double(Float.greatestFiniteMagnitude) else {
                throw arguments.bad(0, "must be a number from 0 on, not \(Describer.string(.float(rate)))", hint: rate < 0 ? "net.weights.add(net.gradients, scale=...) goes up the gradient" : nil)
            }
            let part = try arguments.string(1, default: "all")
            if part == "all" {
                try network.descend(learningRate: rate)
            } else {
                guard let context = network.contextStart, part == "base" || part == "context" else {
                    throw arguments.bad(1, "must be \"all\"\(network.contextStart == nil ? "" : ", \"base\" or \"context\"") for a \(network.description), not \"\(part)\"")
                }
                try network.descend(learningRate: rate, in: part == "base" ? 0..<context : context..<network.parameterCount)
            }
            return .none
        },
        .method("clip", [required("limit")], "Limits each gradient to [-limit, limit].") { value, arguments, _ in
            let (network, limit) = (try network(value), try arguments.double(0))
            guard limit >= 0 else { throw arguments.bad(0, "must not be negative") }
            try withoutGradients { try network.gradients.copyInPlace(from: try network.gradients.clamp(min: -limit, max: limit)) }
            return .none
        },
        .method("initialize", [required("how")],
                "Draws its weights anew, from the stream \"init\": \"xavier\" (an mlp's own: uniform within sqrt(6 / (fan_in + fan_out)), biases zero), \"pytorch\" (resnet18's own: uniform within 1 / sqrt(fan_in), biases too), \"kaiming\" (normal, deviation sqrt(2 / fan_out), biases zero) or "
                    + "\"truncated_normal\" (deviation 0.1, cut at 0.2, biases 0.1: A-GEM's code). Batch norms are as new, gradients zero.") { value, arguments, _ in
            guard case .host(let host) = value, let own = host as? NetworkValue else { return .none }
            try own.network.initialize(try own.workbench.word(arguments, 0, Initialization.self, default: .xavier), own.workbench.streams.stream("init"))
            return .none
        },
        .property("tasks", "How many tasks a FiLM network knows; none for others.") { value, _ in try network(value).taskCount.map { .int($0) } ?? .none },
        .property("takes_tasks", "Whether it is called with the tasks of the samples: net(x, t).") { value, _ in .bool(try network(value).takesTasks) },
        .property("input_parameters", "Parameters of its first layer: they are the first of the vector [P].") { value, _ in .int(try network(value).inputParameterCount) },
        .method("double", [], "A network of its own with the same weights in float64, for checks of derivatives. It takes float32 samples too.") { value, _, _ in
            guard case .host(let host) = value, let original = host as? NetworkValue else { return .none }
            return .host(NetworkValue(try original.network.converted(to: .float64), original.workbench, recipe: original.recipe.map { .invocation($0, "double") }))
        },
        .method("copy", [], "A network of its own with the same weights.") { value, _, _ in
            guard case .host(let host) = value, let original = host as? NetworkValue else { return .none }
            return .host(try original.copy())
        },
    ])
}

/// The weights of a network as one thing.
final class WeightsValue: HostValue {
    let network: Network
    /// Whose memories `plot L.weights along before, after` takes the loss on.
    let learner: Learner?

    init(_ network: Network, of learner: Learner? = nil) { (self.network, self.learner) = (network, learner) }

    override var typeName: String { "weights" }
    override var members: MemberTable { Self.table }
    override func describe(_ describer: inout Describer) { describer.write("<weights of \(network.description)>") }
    override func length() throws -> Int? { network.parameterCount }

    private static func network(_ value: Value) throws -> Network {
        guard case .host(let host) = value, let weights = host as? WeightsValue else { throw Failure(.wrongType, "this is \(value.phrase), not weights") }
        return weights.network
    }

    static let table = MemberTable([
        .method("snapshot", [], "A copy of the weights and batch-norm statistics as they are now.") { value, _, _ in .host(SnapshotValue(try network(value).snapshot())) },
        .method("restore", [required("before")], "Sets the weights and statistics back to a snapshot.") { value, arguments, _ in
            try network(value).restore(try arguments.host(0, SnapshotValue.self, "a snapshot").snapshot)
            return .none
        },
        .method("interpolate", [required("before"), required("beta")], "weights = before + beta * (weights - before), batch-norm statistics included.") { value, arguments, _ in
            let beta = try arguments.double(1)
            guard beta.isFinite else { throw arguments.bad(1, "must be finite") }
            try network(value).interpolate(from: try arguments.host(0, SnapshotValue.self, "a snapshot").snapshot, fraction: beta)
            return .none
        },
        .method("add", [required("values"), optional("scale", "1")], "weights += scale * values; values is a vector [P].") { value, arguments, _ in
            let network = try network(value)
            let (values, scale) = (try TensorBuiltins.tensor(arguments, 0), try arguments.double(1, default: 1))
            guard values.shape == network.weights.shape else { throw arguments.bad(0, "must be a vector of \(network.parameterCount) numbers, not \(values.summary)") }
            try withoutGradients { try network.weights.addInPlace(try values.to(network.dtype), alpha: scale) }
            return .none
        },
        .method("set", [required("values"), optional("start", "0")], "Sets parameters start to start + n of the vector [P] to values [n].") { value, arguments, _ in
            let network = try network(value)
            let (values, start) = (try TensorBuiltins.tensor(arguments, 0), try arguments.int(1, default: 0))
            guard values.rank == 1, start >= 0, start <= network.parameterCount, values.count <= network.parameterCount - start else {
                throw arguments.bad(0, "must be a vector that fits into \(network.parameterCount) parameters from \(start) on, not \(values.summary)")
            }
            try withoutGradients { try network.weights.narrow(0, start, values.count).copyInPlace(from: values) }
            return .none
        },
        .property("vector", "A copy of all parameters as one tensor [P].") { value, _ in TensorValue.value(try network(value).weights.detach().clone()) },
        .method("norm", [], "Euclidean norm of all parameters.") { value, _, _ in TensorValue.value(try network(value).weights.norm()) },
        .method("distance", [required("before")], "Euclidean distance of the parameters from those of a snapshot.") { value, arguments, _ in
            let before = try arguments.host(0, SnapshotValue.self, "a snapshot").snapshot
            return TensorValue.value(try network(value).weights.sub(before.weights).norm())
        },
    ])
}

final class SnapshotValue: HostValue {
    let snapshot: WeightsSnapshot
    init(_ snapshot: WeightsSnapshot) { self.snapshot = snapshot }
    override var typeName: String { "snapshot" }
    override func describe(_ describer: inout Describer) { describer.write("<snapshot of \(snapshot.weights.count) parameters>") }
}
