import Continual
import Engine
import XCTest

final class MemoryTests: XCTestCase {
    private func batch(_ values: [Int]) throws -> (Tensor, Tensor) {
        (try Tensor.from(values.map(Float.init), shape: [values.count, 1]), try Tensor.from(values))
    }
    private func ring(_ slots: Int, tasks: Int = 3, prefill: Bool = false) throws -> RingMemory {
        try RingMemory(tasks: tasks, slots: slots, sampleSize: 1, prefills: prefill, source: RandomDrawSource(RandomStream(seed: 1)))
    }

    func testOverflowIsDroppedAndThePositionGoesBack() throws {
        let memory = try ring(5)
        for values in [[1, 2, 3], [4, 5, 6], [7, 8]] {
            let (x, y) = try batch(values)
            try memory.store(x, y, task: 1)
        }
        XCTAssertEqual(try memory.samples(of: 1).y.ints(), [7, 8, 3, 4, 5])
        XCTAssertEqual(memory.filled, [0, 5, 0])
        XCTAssertEqual(memory.positions, [0, 2, 0])
    }

    func testPrefill() throws {
        let memory = try ring(4, prefill: true)
        let (x, y) = try batch([9, 1])
        try memory.store(x, y, task: 0)
        XCTAssertEqual(try memory.samples(of: 0).y.ints(), [9, 1, 9, 9])
    }

    func testExchangeKeepsTheFirstAndReturnsTheOneItReplaced() throws {
        let memory = try ring(2, prefill: true)
        func exchange(_ values: [Int]) throws -> [Int] {
            let (x, y) = try batch(values)
            return try memory.exchange(x, y, task: 0).y.ints()
        }
        XCTAssertEqual(try exchange([1, 2, 3]), [2, 3])          // fills both slots with 1
        XCTAssertEqual(try exchange([4, 5, 6]), [5, 6, 1])
        XCTAssertEqual(try exchange([7, 8, 9]), [8, 9, 1])
        XCTAssertEqual(try exchange([10, 11]), [11, 4])
        XCTAssertEqual(try memory.samples(of: 0).y.ints(), [7, 10])
        let single = try ring(2, prefill: true)
        let (x, y) = try batch([5])
        XCTAssertEqual(try single.exchange(x, y, task: 1).y.ints(), [5])
    }

    func testDrawsOfOneTaskAndWithReplacement() throws {
        let memory = try ring(4)
        for task in 0..<2 {
            let (x, y) = try batch((0..<3).map { task * 10 + $0 })
            try memory.store(x, y, task: task)
        }
        XCTAssertEqual(Set(try memory.draw(9, tasks: 3, only: 1).tasks), [1])
        let again = try memory.draw(40, tasks: 2, replacement: true)
        XCTAssertEqual(again.count, 40)
        XCTAssertEqual(Set(again.flat), [0, 1, 2, 4, 5, 6])
        XCTAssertThrowsError(try memory.draw(1, tasks: 1, only: 1))
        XCTAssertEqual(try memory.samples(of: 0, empty: true).y.ints(), [0, 1, 2, 0])
    }

    /// With one position for all tasks a minibatch is cut off where the ring ends for the task before, too, and the slots in use need not be the first.
    func testSharedPosition() throws {
        func made() throws -> RingMemory {
            try RingMemory(tasks: 3, slots: 5, sampleSize: 1, prefills: false, sharesPosition: true, source: RandomDrawSource(RandomStream(seed: 1)))
        }
        let memory = try made()
        func store(_ values: [Int], _ task: Int, in memory: RingMemory) throws {
            let (x, y) = try batch(values)
            try memory.store(x, y, task: task)
        }
        try store([1, 2, 3], 0, in: memory)
        try store([11, 12, 13], 1, in: memory)   // slots 3 and 4; the third is dropped
        try store([14], 1, in: memory)           // slot 0
        XCTAssertEqual(memory.filled, [3, 3, 0])
        XCTAssertEqual(memory.positions, [1, 1, 1])
        XCTAssertEqual(memory.slotsInUse(of: 1), [0, 3, 4])
        XCTAssertEqual(try memory.samples(of: 1).y.ints(), [14, 11, 12])
        XCTAssertEqual(try memory.samples(of: 1, empty: true).y.ints(), [14, 0, 0, 11, 12])
        let draw = try memory.draw(99, tasks: 2)
        XCTAssertEqual(Set(draw.flat), [0, 1, 2, 5, 8, 9])
        XCTAssertEqual(Set(try draw.y.ints()), [1, 2, 3, 11, 12, 14])
        XCTAssertEqual(Set(try memory.draw(1, tasks: 2, only: 1, avoiding: [5, 8]).y.ints()), [12])
        XCTAssertEqual(Set(try memory.draw(50, tasks: 2, only: 1, replacement: true).y.ints()), [11, 12, 14])
        try memory.setTargets(try Tensor.from([0.1, 0.2, 0.3] as [Float], shape: [3, 1]), task: 1)
        XCTAssertEqual(try XCTUnwrap(memory.targets).floats()[5...], [0.1, 0, 0, 0.2, 0.3, 0, 0, 0, 0, 0])
        // What goes on from a snapshot is what goes on without it.
        let other = try made()
        try other.check(memory.snapshot())
        try other.restore(memory.snapshot())
        for ring in [memory, other] { try store([21, 22, 23, 24, 25], 2, in: ring) }
        XCTAssertEqual(other.filled, memory.filled)
        XCTAssertEqual(try other.samples(of: 2).y.ints(), [21, 22, 23, 24])
        XCTAssertEqual(try memory.samples(of: 2).y.ints(), [21, 22, 23, 24])
        let plain = try ring(5)
        try store([1, 2], 0, in: plain)
        XCTAssertThrowsError(try other.check(plain.snapshot()))
    }

    func testDraws() throws {
        let memory = try ring(4)
        for task in 0..<3 {
            let (x, y) = try batch((0..<(4 - task)).map { task * 10 + $0 })
            try memory.store(x, y, task: task)
        }
        for _ in 0..<50 {
            let draw = try memory.draw(5, tasks: 2)
            XCTAssertEqual(draw.count, 5)
            XCTAssertEqual(Set(draw.flat).count, 5)
            for (index, label) in try draw.y.ints().enumerated() {
                XCTAssertEqual(label, draw.tasks[index] * 10 + draw.slots[index])
                XCTAssertLessThan(draw.slots[index], memory.filled[draw.tasks[index]])
            }
        }
        XCTAssertEqual(try memory.draw(100, tasks: 3).count, 9)
        XCTAssertEqual(try memory.draw(5, tasks: 0).count, 0)
        XCTAssertTrue(Set(try memory.draw(100, tasks: 3, removing: [0, 5]).flat).isDisjoint(with: [0, 5]))
        XCTAssertTrue(Set(try memory.draw(3, tasks: 2, avoiding: [0, 1, 2, 3]).flat).isDisjoint(with: [0, 1, 2, 3]))
        XCTAssertEqual(try memory.draw(7, tasks: 2, avoiding: [0]).count, 7)
        XCTAssertThrowsError(try memory.draw(1, tasks: 4))
    }

    func testRecordedDrawsAreChecked() throws {
        let memory = try ring(4)
        let (x, y) = try batch([1, 2, 3, 4])
        try memory.store(x, y, task: 0)
        memory.source = RecordedDrawSource([try Tensor.from([0, 0, 3, 1], shape: [2, 2]), try Tensor.from([1, 0], shape: [2, 1])])
        XCTAssertEqual(try memory.draw(2, tasks: 1).y.ints(), [4, 2])
        XCTAssertThrowsError(try memory.draw(2, tasks: 1)) { XCTAssertTrue("\($0)".contains("slot 0 of task 1")) }
        XCTAssertThrowsError(try memory.draw(2, tasks: 0))
    }

    func testTargetsAndSnapshots() throws {
        let memory = try ring(2)
        let (x, y) = try batch([1, 2])
        try memory.store(x, y, task: 0)
        try memory.setTargets(try Tensor.from([0.1, 0.9, 0.5, 0.5] as [Float], shape: [2, 2]), task: 0)
        let snapshot = try memory.snapshot()
        let (x2, y2) = try batch([3, 4])
        try memory.store(x2, y2, task: 0)
        XCTAssertEqual(try memory.samples(of: 0).y.ints(), [3, 4])
        try memory.restore(snapshot)
        XCTAssertEqual(try memory.samples(of: 0).y.ints(), [1, 2])
        let draw = try memory.draw(2, tasks: 1)
        XCTAssertEqual(try XCTUnwrap(draw.targets).floats().prefix(2), draw.slots[0] == 0 ? [0.1, 0.9] : [0.5, 0.5])
        XCTAssertThrowsError(try memory.setTargets(try Tensor.zeros([3, 2]), task: 0))
        XCTAssertThrowsError(try memory.store(try Tensor.zeros([2, 5]), y, task: 0))
        XCTAssertThrowsError(try memory.store(x, y, task: 3))
    }
}
