import BCLScript
import Continual
import Interpreter

extension Workbench {
    var benchmarkBuiltins: [Builtin] {
        [
            Builtin("ring", [required("bench"), required("slots"), optional("prefill", "false")], returns: "memory", topic: "memories",
                    doc: "A memory with so many slots for each task, in which new samples overwrite the oldest. With prefill a task's first sample fills all its slots.",
                    example: "let bench = permuted(digits(), tasks=2)\nprint ring(bench, slots=16)") { arguments, _ in
                let bench = try arguments.host(0, BenchmarkValue.self, "a benchmark").benchmark
                let slots = try arguments.int(1, in: 1...10_000_000)
                return .host(MemoryValue(try RingMemory(tasks: bench.tasks.count, slots: slots, sampleSize: bench.inputSize, prefills: try arguments.bool(2, default: false),
                                                        source: self.draws, device: self.device), self.memoryLog, imageShape: bench.imageShape))
            },
        ]
    }
}
