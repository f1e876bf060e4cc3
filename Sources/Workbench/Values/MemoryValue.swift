import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// A memory of samples, as methods use it.
final class MemoryValue: SampleMemoryValue {
    let memory: RingMemory

    init(_ memory: RingMemory, _ log: MemoryLog, imageShape: [Int]? = nil) {
        self.memory = memory
        super.init(log, imageShape: imageShape)
    }

    override func held() throws -> HeldSamples { try HeldSamples(memory) }
    override var typeName: String { "memory" }
    override func describe(_ describer: inout Describer) {
        describer.write("<memory: \(memory.count) samples in \(memory.tasks) tasks of \(memory.slots) slots>")
    }
    override func length() throws -> Int? { memory.count }
    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> RingMemory { try holder(value).memory }

    private static func holder(_ value: Value) throws -> MemoryValue {
        guard case .host(let host) = value, let memory = host as? MemoryValue else { throw Failure(.wrongType, "this is \(value.phrase), not a memory") }
        return memory
    }

    /// Flat indices from a list of ints, or from a draw.
    static func flat(_ arguments: Arguments, _ index: Int) throws -> [Int] {
        switch arguments[index] {
        case .unset, .none: return []
        case .host(let host): if let draw = host as? DrawValue { return draw.draw.flat }
        case .list(let list):
            return try list.items.map {
                guard case .int(let value) = $0 else { throw arguments.wrong(index, wanted: "a draw, or a list of flat indices") }
                return value
            }
        default: break
        }
        throw arguments.wrong(index, wanted: "a draw, or a list of flat indices")
    }

    static let table = MemberTable([
        .property("slots", "Slots for each task.") { value, _ in .int(try cast(value).slots) },
        .property("counts", "List of the samples held of each task.") { value, _ in .items(try cast(value).filled.map { .int($0) }) },
        .property("images", "The samples held, all tasks: [n, D].") { value, _ in TensorValue.value(try cast(value).all().x) },
        .property("labels", "Their labels: int64 [n].") { value, _ in TensorValue.value(try cast(value).all().y) },
        .property("targets", "The soft targets stored beside them: [n, C].") { value, _ in TensorValue.value(try DrawValue.targets(try cast(value).all())) },
        .property("all", "All samples held, as a draw.") { value, _ in
            let holder = try holder(value)
            return .host(DrawValue(try holder.memory.all(), imageShape: holder.imageShape))
        },
        .method("store", [required("x"), required("y"), required("task")],
                "Writes samples x [B, D] with labels y [B] behind the last ones; at the end of the ring the rest is dropped and the next minibatch starts at slot 0.") { value, arguments, _ in
            let (holder, y, task) = (try holder(value), try TensorBuiltins.tensor(arguments, 1), try arguments.int(2))
            let before = holder.mark(task)
            try holder.memory.store(try TensorBuiltins.tensor(arguments, 0), y, task: task)
            holder.log.wrote(holder, task: task, from: before, count: y.count)
            return .none
        },
        .method("exchange", [required("x"), required("y"), required("task")],
                "Keeps the first sample of a minibatch. Returns (x, y) of the others, with the sample that it replaced at their end.") { value, arguments, _ in
            let (holder, task) = (try holder(value), try arguments.int(2))
            let before = holder.mark(task)
            let rest = try holder.memory.exchange(try TensorBuiltins.tensor(arguments, 0), try TensorBuiltins.tensor(arguments, 1), task: task)
            holder.log.wrote(holder, task: task, from: before, count: 1)
            return .items([TensorValue.value(rest.x), TensorValue.value(rest.y)])
        },
        .method("samples", [required("task"), optional("empty", "false")], "(x, y) of all samples of a task: x [n, D], y int64 [n]; with empty=true also the slots that nothing was written to yet, which are zero.") { value, arguments, _ in
            let samples = try cast(value).samples(of: try arguments.int(0), empty: try arguments.bool(1, default: false))
            return .items([TensorValue.value(samples.x), TensorValue.value(samples.y)])
        },
        .method("set_targets", [required("targets"), required("task")], "Stores soft targets beside the samples of a task: [n, C], or [slots, C] also for slots that nothing was written to yet.") { value, arguments, _ in
            let (holder, task) = (try holder(value), try arguments.int(1))
            try holder.memory.setTargets(try TensorBuiltins.tensor(arguments, 0).detach(), task: task)
            holder.log.add(.setTargets(holder, task: task))
            return .none
        },
        .method("draw_task", [required("tasks")], "Draws one task from 0 up to, not including, tasks, evenly.") { value, arguments, _ in
            let memory = try cast(value)
            return .int(try memory.source.chooseTask(below: try arguments.int(0, in: 1...memory.tasks)))
        },
        .method("draw", [required("count"), optional("tasks", "all"), optional("removing", "none"), optional("avoiding", "none"), optional("task", "none"), optional("replacement", "false")],
                "Draws samples from the tasks 0 up to, not including, tasks, or from one task; without replacement unless asked for. 'removing' takes slots out of the draw, which then is smaller; 'avoiding' draws others, but avoided ones too where too few are left (the published rule). Both are draws, or lists of flat indices: task * slots + slot.") { value, arguments, _ in
            let holder = try holder(value)
            let draw = try holder.memory.draw(try arguments.int(0), tasks: try arguments.int(1, default: holder.memory.tasks), only: try arguments.optionalInt(4), replacement: try arguments.bool(5, default: false),
                                              removing: try flat(arguments, 2), avoiding: try flat(arguments, 3))
            holder.log.add(.drew(holder, draw))
            return .host(DrawValue(draw, imageShape: holder.imageShape))
        },
    ])

    /// Where a task's next sample goes, and whether it will fill all slots.
    private func mark(_ task: Int) -> (position: Int, fills: Bool) {
        guard memory.positions.indices.contains(task) else { return (0, false) }
        return (memory.positions[task], memory.prefills && memory.filled[task] == 0)
    }
}

/// Samples that a memory has drawn.
final class DrawValue: HostValue {
    let draw: MemoryDraw
    let imageShape: [Int]?
    init(_ draw: MemoryDraw, imageShape: [Int]? = nil) { (self.draw, self.imageShape) = (draw, imageShape) }
    override func figure() throws -> Figure? { try MemoryFigures.draw(draw, shape: imageShape) }

    override var typeName: String { "draw" }
    override func describe(_ describer: inout Describer) { describer.write("<draw of \(draw.count) samples>") }
    override func length() throws -> Int? { draw.count }
    override var truth: Bool? { draw.count > 0 }
    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> MemoryDraw {
        guard case .host(let host) = value, let draw = (host as? DrawValue)?.draw else { throw Failure(.wrongType, "this is \(value.phrase), not a draw") }
        return draw
    }

    static func targets(_ draw: MemoryDraw) throws -> Tensor {
        guard let targets = draw.targets else { throw Failure(.notReady, "the memory holds no soft targets yet", hint: "store them with set_targets") }
        return targets
    }

    static let table = MemberTable([
        .property("x", "The samples [k, D].") { value, _ in TensorValue.value(try cast(value).x) },
        .property("y", "Their labels int64 [k].") { value, _ in TensorValue.value(try cast(value).y) },
        .property("t", "The task of each: list of k ints.") { value, _ in .items(try cast(value).tasks.map { .int($0) }) },
        .method("pick", [required("indices")], "The samples at some places of the draw, in that order: indices is int64 [n] or a list of ints.") { value, arguments, _ in
            guard case .host(let host) = value, let holder = host as? DrawValue else { throw Failure(.wrongType, "this is \(value.phrase), not a draw") }
            let indices: [Int]
            if case .list(let list) = arguments[0] {
                indices = try list.items.map { if case .int(let index) = $0 { return index } else { throw arguments.wrong(0, wanted: "int64 [n], or a list of ints") } }
            } else {
                indices = try TensorBuiltins.tensor(arguments, 0).ints()
            }
            guard indices.allSatisfy({ $0 >= 0 && $0 < holder.draw.count }) else { throw arguments.bad(0, "has a place outside of the draw of \(holder.draw.count) samples") }
            return .host(DrawValue(try holder.draw.picked(indices), imageShape: holder.imageShape))
        },
        .property("slots", "The slot of each within its task: list of k ints.") { value, _ in .items(try cast(value).slots.map { .int($0) }) },
        .property("targets", "Their soft targets [k, C].") { value, _ in
            TensorValue.value(try targets(try cast(value)))
        },
    ])
}
