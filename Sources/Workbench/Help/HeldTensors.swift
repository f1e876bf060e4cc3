import Continual
import Engine
import Interpreter

/// The tensors that a value holds, each once: for `%memory`.
public struct HeldTensors {
    public struct Row {
        public let name: String
        public let tensors: Int
        public let bytes: Int
        public let devices: [String]
    }

    private var known = Set<ObjectIdentifier>()
    private var visited = Set<ObjectIdentifier>()

    /// What each of a session's names holds. What several of them share counts for the first one that is listed.
    public static func rows(of session: Session) -> [Row] {
        session.thread.sync {
            var held = HeldTensors()
            return session.scope.variables.keys.sorted().compactMap { name in
                guard let value = session.value(of: name) else { return nil }
                let tensors = held.collect(value)
                guard !tensors.isEmpty else { return nil }
                return Row(name: name, tensors: tensors.count, bytes: tensors.reduce(0) { $0 + $1.byteCount }, devices: Array(Set(tensors.map(\.device.description))).sorted())
            }
        }
    }

    private mutating func collect(_ value: Value) -> [Tensor] {
        var found: [Tensor] = []
        var waiting = [value]
        while let next = waiting.popLast() {
            switch next {
            case .list(let list): if visited.insert(ObjectIdentifier(list)).inserted { waiting += list.items }
            case .record(let record): if visited.insert(ObjectIdentifier(record)).inserted { waiting += Array(record.entries.values) }
            case .host(let host):
                guard visited.insert(ObjectIdentifier(host)).inserted else { continue }
                if let learner = host as? MethodInstance { waiting += learner.stateNames.compactMap(learner.state) }
                found += Self.tensors(of: host).filter { known.insert(ObjectIdentifier($0)).inserted }
            default: break
            }
        }
        return found
    }

    private static func tensors(of host: HostValue) -> [Tensor] {
        switch host {
        case let value as TensorValue: return [value.tensor]
        case let value as NetworkValue: return [value.network.weights, value.network.gradients, value.network.statistics, value.network.counters].filter { $0.count > 0 }
        case let value as WeightsValue: return [value.network.weights]
        case let value as SnapshotValue: return [value.snapshot.weights, value.snapshot.statistics, value.snapshot.counters].filter { $0.count > 0 }
        case let value as MemoryValue: return [value.memory.x, value.memory.y] + (value.memory.targets.map { [$0] } ?? [])
        case let value as PooledMemoryValue: return [value.memory.x, value.memory.y] + (value.memory.targets.map { [$0] } ?? [])
        case let value as DrawValue: return [value.draw.x, value.draw.y] + (value.draw.targets.map { [$0] } ?? [])
        case let value as DatasetValue: return [value.dataset.train, value.dataset.test].flatMap { [$0.images, $0.labels] }
        case let value as BenchmarkValue: return value.benchmark.tasks.flatMap { $0.train.tensors + $0.test.tensors }
        case let value as TaskValue: return value.task.train.tensors + value.task.test.tensors
        default: return []
        }
    }
}
