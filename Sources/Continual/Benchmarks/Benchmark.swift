import Engine

/// A stream of tasks made from a data set.
public final class Benchmark {
    /// Which logits belong to a task.
    public enum Heads: Sendable {
        /// All tasks share all outputs (permuted pixels: the classes are the same).
        case shared
        /// Each task has outputs of its own (split classes); the task is known when it is tested.
        case perTask
    }

    public let name: String
    public let tasks: [Task]
    public let heads: Heads
    /// (channels, height, width)
    public let imageShape: [Int]
    /// Outputs that a network needs.
    public let outputs: Int
    public let seed: UInt64
    /// Minibatches of the stream have this size.
    public static let batchSize = 10

    public init(name: String, tasks: [Task], heads: Heads, imageShape: [Int], outputs: Int, seed: UInt64) {
        self.name = name
        self.tasks = tasks
        self.heads = heads
        self.imageShape = imageShape
        self.outputs = outputs
        self.seed = seed
    }

    public var inputSize: Int { imageShape.reduce(1, *) }

    /// Outputs of a task's head.
    public func headSize(_ task: Int) -> Int { heads == .shared ? outputs : tasks[task].classes.count }

    // MARK: - Permuted pixels

    /// Every task, the first too, shuffles the pixels in its own fixed way (Goodfellow et al. 2013; as in GEM's script).
    /// - Parameter perTask: training samples drawn for each task without replacement; nil for all. The test set is complete.
    public static func permuted(_ data: Dataset, tasks: Int, perTask: Int?, seed: UInt64, device: Device = .cpu) throws -> Benchmark {
        guard tasks >= 1, tasks <= 10_000 else { throw DataError("a benchmark needs from 1 to 10000 tasks, not \(tasks)") }
        try checkPerTask(perTask, available: data.train.count, data.name)
        let streams = RandomStreams(seed: seed)
        let (pixels, order) = (streams.stream("permutations"), streams.stream("order"))
        let (train, test) = (try data.train.on(device), try data.test.on(device))
        let list = try (0..<tasks).map { number -> Task in
            let transform = Transform.permutation(try Tensor.from(pixels.permutation(data.imageSize), device: device))
            let rows = try Tensor.from(order.choose(perTask ?? data.train.count, of: data.train.count), device: device)
            return Task(number: number, name: "permutation \(number + 1)", classes: Array(0..<data.classes),
                        train: TaskSamples(train, rows: rows, transform: transform, localLabels: nil),
                        test: TaskSamples(test, rows: nil, transform: transform, localLabels: nil))
        }
        return Benchmark(name: "permuted \(data.name)", tasks: list, heads: .shared, imageShape: data.imageShape, outputs: data.classes, seed: seed)
    }

    private static func checkPerTask(_ perTask: Int?, available: Int, _ name: String) throws {
        guard let perTask else { return }
        guard perTask >= 1, perTask <= available else {
            throw DataError("per_task must be from 1 to \(available), the training samples that \(name) has, not \(perTask)")
        }
    }

    // MARK: - Split classes

    /// Tasks of different classes, in an order drawn from the seed. Each task has a head of its own.
    public static func split(_ data: Dataset, tasks: Int, perTask: Int?, seed: UInt64, device: Device = .cpu) throws -> Benchmark {
        guard tasks >= 1, data.classes % tasks == 0 else {
            throw DataError("\(data.classes) classes of \(data.name) can't be split into \(tasks) equal tasks",
                            remedy: "tasks can be \((1...data.classes).filter { data.classes % $0 == 0 }.map(String.init).joined(separator: ", "))")
        }
        let streams = RandomStreams(seed: seed)
        let classOrder = streams.stream("classes").permutation(data.classes)
        let order = streams.stream("order")
        let size = data.classes / tasks
        let (train, test) = (try data.train.on(device), try data.test.on(device))
        let (trainLabels, testLabels) = (try data.train.labels.ints(), try data.test.labels.ints())
        let list = try (0..<tasks).map { number -> Task in
            let classes = Array(classOrder[(number * size)..<((number + 1) * size)])
            var local = [Int](repeating: -1, count: data.classes)
            for (index, label) in classes.enumerated() { local[label] = index }
            let localLabels = try Tensor.from(local, device: device)
            let all = trainLabels.indices.filter { local[trainLabels[$0]] >= 0 }
            try checkPerTask(perTask, available: all.count, "a task of \(data.name)")
            let rows = order.choose(perTask ?? all.count, of: all.count).map { all[$0] }
            let testRows = testLabels.indices.filter { local[testLabels[$0]] >= 0 }
            return Task(number: number, name: "classes \(classes.map(String.init).joined(separator: ","))", classes: classes,
                        train: TaskSamples(train, rows: try Tensor.from(rows, device: device), transform: .none, localLabels: localLabels),
                        test: TaskSamples(test, rows: try Tensor.from(testRows, device: device), transform: .none, localLabels: localLabels))
        }
        return Benchmark(name: "split \(data.name)", tasks: list, heads: .perTask, imageShape: data.imageShape, outputs: data.classes, seed: seed)
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
            return Task(number: number, name: "task \(number + 1)", classes: classes, train: samples, test: samples)
        }
        return Benchmark(name: "recorded", tasks: list, heads: heads, imageShape: [1, 1, x.shape[1]], outputs: outputs, seed: 0)
    }

}
