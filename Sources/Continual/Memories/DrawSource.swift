import Engine

/// Slots of a memory by task and number.
public struct SlotChoice {
    public let tasks: [Int]
    public let slots: [Int]
    /// Recorded draws have their exclusions behind them.
    public let isFinal: Bool

    public init(tasks: [Int], slots: [Int], isFinal: Bool) {
        self.tasks = tasks
        self.slots = slots
        self.isFinal = isFinal
    }
}

/// What a memory may be asked for at once.
enum DrawLimits {
    static let most = 10_000_000

    static func check(_ count: Int, replacement: Bool) throws {
        guard count >= 1 else { throw DataError("at least one sample must be drawn, not \(count)") }
        guard !replacement || count <= most else { throw DataError("at most \(most) samples can be drawn at once, not \(count)") }
    }
}

/// Decides which slots a memory draws.
public protocol DrawSource: AnyObject {
    /// - Parameters:
    ///   - count: at most so many, without replacement.
    ///   - filled: the filled slots of each task to draw from.
    ///   - slots: the slots that each task has.
    ///   - avoiding: whether a slot (task, number) is to be left out.
    func choose(_ count: Int, filled: [Int], slots: Int, avoiding: ((Int, Int) -> Bool)?) throws -> SlotChoice

    /// The same with replacement: exactly `count`, each evenly among the filled slots.
    func chooseAgain(_ count: Int, filled: [Int], slots: Int) throws -> SlotChoice

    /// One task from 0 up to, not including, `end`, evenly.
    func chooseTask(below end: Int) throws -> Int
}

/// Draws at random.
public final class RandomDrawSource: DrawSource {
    private let random: RandomStream

    public init(_ random: RandomStream) { self.random = random }

    public func chooseTask(below end: Int) throws -> Int { random.nextInt(below: end) }

    public func chooseAgain(_ count: Int, filled: [Int], slots: Int) throws -> SlotChoice {
        let all = filled.indices.flatMap { task in (0..<filled[task]).map { (task, $0) } }
        guard !all.isEmpty else { return SlotChoice(tasks: [], slots: [], isFinal: false) }
        let chosen = (0..<count).map { _ in all[random.nextInt(below: all.count)] }
        return SlotChoice(tasks: chosen.map(\.0), slots: chosen.map(\.1), isFinal: false)
    }

    public func choose(_ count: Int, filled: [Int], slots: Int, avoiding: ((Int, Int) -> Bool)?) throws -> SlotChoice {
        var ends: [Int] = []
        var total = 0
        for size in filled {
            total += size
            ends.append(total)
        }
        func place(_ flat: Int) -> (Int, Int) {
            var (low, high) = (0, ends.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] <= flat { low = middle + 1 } else { high = middle }
            }
            return (low, flat - (ends[low] - filled[low]))
        }
        if let avoiding {
            let allowed = (0..<total).map(place).filter { !avoiding($0.0, $0.1) }
            // Where too few are left the exclusion would starve the draw: then all count.
            if allowed.count >= count {
                let chosen = random.choose(count, of: allowed.count).map { allowed[$0] }
                return SlotChoice(tasks: chosen.map(\.0), slots: chosen.map(\.1), isFinal: false)
            }
        }
        let chosen = random.choose(count, of: total).map(place)
        return SlotChoice(tasks: chosen.map(\.0), slots: chosen.map(\.1), isFinal: false)
    }
}

/// Replays recorded draws, in order. A draw that the memory could not have made is an error.
public final class RecordedDrawSource: DrawSource {
    private let draws: [Tensor]
    public private(set) var used = 0

    /// - Parameter draws: int64 [2, k] each: row 0 tasks, row 1 slots.
    public init(_ draws: [Tensor]) { self.draws = draws }

    public var count: Int { draws.count }

    public func chooseTask(below end: Int) throws -> Int {
        guard used < draws.count else { throw DataError("the method draws more often than the \(draws.count) times that are recorded") }
        let draw = draws[used]
        guard draw.count == 1, draw.dtype == .int64 else { throw DataError("the recorded draw \(used) is \(draw.summary), but should be one task") }
        let task = try draw.itemInt()
        guard task >= 0, task < end else { throw DataError("the recorded draw \(used) is task \(task), which the method can't draw there") }
        used += 1
        return task
    }

    public func chooseAgain(_ count: Int, filled: [Int], slots: Int) throws -> SlotChoice { try choose(count, filled: filled, slots: slots, avoiding: nil) }

    public func choose(_ count: Int, filled: [Int], slots memorySlots: Int, avoiding: ((Int, Int) -> Bool)?) throws -> SlotChoice {
        guard used < draws.count else { throw DataError("the method draws more often than the \(draws.count) times that are recorded") }
        let draw = draws[used]
        guard draw.rank == 2, draw.shape[0] == 2, draw.dtype == .int64 else { throw DataError("the recorded draw \(used) is \(draw.summary), but should be int64 [2, k]") }
        let values = try draw.ints()
        let (tasks, slots) = (Array(values.prefix(draw.shape[1])), Array(values.suffix(draw.shape[1])))
        for (task, slot) in zip(tasks, slots) {
            // The published ER also draws slots that nothing was written to yet, which are zero.
            guard task >= 0, task < filled.count, slot >= 0, slot < memorySlots else {
                throw DataError("the recorded draw \(used) takes slot \(slot) of task \(task), which the method can't draw there")
            }
        }
        guard tasks.count <= count else { throw DataError("the recorded draw \(used) has \(tasks.count) samples where the method draws \(count)") }
        used += 1
        return SlotChoice(tasks: tasks, slots: slots, isFinal: true)
    }
}
