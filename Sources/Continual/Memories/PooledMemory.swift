import Engine

/// A memory whose slots are not tied to tasks: which samples it keeps is a matter of its rule.
/// All samples live in one tensor [capacity, D] on the device, so that a draw is one gather.
public final class PooledMemory {
    public enum Rule: Equatable, Sendable {
        /// Every sample of the stream is kept with the same probability (algorithm R of Vitter 1985).
        case reservoir
        /// So many slots for each class; a class's new samples overwrite its oldest.
        case perClass(slots: Int)
    }

    public let rule: Rule
    /// Whose classes it knows.
    public let bench: Benchmark
    public let capacity: Int
    public let sampleSize: Int
    /// Tasks of the benchmark.
    public let tasks: Int
    /// [capacity, D]
    public private(set) var x: Tensor
    /// int64 [capacity], in the label space of the sample's task.
    public private(set) var y: Tensor
    /// What was stored beside the samples [capacity, C], once something was.
    public private(set) var targets: Tensor?
    /// Task of each slot; -1 where it is empty.
    public private(set) var owners: [Int]
    /// Samples offered so far: of the stream, or of each class.
    public private(set) var seen: [Int]
    /// For each slot the write that filled it, counted from 1; 0 where it is empty.
    public private(set) var written: [Int]
    /// Minibatches that were offered.
    public private(set) var writes = 0
    private let random: RandomStream
    private let source: DrawSource
    private let head: HeadColumns
    /// The class's number among all classes, by task and label.
    private let classNumber: (Int, Int) -> Int?

    public init(_ rule: Rule, bench: Benchmark, capacity: Int, random: RandomStream, source: DrawSource, device: Device = .cpu) throws {
        guard capacity >= 1 else { throw DataError("a memory needs at least one slot, not \(capacity)") }
        self.rule = rule
        self.bench = bench
        head = HeadColumns(bench)
        self.random = random
        self.source = source
        var total = capacity
        var groups = 1
        if case .perClass(let slots) = rule {
            groups = bench.outputs
            let (product, overflow) = groups.multipliedReportingOverflow(by: slots)
            guard !overflow else { throw DataError("a memory of \(groups) classes with \(slots) slots is too large") }
            total = product
        }
        let outputs = bench.heads == .perTask ? bench.tasks.map(\.outputs) : nil
        classNumber = { task, label in
            guard let outputs else { return label >= 0 && label < bench.outputs ? label : nil }
            return outputs.indices.contains(task) && outputs[task].indices.contains(label) ? outputs[task][label] : nil
        }
        self.capacity = total
        sampleSize = bench.inputSize
        tasks = bench.tasks.count
        x = try Tensor.zeros([total, bench.inputSize], device: device)
        y = try Tensor.zeros([total], dtype: .int64, device: device)
        owners = [Int](repeating: -1, count: total)
        seen = [Int](repeating: 0, count: groups)
        written = [Int](repeating: 0, count: total)
    }

    /// Slots in use, in their order.
    public var filledSlots: [Int] { owners.indices.filter { owners[$0] >= 0 } }
    public var count: Int { owners.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }
    public var byteCount: Int { x.byteCount + y.byteCount + (targets?.byteCount ?? 0) }

    // MARK: - Writing

    /// Offers samples x [B, D] with labels y [B] of a task, and what is to be stored beside them [B, C]. Those that the rule keeps are written.
    /// - Returns: the slots that were written, in their order.
    @discardableResult
    public func store(_ x: Tensor, _ y: Tensor, task: Int, targets: Tensor? = nil) throws -> [Int] {
        try check(task)
        guard x.rank == 2, x.shape[1] == sampleSize, y.shape == [x.shape[0]], y.dtype == .int64, x.dtype == self.x.dtype else {
            throw DataError("the memory takes x [B, \(sampleSize)] and y int64 [B], not \(x.summary) and \(y.summary)")
        }
        let targets = try targets.map { try head.fitted($0, task: task) }
        if let targets {
            guard targets.rank == 2, targets.shape[0] == y.count, self.targets == nil || self.targets!.shape[1] == targets.shape[1] else {
                throw DataError("the targets are [\(y.count), \(self.targets.map { String($0.shape[1]) } ?? "classes")], not \(targets.summary)")
            }
            if self.targets == nil { self.targets = try Tensor.zeros([capacity, targets.shape[1]], dtype: targets.dtype, device: self.x.device) }
        }
        // A later sample of the minibatch may take the slot of an earlier one: each slot is written once, by the last.
        writes += 1
        var rows: [Int: Int] = [:]
        for (row, place) in try places(y, task).enumerated() { if let place { rows[place] = row } }
        guard !rows.isEmpty else { return [] }
        let slots = rows.keys.sorted()
        let (to, from) = (try Tensor.from(slots, device: self.x.device), try Tensor.from(slots.map { rows[$0]! }, device: self.x.device))
        try withoutGradients {
            try self.x.indexCopyInPlace(0, to, try x.indexSelect(0, from))
            try self.y.indexCopyInPlace(0, to, try y.indexSelect(0, from))
            if let targets { try self.targets?.indexCopyInPlace(0, to, try targets.detach().indexSelect(0, from)) }
        }
        for slot in slots { (owners[slot], written[slot]) = (task, writes) }
        return slots
    }

    /// For each sample the slot that it goes to, or nil.
    private func places(_ y: Tensor, _ task: Int) throws -> [Int?] {
        switch rule {
        case .reservoir:
            return (0..<y.count).map { _ in
                seen[0] += 1
                if seen[0] <= capacity { return seen[0] - 1 }
                let place = random.nextInt(below: seen[0])
                return place < capacity ? place : nil
            }
        case .perClass(let slots):
            return try y.ints().map { label in
                guard let number = classNumber(task, label) else { throw DataError("label \(label) is no class of task \(task)") }
                seen[number] += 1
                return number * slots + (seen[number] - 1) % slots
            }
        }
    }

    /// Replaces what is stored beside the drawn samples.
    public func setTargets(_ values: Tensor, slots: [Int]) throws {
        guard values.rank == 2, values.shape[0] == slots.count, slots.allSatisfy({ $0 >= 0 && $0 < capacity }), targets == nil || targets!.shape[1] == values.shape[1] else {
            throw DataError("the targets are [\(slots.count), \(targets.map { String($0.shape[1]) } ?? "classes")], not \(values.summary)")
        }
        if targets == nil { targets = try Tensor.zeros([capacity, values.shape[1]], dtype: values.dtype, device: x.device) }
        try withoutGradients { try targets?.indexCopyInPlace(0, try Tensor.from(slots, device: x.device), try values.detach()) }
    }

    // MARK: - Reading

    private func check(_ task: Int) throws {
        guard task >= 0, task < tasks else { throw DataError("the memory has no task \(task); it has tasks 0 to \(tasks - 1)") }
    }

    /// All samples of a task, in the order of their slots.
    public func samples(of task: Int) throws -> MemoryDraw {
        try check(task)
        return try samples(in: owners.indices.filter { owners[$0] == task })
    }

    /// The samples in some slots.
    public func samples(in slots: [Int]) throws -> MemoryDraw {
        let indices = try Tensor.from(slots, device: x.device)
        return MemoryDraw(x: try x.indexSelect(0, indices), y: try y.indexSelect(0, indices), tasks: slots.map { owners[$0] }, slots: slots,
                          targets: try targets?.indexSelect(0, indices), flat: slots)
    }

    /// Draws at most `count` samples, or exactly as many with replacement; none from an empty memory.
    /// - Parameters:
    ///   - end: only from tasks below it.
    ///   - only: only from this task.
    ///   - avoiding: slots that are not drawn.
    public func draw(_ count: Int, tasks end: Int? = nil, only: Int? = nil, replacement: Bool = false, avoiding: [Int] = []) throws -> MemoryDraw {
        try DrawLimits.check(count, replacement: replacement)
        if let end, end < 0 || end > tasks { throw DataError("the memory has \(tasks) tasks; it can't draw from \(end)") }
        if let only { try check(only) }
        let avoided = Set(avoiding)
        let slots = owners.indices.filter { slot in
            let task = owners[slot]
            return task >= 0 && task < end ?? .max && (only == nil || task == only) && !avoided.contains(slot)
        }
        guard !slots.isEmpty else { return try samples(in: []) }
        let choice = replacement ? try source.chooseAgain(count, filled: [slots.count], slots: capacity)
            : try source.choose(count, filled: [slots.count], slots: capacity, avoiding: [])
        return try samples(in: choice.slots.map { slots[$0 % slots.count] })
    }

    // MARK: - Undo

    public struct Snapshot {
        public let x: Tensor, y: Tensor, targets: Tensor?
        public let owners: [Int], seen: [Int]
        /// When each slot was written; nil where a file does not say.
        public let written: [Int]?, writes: Int

        public init(x: Tensor, y: Tensor, targets: Tensor?, owners: [Int], seen: [Int], written: [Int]? = nil, writes: Int = 0) {
            (self.x, self.y, self.targets, self.owners, self.seen, self.written, self.writes) = (x, y, targets, owners, seen, written, writes)
        }
    }

    public func snapshot() throws -> Snapshot {
        Snapshot(x: try x.clone(), y: try y.clone(), targets: try targets?.clone(), owners: owners, seen: seen, written: written, writes: writes)
    }

    /// - Throws: `DataError` where a snapshot (from a file, say) is not of a memory like this one.
    public func check(_ snapshot: Snapshot) throws {
        let fits = snapshot.x.shape == x.shape && snapshot.x.dtype == x.dtype && snapshot.y.shape == y.shape && snapshot.y.dtype == .int64
            && (snapshot.targets.map { $0.rank == 2 && $0.shape[0] == capacity } ?? true)
            && snapshot.owners.count == capacity && snapshot.owners.allSatisfy { $0 >= -1 } && snapshot.seen.count == seen.count && snapshot.seen.allSatisfy { $0 >= 0 }
            && (snapshot.written.map { $0.count == capacity && $0.allSatisfy { $0 >= 0 && $0 <= snapshot.writes } } ?? true)
        guard fits else { throw DataError("the memory has \(capacity) slots with \(sampleSize) numbers each; what is to be put into it is \(snapshot.x.summary)") }
    }

    public func restore(_ snapshot: Snapshot) throws {
        let device = x.device
        try adopt(Snapshot(x: snapshot.x.clone().to(device), y: snapshot.y.clone().to(device), targets: snapshot.targets?.clone().to(device), owners: snapshot.owners, seen: snapshot.seen,
                           written: snapshot.written, writes: snapshot.writes))
    }

    /// Everything as it is, without a copy: others may hold views of it.
    public var contents: Snapshot { Snapshot(x: x, y: y, targets: targets, owners: owners, seen: seen, written: written, writes: writes) }

    /// The same as `restore`, without a copy.
    public func adopt(_ snapshot: Snapshot) throws {
        try check(snapshot)
        (x, y, targets) = (snapshot.x, snapshot.y, snapshot.targets)
        (owners, seen) = (snapshot.owners, snapshot.seen)
        (written, writes) = (snapshot.written ?? [Int](repeating: 0, count: capacity), snapshot.writes)
    }
}
