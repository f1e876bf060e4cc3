import BCLScript
import Engine
import Figures
import Interpreter

/// A network as a value: called on samples it gives logits.
final class NetworkValue: Callable, Reproducible {
    let network: Network
    /// Of its architecture.
    var recipe: Recipe?
    private unowned let workbench: Workbench

    init(_ network: Network, _ workbench: Workbench) {
        self.network = network
        self.workbench = workbench
        super.init(Signature("network", [required("x")]))
    }

    override var typeName: String { "network" }
    override var signatureOwner: AnyObject? { Self.table }
    override var members: MemberTable { Self.table }
    override func describe(_ describer: inout Describer) {
        describer.write("<\(network.description), \(network.parameterCount) parameters, \(network.device)>")
    }

    override func figure() throws -> Figure? { try NetworkFigures.network(network) }

    /// In training mode while a learner is being trained, in evaluation mode elsewhere.
    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        TensorValue.value(try network.forward(try TensorBuiltins.tensor(arguments, 0), training: workbench.trainingDepth > 0))
    }

    private static func network(_ value: Value) throws -> Network {
        guard case .host(let host) = value, let network = (host as? NetworkValue)?.network else { throw Failure(.wrongType, "this is \(value.phrase), not a network") }
        return network
    }

    static let table = MemberTable([
        .property("weights", "All its parameters as one vector [P], with batch-norm statistics beside them: snapshot, restore, interpolate.") { value, _ in
            .host(WeightsValue(try network(value)))
        },
        .property("gradients", "A copy of the gradients of all parameters [P], summed up since zero_grad.") { value, _ in TensorValue.value(try network(value).gradients.clone()) },
        .property("inputs", "Numbers in a sample.") { value, _ in .int(try network(value).inputSize) },
        .property("outputs", "Number of logits.") { value, _ in .int(try network(value).outputs) },
        .property("parameters", "Number of parameters.") { value, _ in .int(try network(value).parameterCount) },
        .property("state", "Record of copies of all tensors under PyTorch's state_dict names.") { value, _ in
            .record(RecordValue(try network(value).stateDict().map { ($0, TensorValue.value($1)) }))
        },
        .method("zero_grad", [], "Sets all gradients to zero.") { value, _, _ in
            try network(value).zeroGradients()
            return .none
        },
        .method("add_gradients", [required("values")], "Adds a vector [P] to the gradients, as backward does: for penalties whose gradient is known.") { value, arguments, _ in
            let network = try network(value)
            let values = try TensorBuiltins.tensor(arguments, 0)
            guard values.shape == network.gradients.shape else { throw arguments.bad(0, "must be a vector of \(network.parameterCount) numbers, not \(values.summary)") }
            try withoutGradients { try network.gradients.addInPlace(values) }
            return .none
        },
        .method("step", [required("lr")], "One step of gradient descent: weights -= lr * gradients.") { value, arguments, _ in
            let rate = try arguments.double(0)
            guard rate.isFinite else { throw arguments.bad(0, "must be finite") }
            try network(value).descend(learningRate: rate)
            return .none
        },
        .method("copy", [], "A network of its own with the same weights.") { value, _, _ in
            guard case .host(let host) = value, let original = host as? NetworkValue else { return .none }
            let copy = NetworkValue(try original.network.copy(), original.workbench)
            copy.recipe = original.recipe
            return .host(copy)
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
