import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// A reservoir, or a memory with slots for each class, as methods use it.
final class PooledMemoryValue: SampleMemoryValue, Reproducible {
    let memory: PooledMemory
    var recipe: Recipe?

    init(_ memory: PooledMemory, _ log: MemoryLog, imageShape: [Int]? = nil) {
        self.memory = memory
        super.init(log, imageShape: imageShape)
    }

    override func held() throws -> HeldSamples { try HeldSamples(memory) }

    override var typeName: String { memory.rule == .reservoir ? "reservoir" : "class memory" }
    override func describe(_ describer: inout Describer) {
        describer.write("<\(typeName): \(memory.count) samples in \(memory.capacity) slots>")
    }
    override func length() throws -> Int? { memory.count }
    override var members: MemberTable { Self.table }

    private static func holder(_ value: Value) throws -> PooledMemoryValue {
        guard case .host(let host) = value, let memory = host as? PooledMemoryValue else { throw Failure(.wrongType, "this is \(value.phrase), not a reservoir or class memory") }
        return memory
    }

    private static func draw(_ value: Value, _ draw: MemoryDraw) throws -> Value { .host(DrawValue(draw, imageShape: try holder(value).imageShape)) }

    static let table = MemberTable([
        .property("slots", "Slots in all.") { value, _ in .int(try holder(value).memory.capacity) },
        .property("counts", "List of the samples held of each task, up to the last task that has some.") { value, _ in
            let owners = try holder(value).memory.owners
            var counts = [Int](repeating: 0, count: (owners.max() ?? -1) + 1)
            for owner in owners where owner >= 0 { counts[owner] += 1 }
            return .items(counts.map { .int($0) })
        },
        .property("images", "The samples held: [n, D].") { value, _ in
            let memory = try holder(value).memory
            return TensorValue.value(try memory.samples(in: memory.filledSlots).x)
        },
        .property("labels", "Their labels: int64 [n].") { value, _ in
            let memory = try holder(value).memory
            return TensorValue.value(try memory.samples(in: memory.filledSlots).y)
        },
        .property("targets", "What is stored beside the samples held: [n, C].") { value, _ in
            let memory = try holder(value).memory
            return TensorValue.value(try DrawValue.targets(try memory.samples(in: memory.filledSlots)))
        },
        .property("all", "All samples held, as a draw.") { value, _ in
            let memory = try holder(value).memory
            return try draw(value, try memory.samples(in: memory.filledSlots))
        },
        .method("store", [required("x"), required("y"), required("task"), optional("targets", "none")],
                "Offers samples x [B, D] with labels y [B] of a task, and targets [B, C] to be kept beside them: a reservoir keeps each sample of the stream with the same probability, a class memory the newest of each class.") { value, arguments, _ in
            var targets: Tensor?
            if case .host = arguments[3] { targets = try TensorBuiltins.tensor(arguments, 3) }
            let (holder, y, task) = (try holder(value), try TensorBuiltins.tensor(arguments, 1), try arguments.int(2, in: 0...1_000_000))
            let slots = try holder.memory.store(try TensorBuiltins.tensor(arguments, 0), y, task: task, targets: targets)
            holder.log.add(.kept(holder, task: task, slots: slots, of: y.count))
            return .none
        },
        .method("samples", [required("task")], "(x, y) of all samples of a task: x [n, D], y int64 [n].") { value, arguments, _ in
            let found = try holder(value).memory.samples(of: try arguments.int(0))
            return .items([TensorValue.value(found.x), TensorValue.value(found.y)])
        },
        .method("set_targets", [required("targets"), required("draw")], "Replaces what is stored beside drawn samples: targets [k, C].") { value, arguments, _ in
            let (holder, slots) = (try holder(value), try MemoryValue.flat(arguments, 1))
            try holder.memory.setTargets(try TensorBuiltins.tensor(arguments, 0), slots: slots)
            holder.log.add(.replacedTargets(holder, slots: slots))
            return .none
        },
        .method("draw", [required("count"), optional("tasks", "all"), optional("task", "none"), optional("replacement", "false"), optional("avoiding", "none")],
                "Draws samples, from all tasks, from the tasks 0 up to, not including, tasks, or from one task; without replacement unless asked for; never the slots to be avoided (a draw, or a list).") { value, arguments, _ in
            let holder = try holder(value)
            let drawn = try holder.memory.draw(try arguments.int(0), tasks: try arguments.optionalInt(1), only: try arguments.optionalInt(2),
                                               replacement: try arguments.bool(3, default: false), avoiding: try MemoryValue.flat(arguments, 4))
            holder.log.add(.drew(holder, drawn))
            return try draw(value, drawn)
        },
    ])
}
