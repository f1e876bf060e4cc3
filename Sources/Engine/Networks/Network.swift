import CTorch

/// A network whose parameters are views of one flat vector, and their gradients of another:
/// an update, a snapshot or an interpolation is one operation, whatever the number of layers.
open class Network {
    public let entries: [StateEntry]
    /// What the network expects for each sample, flattened: [B, inputSize].
    public let inputSize: Int
    /// Columns of the logits: [B, outputs].
    public let outputs: Int
    public let dtype: DType

    /// All parameters [P].
    public private(set) var weights: Tensor
    /// Their gradients [P], which `backward` adds to.
    public private(set) var gradients: Tensor
    /// Running means and variances of batch norms [S].
    public private(set) var statistics: Tensor
    /// Batches seen, one for each batch norm, int64.
    public private(set) var counters: Tensor
    /// Views by name, as the layers use them.
    private var views: [String: Tensor] = [:]
    /// Made when it is first used.
    private var recordedPasses: RecordedPasses?

    init(_ layout: StateLayout, inputSize: Int, outputs: Int, dtype: DType, device: Device) throws {
        entries = layout.entries
        self.inputSize = inputSize
        self.outputs = outputs
        self.dtype = dtype
        weights = try Tensor.zeros([layout.sizes[.weight] ?? 0], dtype: dtype, device: device)
        gradients = try Tensor.zeros([layout.sizes[.weight] ?? 0], dtype: dtype, device: device)
        statistics = try Tensor.zeros([layout.sizes[.statistic] ?? 0], dtype: dtype, device: device)
        counters = try Tensor.zeros([layout.sizes[.counter] ?? 0], dtype: .int64, device: device)
        try bind()
    }

    /// Makes the views. A parameter's gradient is set to its stretch of the flat gradient: `backward` adds in place to a gradient that is there.
    private func bind() throws {
        views = [:]
        recordedPasses = nil
        try withoutGradients {
            for entry in entries {
                let view = try Self.view(of: storage(entry), entry)
                if entry.storage == .weight {
                    try view.setRequiresGrad(true)
                    try view.setGrad(try Self.view(of: gradients, entry))
                }
                views[entry.name] = view
            }
        }
        didBind()
    }

    /// Called when the views are new: subclasses fetch those that they use.
    func didBind() {}

    private static func view(of storage: Tensor, _ entry: StateEntry) throws -> Tensor {
        try entry.order.view(try storage.narrow(0, entry.offset, entry.count), entry.shape)
    }

    private func storage(_ entry: StateEntry) -> Tensor {
        switch entry.storage {
        case .weight: return weights
        case .statistic: return statistics
        case .counter: return counters
        }
    }

    func view(_ name: String) -> Tensor { views[name]! }

    // MARK: - What subclasses say

    /// Logits [B, outputs] of samples [B, inputSize], which belong to tasks int64 [B] where the network takes them.
    /// What it does may depend on the shapes of its inputs and on `training`, not on their numbers: on a GPU it is recorded.
    func pass(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor { throw EngineError("this network has no forward pass") }
    /// A network of the same shape with other storage.
    open func makeEmpty() throws -> Network { throw EngineError("this network can't be copied") }
    /// How many tasks it knows, where the samples' tasks are part of the input: `forward(x, tasks:)`; nil where they are not.
    open var taskCount: Int? { nil }
    /// Where in the flat vector the parameters of the task controller begin; nil without one.
    open var contextStart: Int? { nil }
    /// Parameters of the first layer, weights and biases: the first of the flat vector.
    public var inputParameterCount: Int {
        func layer(_ entry: StateEntry) -> Substring { entry.name.lastIndex(of: ".").map { entry.name[..<$0] } ?? entry.name[...] }
        guard let first = entries.first else { return 0 }
        return entries.prefix { $0.storage == .weight && layer($0) == layer(first) }.reduce(0) { $0 + $1.count }
    }
    /// A network of the same shape in another precision; nil where there is none.
    open func makeEmpty(_ dtype: DType) throws -> Network? { nil }
    /// "mlp 784-128-10"
    open var description: String { "network" }

    // MARK: - Facts

    /// The views of the weights that gradients flow to, in the order of the flat vector.
    public var parameters: [Tensor] { entries.filter { $0.storage == .weight }.map { view($0.name) } }

    public var device: Device { weights.device }
    public var parameterCount: Int { weights.count }
    public var stateNames: [String] { entries.map(\.name) }

    /// Checks the samples and gives them as [B, inputSize].
    func checked(_ x: Tensor) throws -> Tensor {
        let shape = x.shape
        if shape.count == 2, shape[1] == inputSize, x.dtype == dtype, x.device == weights.device { return x }
        guard x.rank >= 1, x.shape.dropFirst().reduce(1, *) == inputSize, x.rank > 1 else {
            throw EngineError("\(description) takes samples [B, \(inputSize)], not [\(Tensor.list(x.shape))]")
        }
        guard x.dtype == dtype else { throw EngineError("\(description) takes \(dtype.rawValue) samples, not \(x.dtype.rawValue)") }
        guard x.device == device else { throw EngineError("the network is on \(device), but the samples are on \(x.device)", .device) }
        return x.rank == 2 ? x : try x.flatten(1)
    }

    public var takesTasks: Bool { taskCount != nil }
    /// Passes that were recorded, and forward passes that were replayed since it was made or moved.
    public var recordedPassCounts: (recorded: Int, replayed: Int) { recordedPasses?.counts ?? (0, 0) }

    // MARK: - Passes

    /// Logits [B, outputs] of samples [B, inputSize].
    public final func forward(_ x: Tensor, training: Bool) throws -> Tensor {
        guard !takesTasks else { throw EngineError("\(description) is called with the tasks of the samples") }
        return try run(try checked(x), tasks: nil, training: training)
    }

    /// Logits [B, outputs] of samples that belong to tasks, one for each. Networks that take no tasks pass them over.
    public final func forward(_ x: Tensor, tasks: [Int], training: Bool) throws -> Tensor {
        guard let known = taskCount else { return try forward(x, training: training) }
        let x = try checked(x)
        guard tasks.count == x.shape[0] else { throw EngineError("\(x.shape[0]) samples come with \(tasks.count) tasks") }
        if let low = tasks.min(), let high = tasks.max(), low < 0 || high >= known { throw EngineError("the network has the tasks 0 to \(known - 1), not \(low < 0 ? low : high)") }
        return try run(x, tasks: try Tensor.from(tasks, device: device), training: training)
    }

    /// Logits [B, outputs] for which batch norms take the statistics of these samples, as in training; the running statistics stay as they are.
    public final func forwardBySampleStatistics(_ x: Tensor, tasks: [Int]) throws -> Tensor {
        guard hasBatchNorms else { return try forward(x, tasks: tasks, training: false) }
        let kept = try withoutGradients { (statistics: try statistics.clone(), counters: try counters.clone()) }
        // Of the same shapes: putting them back can't fail.
        defer {
            try? withoutGradients {
                try statistics.copyInPlace(from: kept.statistics)
                try counters.copyInPlace(from: kept.counters)
            }
        }
        return try forward(x, tasks: tasks, training: true)
    }

    public var hasBatchNorms: Bool { statistics.count > 0 }

    private func run(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        guard FusedPasses.areRecorded(on: device), !x.requiresGrad, x.count > 0 else { return try pass(x, tasks: tasks, training: training) }
        let passes = try recordedPasses ?? RecordedPasses(self)
        recordedPasses = passes
        return try passes.forward(x, tasks: tasks, training: training)
    }

    // MARK: - Learning

    public func zeroGradients() throws { try gradients.zeroInPlace() }

    /// The sums of gradients [P], which are zero from then on. On the CPU nothing is copied: the gradients get other memory.
    public func takeGradients() throws -> Tensor { try gradients.take() }

    /// weights -= learningRate * gradients
    public func descend(learningRate: Double) throws { try withoutGradients { try weights.addInPlace(gradients, alpha: -learningRate) } }

    /// The same for a stretch of the flat vector.
    public func descend(learningRate: Double, in range: Range<Int>) throws {
        try withoutGradients {
            try weights.narrow(0, range.lowerBound, range.count).addInPlace(try gradients.narrow(0, range.lowerBound, range.count), alpha: -learningRate)
        }
    }

    public func snapshot() throws -> WeightsSnapshot {
        try withoutGradients { WeightsSnapshot(weights: try weights.clone(), statistics: try statistics.clone(), counters: try counters.clone()) }
    }

    public func restore(_ snapshot: WeightsSnapshot) throws {
        try check(snapshot)
        try withoutGradients {
            try weights.copyInPlace(from: snapshot.weights)
            try statistics.copyInPlace(from: snapshot.statistics)
            try counters.copyInPlace(from: snapshot.counters)
        }
    }

    /// Sets the sums of gradients [P], as after `backward`.
    public func restoreGradients(_ values: Tensor) throws {
        guard values.shape == gradients.shape else { throw EngineError("the network has \(gradients.count) gradients, not \(values.summary)") }
        try withoutGradients { try gradients.copyInPlace(from: values) }
    }

    /// state = before + fraction * (state - before), batch-norm statistics included; counters are cut off to integers, as PyTorch does.
    public func interpolate(from before: WeightsSnapshot, fraction: Double) throws {
        try check(before)
        try withoutGradients {
            try weights.interpolateInPlace(from: before.weights, fraction)
            guard statistics.count > 0 else { return }
            try statistics.interpolateInPlace(from: before.statistics, fraction)
            let between = try counters.to(.float64)
            try between.interpolateInPlace(from: try before.counters.to(.float64), fraction)
            try counters.copyInPlace(from: between)
        }
    }

    /// - Throws: `EngineError` where a snapshot is of a network of another shape.
    public func check(_ snapshot: WeightsSnapshot) throws {
        guard snapshot.weights.shape == weights.shape, snapshot.statistics.shape == statistics.shape, snapshot.counters.shape == counters.shape, snapshot.weights.dtype == dtype else {
            throw EngineError("the snapshot has \(snapshot.weights.count) parameters, the network \(weights.count): it is of another network")
        }
    }

    // MARK: - State

    /// Copies of all tensors, in PyTorch's order and under its names.
    public func stateDict() throws -> [(String, Tensor)] {
        try withoutGradients { try entries.map { ($0.name, try view($0.name).detach().contiguous().clone()) } }
    }

    /// Sets the tensors by name. On an error nothing is changed; the error lists what is missing, unknown, or of another shape.
    public func load(_ state: [String: Tensor]) throws {
        var problems: [String] = []
        for entry in entries {
            guard let tensor = state[entry.name] else {
                if entry.storage != .counter { problems.append("'\(entry.name)' is missing") }
                continue
            }
            if entry.storage != .counter, !tensor.dtype.isFloatingPoint { problems.append("'\(entry.name)' is \(tensor.dtype.rawValue), not floats") }
            let isScalar = entry.shape.isEmpty && tensor.count == 1
            if tensor.shape != entry.shape, !isScalar { problems.append("'\(entry.name)' is [\(Tensor.list(tensor.shape))] instead of [\(Tensor.list(entry.shape))]") }
        }
        let known = Set(stateNames)
        for name in state.keys.sorted() where !known.contains(name) { problems.append("'\(name)' is not part of \(description)") }
        guard problems.isEmpty else {
            let shown = problems.prefix(4).joined(separator: "; ")
            throw EngineError("these weights do not fit \(description): \(shown)\(problems.count > 4 ? "; and \(problems.count - 4) more" : "")")
        }
        try withoutGradients {
            for entry in entries {
                guard let tensor = state[entry.name] else { continue }
                try view(entry.name).detach().copyInPlace(from: try tensor.reshape(entry.shape).to(device))
            }
        }
    }

    /// A network of its own with the same weights and statistics; its gradients are zero.
    public func copy() throws -> Network {
        let other = try makeEmpty()
        try other.to(device)
        try other.restore(try snapshot())
        return other
    }

    /// Moves the storages. What others hold of the old ones keeps the old values.
    public func to(_ device: Device) throws {
        if self.device == device { return }
        try withoutGradients {
            weights = try weights.to(device)
            gradients = try gradients.to(device)
            statistics = try statistics.to(device)
            counters = try counters.to(device)
        }
        try bind()
    }
}
