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
    ///   - avoiding: slots that are left out, as task * slots + number.
    func choose(_ count: Int, filled: [Int], slots: Int, avoiding: [Int]) throws -> SlotChoice

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
        let filledSlots = FilledSlots(filled)
        guard filledSlots.count > 0 else { return SlotChoice(tasks: [], slots: [], isFinal: false) }
        return choice((0..<count).map { _ in filledSlots.place(random.nextInt(below: filledSlots.count)) })
    }

    public func choose(_ count: Int, filled: [Int], slots: Int, avoiding: [Int]) throws -> SlotChoice {
        let filledSlots = FilledSlots(filled)
        let avoided = Set(avoiding.compactMap { filledSlots.number(task: $0 / slots, slot: $0 % slots) }).sorted()
        let allowed = filledSlots.count - avoided.count
        // Where too few are left the exclusion would starve the draw: then all count.
        guard !avoided.isEmpty, allowed >= count else { return choice(random.choose(count, of: filledSlots.count).map(filledSlots.place)) }
        return choice(random.choose(count, of: allowed).map { chosen in
            var number = chosen
            for each in avoided where each <= number { number += 1 }
            return filledSlots.place(number)
        })
    }

    private func choice(_ places: [(Int, Int)]) -> SlotChoice { SlotChoice(tasks: places.map(\.0), slots: places.map(\.1), isFinal: false) }
}

/// The filled slots of all tasks, counted through. Nothing here takes longer with more slots.
private struct FilledSlots {
    private let filled: [Int]
    /// For each task the number behind its last slot.
    private let ends: [Int]
    let count: Int

    init(_ filled: [Int]) {
        self.filled = filled
        var total = 0
        ends = filled.map { total += $0; return total }
        count = total
    }

    /// Task and slot of a number from 0 up to, not including, `count`.
    func place(_ number: Int) -> (Int, Int) {
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return (low, number - (ends[low] - filled[low]))
    }

    /// The number of a slot; nil where it is not filled.
    func number(task: Int, slot: Int) -> Int? {
        guard filled.indices.contains(task), slot >= 0, slot < filled[task] else { return nil }
        return ends[task] - filled[task] + slot
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

    public func chooseAgain(_ count: Int, filled: [Int], slots: Int) throws -> SlotChoice { try choose(count, filled: filled, slots: slots, avoiding: []) }

    public func choose(_ count: Int, filled: [Int], slots memorySlots: Int, avoiding: [Int]) throws -> SlotChoice {
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
