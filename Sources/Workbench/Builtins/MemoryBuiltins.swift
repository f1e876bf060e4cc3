import BCLScript
import Continual
import Engine
import Interpreter

extension Workbench {
    var memoryBuiltins: [Builtin] {
        [
            Builtin("ring", [required("bench"), required("slots"), optional("prefill", "false"), optional("carry", "false")], returns: "memory", topic: "memories",
                    doc: "A memory with so many slots for each task, in which new samples overwrite the oldest. With prefill a task's first sample fills all its slots; with carry a new task goes on at the slot where the one before it stopped. Its exchange makes it an evaluation memory.",
                    example: "let bench = permuted(digits(), tasks=2)\nprint ring(bench, slots=16)") { arguments, _ in
                let bench = try arguments.host(0, BenchmarkValue.self, "a benchmark").benchmark
                let slots = try arguments.int(1, in: 1...10_000_000)
                return .host(MemoryValue(try RingMemory(tasks: bench.tasks.count, slots: slots, sampleSize: bench.inputSize, prefills: try arguments.bool(2, default: false),
                                                        sharesPosition: try arguments.bool(3, default: false), head: HeadColumns(bench), source: self.draws, device: self.device), self.memoryLog, imageShape: bench.imageShape))
            },
            Builtin("reservoir", [required("bench"), required("slots")], returns: "reservoir", topic: "memories",
                    doc: "A memory with so many slots in all, which keeps every sample of the stream with the same probability (algorithm R, Vitter 1985).",
                    example: "let bench = permuted(digits(), tasks=2)\nlet m = reservoir(bench, slots=20)\nlet (x, y) = bench[0].minibatch(0, 30)\nm.store(x, y, task=0)\nassert len(m) == 20 and len(m.draw(5)) == 5") { arguments, _ in
                try self.pooled(.reservoir, capacity: try arguments.int(1, in: 1...100_000_000), arguments)
            },
            Builtin("class_memory", [required("bench"), required("slots")], returns: "class memory", topic: "memories",
                    doc: "A memory with so many slots for each class of the benchmark, in which a class's new samples overwrite its oldest.",
                    example: "let bench = split(digits(), tasks=5)\nlet m = class_memory(bench, slots=4)\nlet (x, y) = bench[0].minibatch(0, 40)\nm.store(x, y, task=0)\nassert len(m) == 8") { arguments, _ in
                let slots = try arguments.int(1, in: 1...10_000_000)
                return try self.pooled(.perClass(slots: slots), capacity: slots, arguments)
            },
        ]
    }

    private func pooled(_ rule: PooledMemory.Rule, capacity: Int, _ arguments: Arguments) throws -> Value {
        let bench = try arguments.host(0, BenchmarkValue.self, "a benchmark").benchmark
        return .host(PooledMemoryValue(try PooledMemory(rule, bench: bench, capacity: capacity, random: streams.stream("memory"), source: draws, device: device), memoryLog, imageShape: bench.imageShape))
    }
}
