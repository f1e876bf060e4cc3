import Continual

/// What was written to and drawn from memories, while somebody looks on.
final class MemoryLog {
    enum Entry {
        case wrote(MemoryValue, task: Int, slots: [Int])
        /// A memory that does not keep every sample it is offered.
        case kept(PooledMemoryValue, task: Int, slots: [Int], of: Int)
        case drew(SampleMemoryValue, MemoryDraw)
        case setTargets(MemoryValue, task: Int)
        case replacedTargets(PooledMemoryValue, slots: [Int])
    }

    /// nil while nobody looks on.
    var entries: [Entry]?

    func add(_ entry: @autoclosure () -> Entry) { if entries != nil { entries?.append(entry()) } }

    /// Slots that a write went to, told from what the ring was before it.
    func wrote(_ memory: MemoryValue, task: Int, from before: (position: Int, fills: Bool), count: Int) {
        add(.wrote(memory, task: task, slots: before.fills ? Array(0..<memory.memory.slots) : Array(before.position..<min(memory.memory.slots, before.position + count))))
    }
}
