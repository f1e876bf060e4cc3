import Engine

/// A stream of tasks made from a data set.
public final class Benchmark {
    /// Which logits belong to a task.
    public enum Heads: Sendable {
        /// All tasks share all outputs; a label is the number of an output.
        case shared
        /// Each task has outputs of its own and labels that count from 0 within the task, which is known when it is tested.
        case perTask
    }

    public let name: String
    public let tasks: [Task]
    public let heads: Heads
    /// (channels, height, width)
    public let imageShape: [Int]
    /// Outputs that a network needs.
    public let outputs: Int
    /// Names of the classes, by output.
    public let outputNames: [String]
    public let seed: UInt64
    /// How a run of its tasks is made where that is more than leaving the others out.
    private let makeSlice: ((Range<Int>) throws -> Benchmark)?
    /// Minibatches of the stream have this size.
    public static let batchSize = 10

    init(name: String, tasks: [Task], heads: Heads, imageShape: [Int], outputs: Int, outputNames: [String]? = nil, seed: UInt64,
         makeSlice: ((Range<Int>) throws -> Benchmark)? = nil) {
        self.name = name
        self.tasks = tasks
        self.heads = heads
        self.imageShape = imageShape
        self.outputs = outputs
        self.outputNames = outputNames ?? (0..<outputs).map(String.init)
        self.seed = seed
        self.makeSlice = makeSlice
    }

    public var inputSize: Int { imageShape.reduce(1, *) }

    /// Outputs of a task's head.
    public func headSize(_ task: Int) -> Int { heads == .shared ? outputs : tasks[task].classes.count }

    // MARK: - Parts of the stream

    /// Tasks for choosing hyper-parameters, apart from those that are learned (Chaudhry et al. 2019: the first 3).
    public static let validationTasks = 3

    /// The first three tasks.
    public func validation() throws -> Benchmark { try slice(0..<Self.validationTasks, "validation") }
    /// The tasks after the first three.
    public func learning() throws -> Benchmark { try slice(Self.validationTasks..<max(Self.validationTasks, tasks.count), "learning") }

    private func slice(_ range: Range<Int>, _ what: String) throws -> Benchmark {
        guard !range.isEmpty, range.upperBound <= tasks.count else {
            throw DataError("\(name) has \(tasks.count) task\(tasks.count == 1 ? "" : "s"); the first \(Self.validationTasks) are for validation, those after them for learning",
                            remedy: "make it with more than \(Self.validationTasks) tasks")
        }
        let slice = try makeSlice?(range) ?? picked(Array(range), name)
        return Benchmark(name: "\(name) (\(what))", tasks: slice.tasks, heads: slice.heads, imageShape: imageShape, outputs: slice.outputs, outputNames: slice.outputNames, seed: seed)
    }

    /// Some tasks, in that order, numbered from 0. Outputs that none of them uses are left out, and those that stay are numbered in the order of the tasks.
    func picked(_ numbers: [Int], _ name: String) throws -> Benchmark {
        let kept = numbers.map { tasks[$0] }
        var order: [Int] = []
        var place: [Int: Int] = [:]
        // A mixed stream has labels of other tasks too.
        let foreign = heads == .shared ? try kept.filter(\.train.isMixed).flatMap { Set(try $0.train.labels().ints()).sorted() } : []
        for output in kept.flatMap(\.outputs) + foreign where place[output] == nil {
            place[output] = order.count
            order.append(output)
        }
        let isWhole = order.count == outputs
        if isWhole { (order, place) = (Array(0..<outputs), Dictionary(uniqueKeysWithValues: (0..<outputs).map { ($0, $0) })) }
        let labels = (0..<outputs).map { place[$0] ?? -1 }
        let list = try kept.enumerated().map { number, task -> Task in
            if isWhole { return task.with(number: number) }
            let moved = task.with(number: number, outputs: task.outputs.map { labels[$0] })
            return heads == .perTask ? moved : moved.with(train: try task.train.relabelled(labels), test: try task.test.relabelled(labels))
        }
        return Benchmark(name: name, tasks: list, heads: heads, imageShape: imageShape, outputs: order.count, outputNames: order.map { outputNames[$0] }, seed: seed)
    }

    // MARK: - Recorded streams

    /// Tasks whose samples are exactly those of a recorded stream, in its order.
    /// - Parameters: x uint8 [N, D]; y int64 [N] global labels; t int64 [N] task numbers, ascending.
    public static func recorded(x: Tensor, y: Tensor, t: Tensor, tasks: Int, heads: Heads, classesPerTask: Int, outputs: Int) throws -> Benchmark {
        guard x.rank == 2, x.dtype == .uint8, y.shape == [x.shape[0]], t.shape == y.shape, y.dtype == .int64, t.dtype == .int64 else {
            throw DataError("a recorded stream has x uint8 [N, D], y int64 [N] and t int64 [N], not \(x.summary), \(y.summary), \(t.summary)")
        }
        let numbers = try t.ints()
        guard numbers == numbers.sorted(), (numbers.first ?? 0) >= 0, (numbers.last ?? 0) < tasks, tasks >= 1, tasks <= 100_000 else {
            throw DataError("the tasks of a recorded stream must ascend from 0 to \(tasks - 1)")
        }
        let set = SampleSet(images: x, labels: y)
        let list = try (0..<tasks).map { number -> Task in
            let rows = numbers.indices.filter { numbers[$0] == number }
            let offset = heads == .perTask ? number * classesPerTask : 0
            let classes = Array(offset..<(offset + classesPerTask))
            var localLabels: Tensor?
            if heads == .perTask {
                localLabels = try Tensor.from((0..<outputs).map { classes.contains($0) ? $0 - offset : -1 })
            }
            let samples = TaskSamples(set, rows: try Tensor.from(rows), transform: .none, localLabels: localLabels)
            return Task(number: number, name: "task \(number + 1)", classes: classes, classNames: classes.map(String.init), outputs: classes, train: samples, test: samples)
        }
        return Benchmark(name: "recorded", tasks: list, heads: heads, imageShape: [1, 1, x.shape[1]], outputs: outputs, seed: 0)
    }
}
