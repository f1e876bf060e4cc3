/// One named tensor of a network's state, and where it lives in the flat storages.
public struct StateEntry: Sendable {
    public enum Storage: Sendable {
        /// Learned; has a gradient.
        case weight
        /// Batch-norm running mean or variance.
        case statistic
        /// Number of batches seen by a batch norm, int64.
        case counter
    }

    /// As in PyTorch's state_dict.
    public let name: String
    public let storage: Storage
    public let shape: [Int]
    /// First element in its storage.
    public let offset: Int
    /// Whether a weight [out, in] lies in its storage as [in, out]: passes that skip inputs of zero read and write it by rows.
    public let isTransposed: Bool

    public var count: Int { shape.reduce(1, *) }
}

/// Lists the tensors of a network in state_dict order and lays them out one behind the other.
struct StateLayout {
    private(set) var entries: [StateEntry] = []
    private(set) var sizes: [StateEntry.Storage: Int] = [:]

    mutating func add(_ name: String, _ shape: [Int], _ storage: StateEntry.Storage = .weight, isTransposed: Bool = false) {
        let entry = StateEntry(name: name, storage: storage, shape: shape, offset: sizes[storage] ?? 0, isTransposed: isTransposed)
        entries.append(entry)
        sizes[storage, default: 0] += entry.count
    }

    mutating func addBatchNorm(_ name: String, _ channels: Int) {
        add("\(name).weight", [channels])
        add("\(name).bias", [channels])
        add("\(name).running_mean", [channels], .statistic)
        add("\(name).running_var", [channels], .statistic)
        add("\(name).num_batches_tracked", [], .counter)
    }
}

/// A copy of everything that training changes in a network.
public final class WeightsSnapshot {
    public let weights: Tensor
    public let statistics: Tensor
    public let counters: Tensor

    public init(weights: Tensor, statistics: Tensor, counters: Tensor) {
        self.weights = weights
        self.statistics = statistics
        self.counters = counters
    }
}
