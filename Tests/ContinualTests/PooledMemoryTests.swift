import Continual
import Engine
import XCTest

final class PooledMemoryTests: XCTestCase {
    private func bench(_ heads: Benchmark.Heads = .shared) throws -> Benchmark {
        let n = 8
        return try Benchmark.recorded(x: try Tensor.zeros([n, 1], dtype: .uint8), y: try Tensor.from([0, 1, 0, 1, 2, 3, 2, 3]), t: try Tensor.from([0, 0, 0, 0, 1, 1, 1, 1]),
                                      tasks: 2, heads: heads, classesPerTask: 2, outputs: 4)
    }

    private func memory(_ rule: PooledMemory.Rule, _ capacity: Int, _ heads: Benchmark.Heads = .shared, seed: UInt64 = 1) throws -> PooledMemory {
        let random = RandomStream(seed: seed)
        return try PooledMemory(rule, bench: try bench(heads), capacity: capacity, random: random, source: RandomDrawSource(random))
    }

    private func batch(_ values: [Int]) throws -> (Tensor, Tensor) { (try Tensor.from(values.map(Float.init), shape: [values.count, 1]), try Tensor.from(values)) }

    /// Every sample of the stream is kept with the probability capacity / samples, also those that came in large minibatches.
    func testReservoirIsUniform() throws {
        var kept = [Int](repeating: 0, count: 40)
        for trial in 0..<2000 {
            let memory = try memory(.reservoir, 10, seed: UInt64(trial))
            for start in stride(from: 0, to: 40, by: 8) {
                let (x, y) = try batch(Array(start..<start + 8))
                try memory.store(x, y, task: 0)
            }
            XCTAssertEqual(memory.count, 10)
            for label in try memory.samples(in: memory.filledSlots).y.ints() { kept[label] += 1 }
        }
        // 500 of 2000 each; five standard deviations are 97.
        for count in kept { XCTAssertEqual(Double(count), 500, accuracy: 97) }
    }

    func testSamplesStayTogetherWithLabelsTasksAndTargets() throws {
        let memory = try memory(.reservoir, 6)
        for task in 0..<2 {
            let values = (0..<8).map { task * 8 + $0 }
            let (x, y) = try batch(values)
            try memory.store(x, y, task: task, targets: try Tensor.from(values.map { Float($0) * 2 }, shape: [8, 1]))
        }
        let all = try memory.samples(in: memory.filledSlots)
        let labels = try all.y.ints()
        XCTAssertEqual(try all.x.floats(), labels.map(Float.init))
        XCTAssertEqual(try XCTUnwrap(all.targets).floats(), labels.map { Float($0) * 2 })
        XCTAssertEqual(all.tasks, labels.map { $0 / 8 })
        XCTAssertEqual(try memory.samples(of: 1).y.ints(), labels.filter { $0 >= 8 })
        let (x, y) = try batch([1])
        XCTAssertThrowsError(try memory.store(x, y, task: 2)) { XCTAssertTrue("\($0)".contains("no task 2")) }
        XCTAssertThrowsError(try memory.samples(of: -1))
    }

    /// A memory that was restored also knows when its slots were written.
    func testRestoredMemoriesAreWhole() throws {
        let (memory, other) = (try memory(.reservoir, 6), try memory(.reservoir, 6))
        for start in [0, 3] {
            let (x, y) = try batch([start, start + 1, start + 2])
            try memory.store(x, y, task: 0)
        }
        try other.restore(try memory.snapshot())
        XCTAssertEqual(other.written, [1, 1, 1, 2, 2, 2])
        XCTAssertEqual(other.writes, 2)
        XCTAssertEqual(try other.samples(of: 0).y.ints(), [0, 1, 2, 3, 4, 5])
    }

    func testClassMemoryKeepsTheNewestOfEachClass() throws {
        let memory = try memory(.perClass(slots: 2), 2, .perTask)
        let labels = try Tensor.from([0, 1, 0, 0])
        try memory.store(try Tensor.from([1, 2, 3, 4] as [Float], shape: [4, 1]), labels, task: 0)
        try memory.store(try Tensor.from([5, 6] as [Float], shape: [2, 1]), try Tensor.from([0, 1]), task: 1)
        XCTAssertEqual(memory.capacity, 8)
        XCTAssertEqual(try memory.samples(in: memory.filledSlots).x.floats(), [4, 3, 2, 5, 6])
        XCTAssertEqual(memory.filledSlots.map { memory.owners[$0] }, [0, 0, 0, 1, 1])
        XCTAssertThrowsError(try memory.store(try Tensor.from([1] as [Float], shape: [1, 1]), try Tensor.from([2]), task: 0))
    }

    func testDraws() throws {
        let memory = try memory(.reservoir, 20)
        XCTAssertEqual(try memory.draw(5).count, 0)
        for task in 0..<2 {
            let (x, y) = try batch((0..<10).map { task * 10 + $0 })
            try memory.store(x, y, task: task)
        }
        XCTAssertEqual(Set(try memory.draw(20).slots).count, 20)
        XCTAssertEqual(try memory.draw(50).count, 20)
        XCTAssertEqual(try memory.draw(50, replacement: true).count, 50)
        XCTAssertEqual(Set(try memory.draw(20, only: 1).tasks), [1])
        XCTAssertEqual(Set(try memory.draw(20, tasks: 1).tasks), [0])
        let first = try memory.draw(12)
        XCTAssertTrue(Set(first.slots).isDisjoint(with: try memory.draw(8, avoiding: first.slots).slots))
        XCTAssertThrowsError(try memory.draw(0))
        XCTAssertThrowsError(try memory.draw(Int.max, replacement: true)) { XCTAssertTrue("\($0)".contains("at most")) }
        XCTAssertThrowsError(try memory.draw(1, tasks: 3))
        XCTAssertThrowsError(try memory.draw(1, only: 2))
    }

    func testSnapshotsAreChecked() throws {
        let memory = try memory(.reservoir, 4)
        let (x, y) = try batch([1, 2, 3])
        try memory.store(x, y, task: 0)
        let before = try memory.snapshot()
        try memory.store(x, y, task: 1)
        try memory.restore(before)
        XCTAssertEqual(memory.owners, [0, 0, 0, -1])
        XCTAssertEqual(memory.seen, [3])
        XCTAssertNoThrow(try memory.check(before))
        XCTAssertThrowsError(try memory.check(try self.memory(.reservoir, 5).snapshot()))
    }
}
