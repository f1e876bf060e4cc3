@testable import Continual
import Engine
import XCTest

/// Split, blurry, put together and cut: labels, outputs and samples of the tasks.
final class StreamTests: XCTestCase {
    private let data = try! Digits.load()

    /// The data set's label of each sample, by its pixels' place in the data set: whatever a benchmark does with labels, the image tells the truth.
    private func truth(_ samples: TaskSamples) throws -> [Int] {
        var label: [[UInt8]: Int] = [:]
        for set in [data.train, data.test] {
            let (bytes, labels) = (try set.images.bytes(), try set.labels.ints())
            for row in labels.indices { label[Array(bytes[(row * 64)..<((row + 1) * 64)])] = labels[row] }
        }
        let bytes = try samples.pixels(0, samples.count).bytes()
        return try (0..<samples.count).map { try XCTUnwrap(label[Array(bytes[($0 * 64)..<(($0 + 1) * 64)])]) }
    }

    /// Labels in the head of a task are those of the classes that the images show.
    private func checkLabels(_ bench: Benchmark, file: StaticString = #filePath, line: UInt = #line) throws {
        for task in bench.tasks {
            XCTAssertEqual(task.outputs.map { bench.outputNames[$0] }, task.classNames, file: file, line: line)
            for samples in [task.train, task.test] {
                let labels = try samples.labels().ints()
                let names = bench.heads == .perTask ? task.classNames : bench.outputNames
                XCTAssertEqual(labels.map { names[$0] }, try truth(samples).map(String.init), file: file, line: line)
                // The same labels minibatch by minibatch, the last one too.
                XCTAssertEqual(try samples.ranges(10).flatMap { try samples.minibatch($0.start, $0.length).y.ints() }, labels, file: file, line: line)
            }
            XCTAssertTrue(Set(try truth(task.test).map(String.init)).isSubset(of: task.classNames), file: file, line: line)
        }
        XCTAssertEqual(bench.tasks.map(\.number), Array(bench.tasks.indices), file: file, line: line)
        XCTAssertTrue(bench.tasks.flatMap(\.outputs).allSatisfy { $0 < bench.outputs }, file: file, line: line)
    }

    func testSplitOrdersHeadsAndParts() throws {
        let order = [3, 1, 4, 5, 9, 2, 6, 8]
        for heads in [Benchmark.Heads.perTask, .shared] {
            let bench = try Benchmark.split(data, tasks: nil, classesPerTask: 2, order: .list(order), heads: heads, seed: 1)
            XCTAssertEqual(bench.tasks.flatMap(\.classes), order)
            XCTAssertEqual(bench.outputs, 8)
            try checkLabels(bench)
            try checkLabels(try bench.validation())
            let learning = try bench.learning()
            try checkLabels(learning)
            XCTAssertEqual(learning.tasks.map(\.classes), [[6, 8]])
            XCTAssertEqual(learning.outputs, 2)
            XCTAssertEqual(learning.tasks[0].outputs, [0, 1])
            XCTAssertEqual(try bench.validation().tasks.count, 3)
        }
        XCTAssertEqual(try Benchmark.split(data, tasks: 2, classesPerTask: 3, seed: 1).outputs, 6)
        let whole = try Benchmark.split(data, tasks: 5, heads: .shared, seed: 1)
        XCTAssertEqual(whole.tasks[2].outputs, whole.tasks[2].classes)
        try checkLabels(whole)
        for (tasks, size, order) in [(3, nil, nil), (nil, 3, nil), (4, 3, nil), (0, nil, nil), (nil, 0, nil), (5, nil, [1, 1]), (2, nil, [1, 10]), (1, nil, [])] as [(Int?, Int?, [Int]?)] {
            XCTAssertThrowsError(try Benchmark.split(data, tasks: tasks, classesPerTask: size, order: order.map { .list($0) } ?? .drawn, seed: 1), "\(tasks as Any) \(size as Any)")
        }
    }

    func testSplitIntoListedTasksOfAnySize() throws {
        let order = [[3, 1, 4], [5], [9, 2]]
        for heads in [Benchmark.Heads.perTask, .shared] {
            let bench = try Benchmark.split(data, tasks: nil, order: .tasks(order), heads: heads, seed: 1)
            XCTAssertEqual(bench.tasks.map(\.classes), order)
            XCTAssertEqual(bench.tasks.map(\.outputs), [[0, 1, 2], [3], [4, 5]])
            XCTAssertEqual(bench.outputs, 6)
            try checkLabels(bench)
        }
        for (tasks, size, order, told) in [(2, nil, [[1], [2]], "leave out tasks="), (nil, 1, [[1], [2]], "leave out tasks="), (nil, nil, [[1, 2], [2]], "the class 2 is twice"),
                                           (nil, nil, [[1], []], "has none for task 1"), (nil, nil, [[], []], "is empty"), (nil, nil, [[1], [10]], "no class 10")] as [(Int?, Int?, [[Int]], String)] {
            XCTAssertThrowsError(try Benchmark.split(data, tasks: tasks, classesPerTask: size, order: .tasks(order), seed: 1)) { XCTAssertTrue("\($0) \(($0 as? DataError)?.remedy ?? "")".contains(told), "\($0)") }
        }
    }

    func testPermutedPartsKeepAllOutputs() throws {
        let bench = try Benchmark.permuted(.data(data), tasks: 5, seed: 1)
        let learning = try bench.learning()
        XCTAssertEqual(learning.outputs, 10)
        XCTAssertEqual(learning.tasks.map(\.name), ["permutation 4", "permutation 5"])
        XCTAssertEqual(learning.tasks.map(\.number), [0, 1])
        XCTAssertTrue(try learning.tasks[1].train.minibatch(0, 10).x.equalsBitwise(try bench.tasks[4].train.minibatch(0, 10).x))
        XCTAssertEqual(try Benchmark.permuted(.data(data), tasks: 3, seed: 1).validation().tasks.count, 3)
        XCTAssertThrowsError(try Benchmark.permuted(.data(data), tasks: 3, seed: 1).learning()) { XCTAssertTrue("\($0)".contains("has 3 tasks; the first 3 are for validation")) }
        XCTAssertThrowsError(try Benchmark.permuted(.data(data), tasks: 2, seed: 1).validation())
    }

    func testBlurryHasExactlyItsShareOfNeighbours() throws {
        let bench = try Benchmark.split(data, tasks: 5, seed: 3)
        for share in [0.0, 0.1, 0.25, 0.9] {
            let blurry = try Benchmark.blurry(bench, share: share, seed: 5)
            try checkLabels(blurry)
            XCTAssertEqual(blurry.heads, .shared)
            for (task, own) in zip(blurry.tasks, bench.tasks) {
                let labels = try truth(task.train)
                XCTAssertEqual(labels.count, own.train.count)
                let wanted = Int((share * Double(labels.count)).rounded())
                func count(_ number: Int) -> Int { bench.tasks.indices.contains(number) ? labels.filter(bench.tasks[number].classes.contains).count : 0 }
                let (before, after) = (count(task.number - 1), count(task.number + 1))
                XCTAssertEqual(before + after, wanted)
                XCTAssertEqual(count(task.number), labels.count - wanted)
                if task.number > 0, task.number < 4 { XCTAssertEqual(before, (wanted + 1) / 2) }
                // Test sets stay what they were.
                XCTAssertTrue(try task.test.pixels(0, task.test.count).equalsBitwise(try own.test.pixels(0, own.test.count)))
            }
        }
        let (a, b, c) = (try Benchmark.blurry(bench, share: 0.3, seed: 1), try Benchmark.blurry(bench, share: 0.3, seed: 1), try Benchmark.blurry(bench, share: 0.3, seed: 2))
        XCTAssertTrue(try a.tasks[2].train.minibatch(0, 40).x.equalsBitwise(try b.tasks[2].train.minibatch(0, 40).x))
        XCTAssertFalse(try a.tasks[2].train.minibatch(0, 40).x.equalsBitwise(try c.tasks[2].train.minibatch(0, 40).x))
        try checkLabels(try a.validation())
        try checkLabels(try a.learning())
        // Away from the ends no sample is seen twice.
        let middle = try (1...3).flatMap { number -> [[UInt8]] in
            let samples = a.tasks[number].train
            let bytes = try samples.pixels(0, samples.count).bytes()
            return try zip(0..., truth(samples)).filter { bench.tasks[2].classes.contains($1) }.map { Array(bytes[($0.0 * 64)..<(($0.0 + 1) * 64)]) }
        }
        XCTAssertEqual(Set(middle).count, middle.count)
        XCTAssertEqual(middle.count, bench.tasks[2].train.count)
    }

    /// Each sample of a mix keeps the transform of the task it comes from.
    func testBlurryPermutations() throws {
        let bench = try Benchmark.permuted(.data(data), tasks: 3, amount: .count(60), seed: 1)
        let blurry = try Benchmark.blurry(bench, share: 0.5, seed: 1)
        let known = try bench.tasks.map { task in
            let bytes = try task.train.pixels(0, 60).bytes()
            return Set((0..<60).map { Array(bytes[($0 * 64)..<(($0 + 1) * 64)]) })
        }
        for (task, counts) in zip(blurry.tasks, [[30, 30, 0], [15, 30, 15], [0, 30, 30]]) {
            let bytes = try task.train.pixels(0, 60).bytes()
            let rows = (0..<60).map { Array(bytes[($0 * 64)..<(($0 + 1) * 64)]) }
            XCTAssertEqual(known.map { known in rows.filter(known.contains).count }, counts)
        }
        let batch = try blurry.tasks[1].train.minibatch(55, 5)
        XCTAssertTrue(try batch.x.equalsBitwise(try blurry.tasks[1].train.pixels(55, 5).to(.float32).div(255)))
        let shuffled = try blurry.tasks[1].train.shuffled(RandomStream(seed: 3))
        XCTAssertEqual(try shuffled.labels().ints().sorted(), try blurry.tasks[1].train.labels().ints().sorted())
    }

    func testPutTogether() throws {
        let (first, second) = (try Benchmark.permuted(.data(data), tasks: 2, seed: 1), try Benchmark.rotated(.data(data), tasks: 3, angles: .even(min: 0, max: 90), seed: 1))
        let shared = try Benchmark.concat([first, second])
        XCTAssertEqual(shared.outputs, 10)
        XCTAssertEqual(shared.tasks.map(\.number), [0, 1, 2, 3, 4])
        XCTAssertEqual(shared.heads, .shared)
        let split = try Benchmark.split(data, tasks: 5, seed: 1)
        let mixed = try Benchmark.concat([first, split])
        XCTAssertEqual(mixed.outputs, 20)
        XCTAssertEqual(mixed.heads, .perTask)
        XCTAssertEqual(Set(mixed.tasks[2].outputs), Set(split.tasks[0].classes.map { $0 + 10 }))
        let halves = try Benchmark.concat([try data.subset(classes: [0, 1, 2], seed: 1), try data.subset(classes: [3, 4], seed: 1)].map { try Benchmark.split($0, tasks: 1, heads: .shared, seed: 1) })
        XCTAssertEqual(halves.outputs, 5)
        try checkLabels(halves)
        try checkLabels(try Benchmark.concat([split, try Benchmark.split(data, tasks: 2, heads: .shared, seed: 2)]))
        XCTAssertThrowsError(try Benchmark.concat([split, try Benchmark.blurry(split, share: 0.2, seed: 1)])) { XCTAssertTrue("\($0)".contains("outputs are shared")) }

        let twice = try Dataset.concat([data, data])
        XCTAssertEqual([twice.classes, twice.train.count], [10, 2 * data.train.count])
        let parts = try Dataset.concat([try data.subset(classes: [5, 7], seed: 1), try data.subset(classes: [2], seed: 1)])
        XCTAssertEqual(parts.classNames, ["5", "7", "2"])
        XCTAssertEqual(try parts.train.labels.max().itemInt(), 2)
    }

    func testSubsets() throws {
        let small = try data.subset(classes: [7, 1], train: .count(50), test: .share(0.5), seed: 3)
        XCTAssertEqual([small.classes, small.train.count], [2, 50])
        let bench = try Benchmark.split(data, tasks: 5, seed: 1)
        let part = try bench.subset(tasks: [4, 0], classes: nil, train: .share(0.5), seed: 1)
        XCTAssertEqual(part.tasks.map(\.classes), [bench.tasks[4].classes, bench.tasks[0].classes])
        XCTAssertEqual(part.tasks[0].train.count, bench.tasks[4].train.count / 2)
        XCTAssertEqual(part.outputs, 4)
        try checkLabels(part)
        for heads in [Benchmark.Heads.perTask, .shared] {
            let bench = try Benchmark.split(data, tasks: 5, order: .list(Array(0..<10)), heads: heads, seed: 1)
            let some = try bench.subset(tasks: nil, classes: [9, 3, 2], seed: 1)
            XCTAssertEqual(some.tasks.map(\.classes), [[2, 3], [9]])
            XCTAssertEqual(some.outputs, 3)
            try checkLabels(some)
        }
        try checkLabels(try Benchmark.blurry(bench, share: 0.3, seed: 1).subset(tasks: [1, 2], classes: nil, seed: 1))
        XCTAssertThrowsError(try bench.subset(tasks: [5], classes: nil, seed: 1))
        XCTAssertThrowsError(try data.subset(classes: [], seed: 1))
        XCTAssertThrowsError(try data.subset(classes: [1, 1], seed: 1))
        XCTAssertThrowsError(try data.subset(classes: nil, train: .count(100_000), seed: 1))
    }

    func testTransformsFollowOneAnother() throws {
        let bench = try Benchmark.split(data, tasks: 5, seed: 1)
        let turned = try Benchmark.rotated(.benchmark(bench), tasks: nil, angles: .even(min: 0, max: 180), seed: 1)
        XCTAssertEqual(turned.tasks[4].classes, bench.tasks[4].classes)
        // By 180 degrees: the pixels from the end.
        XCTAssertEqual(try turned.tasks[4].train.pixels(0, 1).ints(), try bench.tasks[4].train.pixels(0, 1).ints().reversed())
        let both = try Benchmark.permuted(.benchmark(turned), tasks: nil, amount: .count(20), seed: 2)
        XCTAssertEqual(both.tasks[2].train.count, 20)
        XCTAssertEqual(try both.tasks[2].test.pixels(3, 1).ints().sorted(), try turned.tasks[2].test.pixels(3, 1).ints().sorted())
        XCTAssertThrowsError(try Benchmark.permuted(.benchmark(bench), tasks: 4, seed: 1))
    }

    func testUseIsAShareOrACount() throws {
        XCTAssertEqual(try Amount(use: 1), .all)
        XCTAssertEqual(try Amount(use: 0.5).count(of: 101, "it"), 50)
        XCTAssertEqual(try Amount(use: 7).count(of: 101, "it"), 7)
        for use in [0, -1, 1.5, .nan, .infinity] { XCTAssertThrowsError(try Amount(use: use)) }
        XCTAssertThrowsError(try Amount(use: 200).count(of: 101, "it"))
        XCTAssertThrowsError(try Amount(use: 0.001).count(of: 101, "it"))
    }

    /// Which classes compete: a network that always favours one output is right among a task's own classes only where that output is not among them.
    func testTheSameLogitsAreEvaluatedBothWays() throws {
        let bench = try Benchmark.split(data, tasks: 2, order: .list(Array(0..<10)), seed: 1)
        let shared = try bench.withSharedHeads()
        // Knows the truth, but prefers output 0 to all others.
        func logits(_ task: Task, _ x: Tensor, _ outputs: [Int]?) throws -> Tensor {
            let images = try x.mul(255).add(0.5).floor().to(.uint8)
            let known = try truth(TaskSamples(SampleSet(images: images, labels: try Tensor.zeros([x.shape[0]], dtype: .int64))))
            let rows = known.map { label in (0..<10).map { Float($0 == 0 ? 2 : $0 == label ? 1 : 0) } }
            let all = try Tensor.from(rows.flatMap { $0 }, shape: [rows.count, 10])
            return try outputs.map { try all.indexSelect(1, try Tensor.from($0)) } ?? all
        }
        for bench in [bench, shared] {
            let task = bench.tasks[1]
            func accuracy(_ classes: Evaluation.Classes, last: Int?) throws -> Double {
                let contest = Evaluation.contest(classes, bench, task, last: last)
                return try Evaluation.accuracy(on: task, contest) { try logits(task, $0, contest.outputs) }
            }
            XCTAssertEqual(try accuracy(.task, last: 1), 1)
            XCTAssertEqual(try accuracy(.all, last: 1), 0)
            XCTAssertEqual(try accuracy(.seen, last: 0), 0)
            XCTAssertEqual(try accuracy(.seen, last: 1), 0)
        }
        XCTAssertEqual(bench.ownClasses, .task)
        XCTAssertEqual(shared.ownClasses, .all)
    }

    /// The published code forgets the last test sample of each task.
    func testTheLastTestSampleCounts() throws {
        let bench = try Benchmark.permuted(.data(data), tasks: 1, seed: 1)
        var seen = 0
        _ = try Evaluation.accuracy(on: bench.tasks[0]) {
            seen += $0.shape[0]
            return try Tensor.zeros([$0.shape[0], 10])
        }
        XCTAssertEqual(seen, data.test.count)
        let two = try data.subset(classes: [0, 1], test: .count(1), seed: 1)
        XCTAssertEqual(try Evaluation.accuracy(on: try Benchmark.permuted(.data(two), tasks: 1, seed: 1).tasks[0]) { try Tensor.ones([$0.shape[0], 1]) }, try two.test.labels.itemInt() == 0 ? 1 : 0)
    }

    /// Twenty permutations, rotations and blurry tasks of a data set take little more memory than the data set.
    func testNothingIsMaterialised() throws {
        func resident() throws -> Int {
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
            return try XCTUnwrap(Int(pages)) * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        func set(_ count: Int) throws -> SampleSet {
            SampleSet(images: try Tensor.full([count, 784], 7, dtype: .uint8), labels: try Tensor.from((0..<count).map { $0 % 10 }))
        }
        let large = try Dataset(name: "large", imageShape: [1, 28, 28], classes: 10, train: try set(60_000), test: try set(1_000), source: "")
        let before = try resident()
        let permuted = try Benchmark.permuted(.data(large), tasks: 20, amount: .count(5_000), seed: 1)
        let rotated = try Benchmark.rotated(.data(large), tasks: 20, angles: .drawn(min: 0, max: 180), amount: .count(5_000), seed: 1)
        let split = try Benchmark.split(large, tasks: 5, seed: 1)
        let benches = [permuted, rotated, split, try Benchmark.blurry(permuted, share: 0.2, seed: 1), try permuted.learning(), try Benchmark.concat([permuted, rotated])]
        for bench in benches { for task in bench.tasks { XCTAssertEqual(try task.train.minibatch(0, 10).x.shape, [10, 784]) } }
        // One copy of the images has 47 MB; twenty tasks of 5,000 images would have 78 MB for each benchmark.
        XCTAssertLessThan(try resident() - before, 40_000_000)
    }
}
