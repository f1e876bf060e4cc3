import Engine

/// Samples drawn from a memory.
public struct MemoryDraw {
    /// [k, D]
    public let x: Tensor
    /// int64 [k]
    public let y: Tensor
    /// Task of each sample.
    public let tasks: [Int]
    public let slots: [Int]
    /// Stored soft targets [k, C]; nil where none were stored.
    public let targets: Tensor?
    /// task * slots + slot for each sample.
    public let flat: [Int]
    public var count: Int { tasks.count }

    public init(x: Tensor, y: Tensor, tasks: [Int], slots: [Int], targets: Tensor?, flat: [Int]) {
        (self.x, self.y, self.tasks, self.slots, self.targets, self.flat) = (x, y, tasks, slots, targets, flat)
    }

    /// Some of its samples. The places must lie within it.
    public func picked(_ places: [Int]) throws -> MemoryDraw {
        let rows = try Tensor.from(places, device: x.device)
        return MemoryDraw(x: try x.indexSelect(0, rows), y: try y.indexSelect(0, rows), tasks: places.map { tasks[$0] }, slots: places.map { slots[$0] },
                          targets: try targets?.indexSelect(0, rows), flat: places.map { flat[$0] })
    }
}

/// A memory of a fixed number of samples for each task: new samples overwrite the oldest.
/// All samples live in one tensor [tasks * slots, D] on the device, so that a draw is one gather.
public final class RingMemory {
    public let tasks: Int
    public let slots: Int
    public let sampleSize: Int
    /// Whether a task's first sample fills all its slots (as the published BCL-dual does).
    public let prefills: Bool
    /// Whether all tasks share one position: a new task's first sample goes where the last task's next one would have gone (as in the published GEM and ER).
    public let sharesPosition: Bool
    /// [tasks * slots, D]
    public private(set) var x: Tensor
    /// int64 [tasks * slots]
    public private(set) var y: Tensor
    /// Soft targets [tasks * slots, C], once some were stored.
    public private(set) var targets: Tensor?
    /// Slots in use, for each task.
    public private(set) var filled: [Int]
    /// The slot that is written next, for each task.
    public private(set) var positions: [Int]
    /// For each slot of all tasks the write that filled it, counted from 1; 0 where it is empty.
    public private(set) var written: [Int]
    /// Minibatches that were written.
    public private(set) var writes = 0
    public var source: DrawSource
    /// Of the tasks whose samples it keeps.
    public let head: HeadColumns

    public init(tasks: Int, slots: Int, sampleSize: Int, prefills: Bool, sharesPosition: Bool = false, head: HeadColumns = HeadColumns(), source: DrawSource, dtype: DType = .float32, device: Device = .cpu) throws {
        guard tasks >= 1, slots >= 1, sampleSize >= 1 else { throw DataError("a memory needs at least one slot for each task, not \(slots)") }
        let (rows, overflow) = tasks.multipliedReportingOverflow(by: slots)
        guard !overflow else { throw DataError("a memory of \(tasks) tasks with \(slots) slots is too large") }
        self.tasks = tasks
        self.slots = slots
        self.sampleSize = sampleSize
        self.prefills = prefills
        self.sharesPosition = sharesPosition
        self.source = source
        self.head = head
        x = try Tensor.zeros([rows, sampleSize], dtype: dtype, device: device)
        y = try Tensor.zeros([rows], dtype: .int64, device: device)
        filled = [Int](repeating: 0, count: tasks)
        positions = filled
        written = [Int](repeating: 0, count: rows)
    }

    public var byteCount: Int { x.byteCount + y.byteCount + (targets?.byteCount ?? 0) }
    public var count: Int { filled.reduce(0, +) }

    // MARK: - Writing

    private func check(_ task: Int, _ x: Tensor, _ y: Tensor) throws {
        guard task >= 0, task < tasks else { throw DataError("the memory has no task \(task); it has tasks 0 to \(tasks - 1)") }
        guard x.rank == 2, x.shape[1] == sampleSize, y.shape == [x.shape[0]], y.dtype == .int64 else {
            throw DataError("the memory takes x [B, \(sampleSize)] and y int64 [B], not \(x.summary) and \(y.summary)")
        }
        guard x.dtype == self.x.dtype else { throw DataError("the memory holds \(self.x.dtype.rawValue) samples, not \(x.dtype.rawValue)") }
    }

    private func write(_ task: Int, _ slot: Int, _ samples: Tensor, _ labels: Tensor) throws {
        let length = labels.count
        try withoutGradients {
            try x.narrow(0, task * slots + slot, length).copyInPlace(from: samples)
            try y.narrow(0, task * slots + slot, length).copyInPlace(from: labels)
        }
        for place in slot..<(slot + length) { written[task * slots + place] = writes }
    }

    private func prefill(_ task: Int, _ samples: Tensor, _ labels: Tensor) throws {
        writes += 1
        guard prefills, filled[task] == 0 else { return }
        try withoutGradients {
            try x.narrow(0, task * slots, slots).copyInPlace(from: samples.narrow(0, 0, 1))
            try y.narrow(0, task * slots, slots).copyInPlace(from: labels.narrow(0, 0, 1))
        }
        filled[task] = slots
        for place in 0..<slots { written[task * slots + place] = writes }
    }

    /// Writes a minibatch behind the last one. At the end of the ring what does not fit is dropped and the next minibatch starts at slot 0
    /// (the published rule).
    public func store(_ x: Tensor, _ y: Tensor, task: Int) throws {
        try check(task, x, y)
        guard y.count > 0 else { return }
        try prefill(task, x, y)
        let start = positions[task]
        let length = min(y.count, slots - start)
        try write(task, start, try x.narrow(0, 0, length), try y.narrow(0, 0, length))
        advance(task, to: start + length)
    }

    /// After a write: counts the slots in use, and sets where the next sample goes.
    private func advance(_ task: Int, to end: Int) {
        if !sharesPosition {
            filled[task] = max(filled[task], end)
        } else if filled[task] < slots {
            filled[task] = written[task * slots..<(task + 1) * slots].reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
        }
        let next = end == slots ? 0 : end
        if sharesPosition { positions = [Int](repeating: next, count: tasks) } else { positions[task] = next }
    }

    /// Puts the first sample of a minibatch into the ring. Returns the others, with the sample that was overwritten behind them;
    /// on a task's first minibatch nothing was (the sample fills the ring), and only the others return. A minibatch of one sample comes back whole then.
    public func exchange(_ x: Tensor, _ y: Tensor, task: Int) throws -> Minibatch {
        try check(task, x, y)
        guard y.count > 0 else { return Minibatch(x: x, y: y) }
        let (rest, labels) = (try x.narrow(0, 1, y.count - 1), try y.narrow(0, 1, y.count - 1))
        let position = positions[task]
        let isFull = sharesPosition ? written[task * slots + position] > 0 : filled[task] > position
        let result: Minibatch
        if isFull {
            let row = task * slots + position
            result = Minibatch(x: try Tensor.cat([rest, try self.x.narrow(0, row, 1)]), y: try Tensor.cat([labels, try self.y.narrow(0, row, 1)]))
        } else {
            result = y.count == 1 ? Minibatch(x: try x.clone(), y: try y.clone()) : Minibatch(x: rest, y: labels)
        }
        try prefill(task, x, y)
        try write(task, position, try x.narrow(0, 0, 1), try y.narrow(0, 0, 1))
        advance(task, to: position + 1)
        return result
    }

    // MARK: - Reading

    /// The slots of a task that hold samples, in ascending order; nil where they are just the first ones.
    private func scattered(_ task: Int) -> [Int]? {
        guard sharesPosition, filled[task] < slots, filled[task] > 0 else { return nil }
        return (0..<slots).filter { written[task * slots + $0] > 0 }
    }

    /// The slots of a task that hold samples, in ascending order.
    public func slotsInUse(of task: Int) -> [Int] { scattered(task) ?? Array(0..<filled[task]) }

    /// All samples of a task: x [filled, D], y [filled].
    /// - Parameter empty: also the slots that nothing was written to yet, which are zero.
    public func samples(of task: Int, empty: Bool = false) throws -> Minibatch {
        guard task >= 0, task < tasks else { throw DataError("the memory has no task \(task); it has tasks 0 to \(tasks - 1)") }
        if !empty, let places = scattered(task) {
            let rows = try Tensor.from(places.map { task * slots + $0 }, device: x.device)
            return Minibatch(x: try x.indexSelect(0, rows), y: try y.indexSelect(0, rows))
        }
        let length = empty ? slots : filled[task]
        return Minibatch(x: try x.narrow(0, task * slots, length), y: try y.narrow(0, task * slots, length))
    }

    /// Stores soft targets beside the samples of a task: [filled, C], or [slots, C] also for the slots that nothing was written to yet.
    public func setTargets(_ values: Tensor, task: Int) throws {
        guard task >= 0, task < tasks else { throw DataError("the memory has no task \(task); it has tasks 0 to \(tasks - 1)") }
        let values = try head.fitted(values, task: task)
        guard values.rank == 2, values.shape[0] == filled[task] || values.shape[0] == slots, targets == nil || targets!.shape[1] == values.shape[1] else {
            throw DataError("the targets of task \(task) are [\(filled[task]), \(targets.map { String($0.shape[1]) } ?? "classes")], not \(values.summary)")
        }
        if targets == nil { targets = try Tensor.zeros([tasks * slots, values.shape[1]], dtype: values.dtype, device: x.device) }
        try withoutGradients {
            guard values.shape[0] < slots, let places = scattered(task) else { return try targets!.narrow(0, task * slots, values.shape[0]).copyInPlace(from: values) }
            try targets!.indexCopyInPlace(0, try Tensor.from(places.map { task * slots + $0 }, device: x.device), values)
        }
    }

    /// Draws from the tasks 0 up to, not including, `end`, without replacement unless asked for.
    /// - Parameters:
    ///   - only: draws from this task alone.
    ///   - removing: flat indices that are taken out after the draw, which then is smaller (the published rule).
    ///   - avoiding: flat indices that are not drawn where enough others are left.
    public func draw(_ count: Int, tasks end: Int, only: Int? = nil, replacement: Bool = false, removing: [Int] = [], avoiding: [Int] = []) throws -> MemoryDraw {
        guard end >= 0, end <= tasks else { throw DataError("the memory has \(tasks) tasks; it can't draw from \(end)") }
        try DrawLimits.check(count, replacement: replacement)
        if let only, only < 0 || only >= end { throw DataError("the memory can't draw from task \(only); it has tasks 0 to \(end - 1)") }
        let available = filled.prefix(end).enumerated().map { only == nil || only == $0.offset ? $0.element : 0 }
        // The source numbers the samples of a task from 0: with a shared position their slots may be others.
        let places = sharesPosition ? (0..<end).map(scattered) : []
        func slot(_ task: Int, _ number: Int) -> Int { places.isEmpty ? number : places[task]?[number] ?? number }
        let avoided = places.isEmpty ? avoiding : avoiding.compactMap { flat in
            guard flat >= 0, flat / self.slots < places.count, let others = places[flat / self.slots] else { return flat }
            return others.firstIndex(of: flat % self.slots).map { flat / self.slots * self.slots + $0 }
        }
        let choice = replacement
            ? try source.chooseAgain(count, filled: available, slots: slots)
            : try source.choose(count, filled: available, slots: slots, avoiding: avoided)
        var (tasks, slots) = (choice.tasks, choice.isFinal ? choice.slots : zip(choice.tasks, choice.slots).map(slot))
        if !choice.isFinal, !removing.isEmpty {
            let removed = Set(removing)
            let kept = tasks.indices.filter { !removed.contains(tasks[$0] * self.slots + slots[$0]) }
            if kept.count < tasks.count { (tasks, slots) = (kept.map { tasks[$0] }, kept.map { slots[$0] }) }
        }
        return try samples(tasks: tasks, slots: slots)
    }

    /// All samples held, task by task.
    public func all() throws -> MemoryDraw {
        let places = (0..<tasks).flatMap { task in slotsInUse(of: task).map { (task, $0) } }
        return try samples(tasks: places.map(\.0), slots: places.map(\.1))
    }

    private func samples(tasks: [Int], slots: [Int]) throws -> MemoryDraw {
        let flat = tasks.indices.map { tasks[$0] * self.slots + slots[$0] }
        let indices = try Tensor.from(flat, device: x.device)
        return MemoryDraw(x: try x.indexSelect(0, indices), y: try y.indexSelect(0, indices), tasks: tasks, slots: slots,
                          targets: try targets?.indexSelect(0, indices), flat: flat)
    }

    // MARK: - Undo

    public struct Snapshot {
        public let x: Tensor, y: Tensor, targets: Tensor?
        public let filled: [Int], positions: [Int]
        /// When each slot was written; nil where a file does not say.
        public let written: [Int]?, writes: Int

        public init(x: Tensor, y: Tensor, targets: Tensor?, filled: [Int], positions: [Int], written: [Int]? = nil, writes: Int = 0) {
            (self.x, self.y, self.targets, self.filled, self.positions, self.written, self.writes) = (x, y, targets, filled, positions, written, writes)
        }
    }

    /// - Throws: `DataError` where a snapshot (from a file, say) is not of a memory like this one.
    public func check(_ snapshot: Snapshot) throws {
        let rows = tasks * slots
        let fits = snapshot.x.shape == x.shape && snapshot.x.dtype == x.dtype && snapshot.y.shape == [rows] && snapshot.y.dtype == .int64
            && (snapshot.targets.map { $0.rank == 2 && $0.shape[0] == rows } ?? true)
            && snapshot.filled.count == tasks && snapshot.filled.allSatisfy { $0 >= 0 && $0 <= slots }
            && (snapshot.written.map { $0.count == rows && $0.allSatisfy { $0 >= 0 && $0 <= snapshot.writes } } ?? true)
            && snapshot.positions.count == tasks && zip(snapshot.positions, snapshot.filled).allSatisfy { $0 >= 0 && $0 < slots && ($0 <= $1 || sharesPosition) }
            && (!sharesPosition || isShared(snapshot))
        guard fits else {
            throw DataError("the memory has \(tasks) tasks of \(slots) slots with \(sampleSize) numbers each; what is to be put into it is \(snapshot.x.summary)")
        }
    }

    /// Whether the slots in use and the position are those that a memory with one position for all tasks can have.
    private func isShared(_ snapshot: Snapshot) -> Bool {
        guard let written = snapshot.written, Set(snapshot.positions).count == 1 else { return false }
        return (0..<tasks).allSatisfy { task in snapshot.filled[task] == written[task * slots..<(task + 1) * slots].reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }
    }

    public func snapshot() throws -> Snapshot {
        Snapshot(x: try x.clone(), y: try y.clone(), targets: try targets?.clone(), filled: filled, positions: positions, written: written, writes: writes)
    }

    public func restore(_ snapshot: Snapshot) throws {
        let device = x.device
        try adopt(Snapshot(x: snapshot.x.clone().to(device), y: snapshot.y.clone().to(device), targets: snapshot.targets?.clone().to(device), filled: snapshot.filled,
                           positions: snapshot.positions, written: snapshot.written, writes: snapshot.writes))
    }

    /// Everything as it is, without a copy: others may hold views of it.
    public var contents: Snapshot { Snapshot(x: x, y: y, targets: targets, filled: filled, positions: positions, written: written, writes: writes) }

    /// The same as `restore`, without a copy.
    public func adopt(_ snapshot: Snapshot) throws {
        try check(snapshot)
        (x, y, targets) = (snapshot.x, snapshot.y, snapshot.targets)
        filled = snapshot.filled
        positions = snapshot.positions
        written = snapshot.written ?? [Int](repeating: 0, count: tasks * slots)
        writes = snapshot.writes
    }
}
