import Continual
import Engine
import Interpreter

/// A value of the language as a learner's file holds it: plain values in full, tensors by the name under which they are in the file.
enum SavedValue: Codable, Equatable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case list([SavedValue])
    case record(keys: [String], values: [SavedValue])
    case tensor(String, learns: Bool)
    case range(Int, Int)
    case draw(String, tasks: [Int], slots: [Int], flat: [Int], hasTargets: Bool)
    case snapshot(String)
    case network(String, description: String)
    case memory(String, filled: [Int], positions: [Int], hasTargets: Bool, written: [Int]?, writes: Int?)
    case pooled(String, owners: [Int], seen: [Int], hasTargets: Bool, written: [Int]?, writes: Int?)
    /// Not saved: it has to be there already, and of the same kind (a benchmark, a function).
    case kept(type: String, description: String, recipe: Recipe?)
}

extension SavedValue {
    /// Whether it is the same, floats by their bits.
    func isSame(as other: SavedValue) -> Bool {
        switch (self, other) {
        case (.float(let a), .float(let b)): return a.bitPattern == b.bitPattern
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.record(let keys, let a), .record(let others, let b)): return keys == others && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        default: return self == other
        }
    }
}

/// Collects the tensors of the values that are written.
struct ValueWriter {
    private(set) var tensors: [(String, Tensor)] = []
    private var count = 0
    /// Whether tensors are copied: for what is kept while the session goes on.
    private let copies: Bool
    private static let deepest = 64
    private static let most = 10_000_000

    init(copies: Bool = false) { self.copies = copies }

    mutating func save(_ value: Value, as path: String, depth: Int = 0) throws -> SavedValue {
        guard depth < Self.deepest else { throw Failure(.badValue, "'\(path.prefix(40))...' is nested more than \(Self.deepest) deep, or holds itself: it can't be saved") }
        count += 1
        guard count <= Self.most else { throw Failure(.badValue, "there are more than \(Self.most) values to save; tensors hold more than lists") }
        switch value {
        case .unset, .cell, .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .string(let string): return .text(string.text)
        case .list(let list):
            return .list(try list.items.enumerated().map { try save($0.element, as: "\(path).\($0.offset)", depth: depth + 1) })
        case .record(let record):
            return .record(keys: Array(record.entries.keys), values: try record.entries.map { try save($0.value, as: "\(path).\($0.key)", depth: depth + 1) })
        case .host(let host): return try save(host, as: path)
        }
    }

    private mutating func save(_ host: HostValue, as path: String) throws -> SavedValue {
        switch host {
        case let value as TensorValue:
            tensors.append((path, copies ? try value.tensor.detach().clone() : try value.tensor.detach()))
            return .tensor(path, learns: value.tensor.requiresGrad)
        case let value as SnapshotValue:
            add(value.snapshot, path)
            return .snapshot(path)
        case let value as NetworkValue:
            add(try value.network.snapshot(), path)
            tensors.append(("\(path).gradients", try value.network.gradients.clone()))
            return .network(path, description: value.network.description)
        case let value as MemoryValue:
            let copy = try value.memory.snapshot()
            tensors += [("\(path).x", copy.x), ("\(path).y", copy.y)]
            if let targets = copy.targets { tensors.append(("\(path).targets", targets)) }
            return .memory(path, filled: copy.filled, positions: copy.positions, hasTargets: copy.targets != nil, written: copy.written, writes: copy.writes)
        case let value as PooledMemoryValue:
            let copy = try value.memory.snapshot()
            tensors += [("\(path).x", copy.x), ("\(path).y", copy.y)]
            if let targets = copy.targets { tensors.append(("\(path).targets", targets)) }
            return .pooled(path, owners: copy.owners, seen: copy.seen, hasTargets: copy.targets != nil, written: copy.written, writes: copy.writes)
        case let value as DrawValue:
            let draw = value.draw
            tensors += [("\(path).x", draw.x), ("\(path).y", draw.y)]
            if let targets = draw.targets { tensors.append(("\(path).targets", targets)) }
            return .draw(path, tasks: draw.tasks, slots: draw.slots, flat: draw.flat, hasTargets: draw.targets != nil)
        case let value as RangeValue: return .range(value.start, value.end)
        case is MethodInstance: throw Failure(.badValue, "'\(path)' is a learner inside of a learner: it can't be saved with it", hint: "save it for itself")
        default: return .kept(type: host.typeName, description: host is Reproducible ? Describer.string(.host(host)) : "", recipe: (host as? Reproducible)?.recipe)
        }
    }

    private mutating func add(_ snapshot: WeightsSnapshot, _ path: String) {
        tensors += [("\(path).weights", snapshot.weights), ("\(path).statistics", snapshot.statistics), ("\(path).counters", snapshot.counters)]
    }
}

/// Reads values back. Everything is checked first; what changes objects in place is put off until all is known to fit.
struct ValueReader {
    private let tensors: [String: Tensor]
    /// Where they come from, for messages.
    let path: String
    private(set) var changes: [() throws -> Void] = []

    init(_ tensors: [String: Tensor], path: String) {
        self.tensors = tensors
        self.path = path
    }

    /// - Parameter current: what is there now: networks and memories are set in place, as others refer to them.
    mutating func read(_ saved: SavedValue, over current: Value?, _ name: String) throws -> Value {
        switch saved {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .text(let value): return .text(value)
        case .list(let items):
            var old: [Value] = []
            if case .list(let list)? = current { old = list.items }
            var values: [Value] = []
            for (index, item) in items.enumerated() { values.append(try read(item, over: index < old.count ? old[index] : nil, "\(name)[\(index)]")) }
            return .items(values)
        case .record(let keys, let items):
            guard keys.count == items.count, Set(keys).count == keys.count else { throw damaged("the record '\(name)' has \(keys.count) keys and \(items.count) values") }
            var old: RecordValue?
            if case .record(let record)? = current { old = record }
            var entries: [(String, Value)] = []
            for (key, item) in zip(keys, items) { entries.append((key, try read(item, over: old?.entries[key], "\(name).\(key)"))) }
            return .record(RecordValue(entries))
        case .tensor(let place, let learns):
            let tensor = try tensor(place).clone()
            if case .host(let host)? = current, let old = host as? TensorValue { return TensorValue.value(try learning(tensor.to(old.tensor.device), learns)) }
            return TensorValue.value(try learning(tensor, learns))
        case .range(let start, let end): return .host(RangeValue(start, end))
        case .draw(let place, let tasks, let slots, let flat, let hasTargets):
            let (x, y, targets) = (try tensor("\(place).x"), try tensor("\(place).y"), hasTargets ? try tensor("\(place).targets") : nil)
            let isWhole = ([x, y] + (targets.map { [$0] } ?? [])).allSatisfy { $0.rank >= 1 && $0.shape[0] == flat.count } && tasks.count == flat.count && slots.count == flat.count
            guard isWhole else { throw damaged("the draw '\(name)' has parts of different lengths") }
            return .host(DrawValue(MemoryDraw(x: x, y: y, tasks: tasks, slots: slots, targets: targets, flat: flat)))
        case .snapshot(let place): return .host(SnapshotValue(try snapshot(place)))
        case .network(let place, let description):
            guard case .host(let host)? = current, let value = host as? NetworkValue else { throw mismatch(name, "network", current) }
            guard value.network.description == description else { throw misfit("'\(name)' was \(description), but is \(value.network.description) here") }
            let (state, gradients) = (try snapshot(place), try tensor("\(place).gradients"))
            try value.network.check(state)
            guard gradients.shape == value.network.gradients.shape else { throw damaged("'\(place).gradients' are \(gradients.summary)") }
            changes.append {
                try value.network.restore(state)
                try value.network.restoreGradients(gradients)
            }
            return .host(value)
        case .memory(let place, let filled, let positions, let hasTargets, let written, let writes):
            guard case .host(let host)? = current, let value = host as? MemoryValue else { throw mismatch(name, "memory", current) }
            let state = RingMemory.Snapshot(x: try tensor("\(place).x"), y: try tensor("\(place).y"), targets: hasTargets ? try tensor("\(place).targets") : nil,
                                            filled: filled, positions: positions, written: written, writes: writes ?? 0)
            do { try value.memory.check(state) } catch let error as DataError { throw misfit("'\(name)' does not fit: \(error.message)") }
            changes.append { try value.memory.restore(state) }
            return .host(value)
        case .pooled(let place, let owners, let seen, let hasTargets, let written, let writes):
            guard case .host(let host)? = current, let value = host as? PooledMemoryValue else { throw mismatch(name, "memory", current) }
            let state = PooledMemory.Snapshot(x: try tensor("\(place).x"), y: try tensor("\(place).y"), targets: hasTargets ? try tensor("\(place).targets") : nil, owners: owners, seen: seen,
                                              written: written, writes: writes ?? 0)
            do { try value.memory.check(state) } catch let error as DataError { throw misfit("'\(name)' does not fit: \(error.message)") }
            changes.append { try value.memory.restore(state) }
            return .host(value)
        case .kept(let type, let description, let recipe):
            guard case .host(let host)? = current, host.typeName == type else { throw mismatch(name, type, current) }
            let here = Describer.string(.host(host))
            guard description.isEmpty || description == here else { throw misfit("'\(name)' was \(description), but is \(here) here") }
            // The same files may lie in another folder here.
            if let recipe, let own = (host as? Reproducible)?.recipe, own.essence != recipe.essence {
                throw misfit("'\(name)' was \(recipe), but is \(own) here")
            }
            return .host(host)
        }
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let tensor = tensors[name] else { throw damaged("it has no tensor '\(name)'") }
        return tensor
    }

    private func snapshot(_ place: String) throws -> WeightsSnapshot {
        WeightsSnapshot(weights: try tensor("\(place).weights"), statistics: try tensor("\(place).statistics"), counters: try tensor("\(place).counters"))
    }

    private func learning(_ tensor: Tensor, _ learns: Bool) throws -> Tensor {
        if learns, tensor.dtype.isFloatingPoint { try tensor.setRequiresGrad(true) }
        return tensor
    }

    private func mismatch(_ name: String, _ type: String, _ current: Value?) -> Failure {
        misfit("'\(name)' was a \(type), but is \(current.map(\.phrase) ?? "not there") here")
    }

    private func misfit(_ message: String) -> Failure {
        Failure(.badValue, "the learner in '\(path)' does not fit this one: \(message)", hint: "make the learner as it was made before it was saved, then load it")
    }

    private func damaged(_ message: String) -> Failure { Failure(.fileError, "'\(path)' is damaged: \(message)") }
}
