import Continual
import Engine
import Figures
import Interpreter

/// What a memory holds, whichever kind it is: the samples of each task, in the order of their slots.
struct HeldSamples {
    struct Part {
        let task: Int
        /// [n, D]
        let x: Tensor
        /// int64 [n]
        let y: Tensor
        /// Minibatches that were offered to the memory since each was stored; nil where it does not know.
        let ages: [Int]?
        var count: Int { y.count }
    }

    /// Of the tasks that it holds samples of, in the order of their numbers.
    let parts: [Part]
    /// "20 slots for each of 5 tasks"
    let room: String
    var count: Int { parts.reduce(0) { $0 + $1.count } }

    init(_ memory: RingMemory) throws {
        room = "\(memory.slots) slots for each of \(memory.tasks) tasks"
        parts = try (0..<memory.tasks).filter { memory.filled[$0] > 0 }.map { task in
            let samples = try memory.samples(of: task)
            let ages = memory.slotsInUse(of: task).map { memory.writes - memory.written[task * memory.slots + $0] }
            return Part(task: task, x: samples.x, y: samples.y, ages: ages)
        }
    }

    init(_ memory: PooledMemory) throws {
        if case .perClass(let slots) = memory.rule { room = "\(slots) slots for each of \(memory.capacity / max(1, slots)) classes" } else { room = "\(memory.capacity) slots for all tasks" }
        let slots = Dictionary(grouping: memory.filledSlots) { memory.owners[$0] }
        parts = try slots.keys.sorted().map { task in
            let samples = try memory.samples(in: slots[task]!)
            return Part(task: task, x: samples.x, y: samples.y, ages: slots[task]!.map { memory.writes - memory.written[$0] })
        }
    }

    /// A method's own memory: a list of records, each with samples x [n, D] of one class, its label y and its task t. nil where the list is none.
    init?(_ list: ListValue) throws {
        guard !list.items.isEmpty else { return nil }
        var found: [Int: (x: [Tensor], y: [Int])] = [:]
        var size: Int?
        for item in list.items {
            guard case .record(let record) = item, case .host(let host)? = record.entries["x"], let x = (host as? TensorValue)?.tensor, x.rank == 2, x.dtype.isFloatingPoint,
                  case .int(let label)? = record.entries["y"], case .int(let task)? = record.entries["t"], x.shape[1] == size ?? x.shape[1] else { return nil }
            size = x.shape[1]
            found[task, default: ([], [])].x.append(try x.detach())
            found[task]?.y += [Int](repeating: label, count: x.shape[0])
        }
        room = "a list of \(list.items.count) records"
        parts = try found.keys.sorted().compactMap { task in
            let (x, y) = found[task]!
            return y.isEmpty ? nil : Part(task: task, x: try Tensor.cat(x), y: try Tensor.from(y, device: x[0].device), ages: nil)
        }
    }
}

/// A memory as it is looked at: what it holds, and whose it is.
struct ShownMemory {
    let held: HeldSamples
    let name: String?
    let learner: Learner?
    /// (channels, height, width) of its samples; nil where unknown.
    let imageShape: [Int]?

    /// nil where the value is no memory.
    init?(_ value: Value, of learner: Learner? = nil, as name: String? = nil) throws {
        switch value {
        case .host(let memory as SampleMemoryValue):
            (held, imageShape) = (try memory.held(), memory.imageShape)
            self.name = name ?? memory.name
            self.learner = learner ?? memory.learner
        case .list(let list):
            guard let held = try HeldSamples(list) else { return nil }
            (self.held, self.name, self.learner) = (held, name, learner)
            imageShape = learner?.classifier?.benchmark.imageShape
        default: return nil
        }
    }

    func figure() throws -> Figure {
        let bench = learner?.classifier?.benchmark
        return try MemoryFigures.memory(held, name: name, shape: imageShape) { BenchmarkFigures.name(of: $0, task: $1, in: bench) }
    }
}
