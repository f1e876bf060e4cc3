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
    public let order: Order

    /// How a tensor lies in its storage: as the fused passes read and write it by rows.
    public enum Order: Sendable {
        case asShaped
        /// A weight [out, in] as [in, out].
        case transposed
        /// A convolution's weight [out, in, k, k] as [k, k, in, out].
        case byTaps

        /// The shape in the storage of a tensor of a shape.
        func stored(_ shape: [Int]) -> [Int] {
            switch self {
            case .asShaped: return shape
            case .transposed: return shape.reversed()
            case .byTaps: return [shape[2], shape[3], shape[1], shape[0]]
            }
        }

        /// The view of a stretch of storage.
        func view(_ stretch: Tensor, _ shape: [Int]) throws -> Tensor {
            let stored = try stretch.reshape(stored(shape))
            switch self {
            case .asShaped: return stored
            case .transposed: return try stored.transpose(0, 1)
            case .byTaps: return try stored.transpose(0, 3).transpose(1, 2).transpose(2, 3)
            }
        }

        /// A tensor of the shape as its stretch of storage.
        func flat(_ tensor: Tensor) throws -> Tensor {
            switch self {
            case .asShaped: return try tensor.flatten(0)
            case .transposed: return try tensor.transpose(0, 1).flatten(0)
            case .byTaps: return try tensor.transpose(2, 3).transpose(1, 2).transpose(0, 3).flatten(0)
            }
        }
    }

    public var count: Int { shape.reduce(1, *) }
}

/// Lists the tensors of a network in state_dict order and lays them out one behind the other.
struct StateLayout {
    private(set) var entries: [StateEntry] = []
    private(set) var sizes: [StateEntry.Storage: Int] = [:]

    mutating func add(_ name: String, _ shape: [Int], _ storage: StateEntry.Storage = .weight, order: StateEntry.Order = .asShaped) {
        let entry = StateEntry(name: name, storage: storage, shape: shape, offset: sizes[storage] ?? 0, order: order)
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
