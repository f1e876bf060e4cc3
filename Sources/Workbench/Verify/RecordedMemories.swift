import Continual
import Engine
import Interpreter

/// What a trace says of the memories after the run (`buffer.*`), against those of a learner.
struct RecordedMemories {
    /// How methods call a memory, and how the traces call its samples [tasks, slots, D] uint8, labels [tasks, slots] (numbers of outputs) and soft targets.
    private static let names: [(memory: String, x: [String], y: [String], targets: String?)] = [
        ("replay_memory", ["buffer.memx", "buffer.memory_data"], ["buffer.memy", "buffer.memory_labs"], "buffer.mem_feat"),
        ("evaluation_memory", ["buffer.valx"], ["buffer.valy"], nil),
    ]

    let trace: Safetensors.File
    /// Outputs of each task's head, where tasks have heads of their own.
    let heads: [[Int]]?

    /// Relative norm of the error of the soft targets of past tasks; 0 without such, infinite where a sample held or its label is another; nil where nothing is
    /// recorded, or the method has no such memory. Slots that nothing was written to don't count: the published code leaves there what it finds.
    func error(of learner: Learner) throws -> Double? {
        var worst: Double?
        for name in Self.names {
            guard let x = name.x.lazy.compactMap({ trace[$0] }).first, let y = name.y.lazy.compactMap({ trace[$0] }).first,
                  case .host(let host)? = learner.state(name.memory), let memory = (host as? MemoryValue)?.memory,
                  x.shape == [memory.tasks, memory.slots, memory.sampleSize], y.shape == [memory.tasks, memory.slots] else { continue }
            let held = try memory.all()
            let rows = try Tensor.from(held.flat)
            guard held.count > 0 else { continue }
            let pixels = try x.reshape([memory.tasks * memory.slots, memory.sampleSize]).indexSelect(0, rows).to(.float32)
            var error = try held.x.mul(255).sub(pixels).abs().max().item() < 0.01 ? 0 : Double.infinity
            let labels = zip(held.tasks, try held.y.ints()).map { task, label in heads.map { $0[task].indices.contains(label) ? $0[task][label] : -1 } ?? label }
            if labels != (try y.flatten(0).indexSelect(0, rows).ints()) { error = .infinity }
            if let targets = name.targets.flatMap({ trace[$0] }), let ours = held.targets, targets.rank == 3, Array(targets.shape.prefix(2)) == Array(x.shape.prefix(2)), targets.shape[2] == ours.shape[1] {
                // Those of the last task are not written yet.
                let last = held.tasks.max() ?? 0
                let past = held.tasks.indices.filter { held.tasks[$0] < last }
                if !past.isEmpty {
                    let theirs = try targets.reshape([memory.tasks * memory.slots, targets.shape[2]]).indexSelect(0, try Tensor.from(past.map { held.flat[$0] }))
                    error = max(error, try TraceVerifier.relative(try ours.indexSelect(0, try Tensor.from(past)), theirs))
                }
            }
            worst = max(worst ?? 0, error.isNaN ? .infinity : error)
        }
        return worst
    }
}
