import BCLScript
import Benchmark
import Interpreter


/// The language alone, without tensors.
func addLanguageBenchmarks() {
    let programs = [
        ("start of a program: print 1", "print 1"),
        ("1,000 additions", "let total = 0\nfor i in 0..1000 { total = total + i }"),
        ("1,000 calls of a function", "def next(x) { return x + 1 }\nlet n = 0\nfor i in 0..1000 { n = next(n) }"),
        ("a list of 1,000 squares", "let squares = [i * i for i in 0..1000]"),
        ("1,000 accesses of a record", "let r = {lr: 0.1, beta: 0.3}\nlet sum = 0.0\nfor i in 0..1000 { sum = sum + r.lr }"),
    ]
    for (name, text) in programs {
        benchmark(name) {
            let session = Session(registry: Registry(), library: Library(folder: "/nonexistent"))
            guard case .finished = session.execute(SourceFile(name: "micro", text: text), sink: CollectingSink()) else { fatalError(name) }
        }
    }
}
