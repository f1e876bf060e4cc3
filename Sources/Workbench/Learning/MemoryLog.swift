import Continual

/// What was written to and drawn from memories, while somebody looks on.
final class MemoryLog {
    enum Entry {
        case wrote(RingMemory, task: Int, slots: [Int])
        case drew(RingMemory, MemoryDraw)
        case setTargets(RingMemory, task: Int)
    }

    /// nil while nobody looks on.
    var entries: [Entry]?

    func add(_ entry: @autoclosure () -> Entry) { if entries != nil { entries?.append(entry()) } }

    /// Slots that a write went to, told from what the ring was before it.
    func wrote(_ memory: RingMemory, task: Int, from before: (position: Int, fills: Bool), count: Int) {
        add(.wrote(memory, task: task, slots: before.fills ? Array(0..<memory.slots) : Array(before.position..<min(memory.slots, before.position + count))))
    }
}
