import BCLScript
import Continual
import Interpreter

extension Workbench {
    var benchmarkBuiltins: [Builtin] {
        [
            Builtin("digits", [], returns: "dataset", topic: "data", doc: "1,797 handwritten digits of 8x8 pixels, embedded: 1,437 for training, 360 for testing.", example: "print digits()") { _, _ in
                .host(DatasetValue(try Digits.load()))
            },
            Builtin("mnist", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "70,000 handwritten digits of 28x28 pixels, from the four idx files in a folder: path, or BCL_DATA.", example: "print mnist()") { arguments, _ in
                var path: String?
                if arguments.has(0), case .string = arguments[0] { path = try arguments.string(0) }
                else if arguments.has(0) { if case .none = arguments[0] {} else { throw arguments.wrong(0, wanted: "a folder's path") } }
                return .host(DatasetValue(try MNIST.load(path: path)))
            },
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
