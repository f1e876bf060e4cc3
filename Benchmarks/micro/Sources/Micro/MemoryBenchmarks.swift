import Benchmark
import Continual
import Engine

/// Draws from and writes to memories of MNIST's size, by number of tasks and of slots for each.
func addMemoryBenchmarks() throws {
    for (tasks, slots) in [(5, 256), (100, 256), (5, 5000)] {
        let random = RandomStream(seed: 1)
        let memory = try RingMemory(tasks: tasks, slots: slots, sampleSize: 784, prefills: false, source: RandomDrawSource(random))
        let x = try Tensor.from(random.normal(slots * 784), shape: [slots, 784]).to(.float32)
        let y = try Tensor.from((0..<slots).map { $0 % 10 })
        for task in 0..<tasks { try memory.store(x, y, task: task) }
        let (few, labels) = (try x.narrow(0, 0, 10), try y.narrow(0, 0, 10))
        benchmark("ring, \(tasks) tasks of \(slots): draw 64") { _ = try! memory.draw(64, tasks: tasks) }
        benchmark("ring, \(tasks) tasks of \(slots): store 10") { try! memory.store(few, labels, task: tasks - 1) }
    }
}
