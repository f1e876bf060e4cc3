import Continual
import Engine
import XCTest

final class BenchmarkTests: XCTestCase {
    func testPermutationsAreFixedBijectionsAndShareTheImages() throws {
        let data = try Digits.load()
        let a = try Benchmark.permuted(data, tasks: 20, perTask: 100, seed: 5)
        let b = try Benchmark.permuted(data, tasks: 20, perTask: 100, seed: 5)
        let c = try Benchmark.permuted(data, tasks: 20, perTask: 100, seed: 6)
        let (x, y) = try { ($0.x, $0.y) }(a.tasks[3].train.minibatch(10, 10))
        XCTAssertEqual(x.shape, [10, 64])
        XCTAssertTrue(try x.equalsBitwise(try b.tasks[3].train.minibatch(10, 10).x))
        XCTAssertFalse(try x.equalsBitwise(try c.tasks[3].train.minibatch(10, 10).x))
        XCTAssertTrue(try y.equalsBitwise(try b.tasks[3].train.minibatch(10, 10).y))
        // The same test image in two tasks: the same pixels in another order.
        let first = try a.tasks[0].test.minibatch(7, 1).x
        let second = try a.tasks[1].test.minibatch(7, 1).x
        XCTAssertFalse(try first.equalsBitwise(second))
        XCTAssertEqual(try first.floats().sorted(), try second.floats().sorted())
        XCTAssertLessThanOrEqual(try x.max().item(), 1)
        XCTAssertEqual(a.tasks[0].train.count, 100)
        XCTAssertEqual(a.tasks[0].test.count, data.test.count)
        XCTAssertThrowsError(try Benchmark.permuted(data, tasks: 2, perTask: 5000, seed: 1))
        XCTAssertThrowsError(try Benchmark.permuted(data, tasks: 0, perTask: nil, seed: 1))
    }

    func testMinibatchesCoverTheStream() throws {
        let bench = try Benchmark.permuted(try Digits.load(), tasks: 1, perTask: 95, seed: 1)
        let ranges = bench.tasks[0].train.ranges(10)
        XCTAssertEqual(ranges.count, 10)
        XCTAssertEqual(ranges.map(\.length).reduce(0, +), 95)
        XCTAssertEqual(ranges.last?.length, 5)
        let shuffled = try bench.tasks[0].train.shuffled(RandomStream(seed: 1))
        let sorted = { (samples: TaskSamples) in try samples.minibatch(0, 95).x.sum(1).floats().sorted() }
        XCTAssertEqual(try sorted(shuffled), try sorted(bench.tasks[0].train))
    }

    func testSplitTasksHaveLocalLabels() throws {
        let bench = try Benchmark.split(try Digits.load(), tasks: 5, perTask: nil, seed: 3)
        XCTAssertEqual(Set(bench.tasks.flatMap(\.classes)), Set(0..<10))
        for task in bench.tasks {
            XCTAssertEqual(task.classes.count, 2)
            XCTAssertEqual(Set(try task.train.minibatch(0, task.train.count).y.ints()), [0, 1])
        }
        XCTAssertEqual(bench.tasks.map(\.test.count).reduce(0, +), 355)
        XCTAssertThrowsError(try Benchmark.split(try Digits.load(), tasks: 3, perTask: nil, seed: 3)) { XCTAssertTrue("\($0)".contains("can't be split into 3")) }
    }
}
