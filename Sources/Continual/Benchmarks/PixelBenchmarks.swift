import Engine

/// What the tasks of a benchmark are made from: a data set, each task of all its samples, or the tasks of another benchmark.
public enum StreamSource {
    case data(Dataset)
    case benchmark(Benchmark)

    public var name: String {
        switch self {
        case .data(let data): return data.name
        case .benchmark(let bench): return bench.name
        }
    }

    var imageShape: [Int] {
        switch self {
        case .data(let data): return data.imageShape
        case .benchmark(let bench): return bench.imageShape
        }
    }
}

/// Benchmarks whose tasks show the same classes in other ways.
extension Benchmark {
    public static let mostTasks = 10_000

    static func check(tasks: Int) throws {
        guard tasks >= 1, tasks <= mostTasks else { throw DataError("a benchmark needs from 1 to \(mostTasks) tasks, not \(tasks)") }
    }

    /// Every task, the first too, shuffles the pixels in its own fixed way (Goodfellow et al. 2013; as in GEM's script).
    /// - Parameters:
    ///   - tasks: nil for as many as the benchmark has that it is made from, or 10.
    ///   - amount: training samples drawn for each task without replacement. The test set is complete.
    public static func permuted(_ source: StreamSource, tasks: Int?, amount: Amount = .all, seed: UInt64, device: Device = .cpu) throws -> Benchmark {
        let size = source.imageShape.reduce(1, *)
        let pixels = RandomStreams(seed: seed).stream("permutations")
        return try transformed(source, "permuted", tasks: tasks, amount, seed, device) { number, _ in
            (.permutation(try Tensor.from(pixels.permutation(size), device: device)), "permutation \(number + 1)")
        }
    }

    /// By how much each task is rotated.
    public enum Angles: Sendable {
        /// One angle for each task, drawn from its own part of the range, as in GEM's script: task t of T from the t-th of T equal parts.
        case drawn(min: Double, max: Double)
        /// From min to max in equal steps, both included.
        case even(min: Double, max: Double)
        case list([Double])
    }

    /// Every task turns the images by its own angle (rotated MNIST of Lopez-Paz and Ranzato 2017).
    public static func rotated(_ source: StreamSource, tasks: Int?, angles: Angles, resampling: Rotation.Resampling = .bilinear, amount: Amount = .all, seed: UInt64,
                               device: Device = .cpu) throws -> Benchmark {
        guard source.imageShape.count == 3 else { throw DataError("\(source.name) has no images that could be rotated") }
        let random = RandomStreams(seed: seed).stream("rotations")
        var listed: Int?
        if case .list(let list) = angles {
            guard !list.isEmpty, list.allSatisfy(\.isFinite) else { throw DataError("the angles must be a list of finite numbers of degrees") }
            guard tasks == nil || tasks == list.count else { throw DataError("\(list.count) angles are given for \(tasks ?? 0) tasks") }
            listed = list.count
        }
        return try transformed(source, "rotated", tasks: tasks ?? listed, amount, seed, device) { number, total in
            let angle: Double
            switch angles {
            case .drawn(let min, let max): angle = min + (max - min) * (Double(number) + random.nextUniform()) / Double(total)
            case .even(let min, let max): angle = total == 1 ? min : min + (max - min) * Double(number) / Double(total - 1)
            case .list(let list): angle = list[number]
            }
            let tenths = (angle * 10).rounded() / 10
            return (.rotation(Rotation(angle: angle, imageShape: source.imageShape, resampling: resampling)), "rotation by \(tenths) degrees")
        }
    }

    private static func transformed(_ source: StreamSource, _ what: String, tasks: Int?, _ amount: Amount, _ seed: UInt64, _ device: Device,
                                    _ transform: (Int, Int) throws -> (Transform, String)) throws -> Benchmark {
        let order = RandomStreams(seed: seed).stream("order")
        let name = "\(what) \(source.name)"
        switch source {
        case .data(let data):
            let total = tasks ?? 10
            try check(tasks: total)
            let count = try amount.count(of: data.train.count, data.name)
            let (train, test) = (try data.train.on(device), try data.test.on(device))
            let list = try (0..<total).map { number -> Task in
                let (transform, name) = try transform(number, total)
                let rows = try Tensor.from(order.choose(count, of: data.train.count), device: device)
                let classes = Array(0..<data.classes)
                return Task(number: number, name: name, classes: classes, classNames: data.classNames, outputs: classes,
                            train: TaskSamples(train, rows: rows, transform: transform, localLabels: nil),
                            test: TaskSamples(test, rows: nil, transform: transform, localLabels: nil))
            }
            return Benchmark(name: name, tasks: list, heads: .shared, imageShape: data.imageShape, outputs: data.classes, outputNames: data.classNames, seed: seed)
        case .benchmark(let bench):
            guard tasks == nil || tasks == bench.tasks.count else {
                throw DataError("\(bench.name) has \(bench.tasks.count) tasks, and each is \(what) in its own way: tasks can't be \(tasks ?? 0)", remedy: "leave tasks out")
            }
            return try bench.mapped(name) { task in
                let (transform, name) = try transform(task.number, bench.tasks.count)
                var train = task.train
                if amount != .all { train = try train.chosen(order.choose(try amount.count(of: train.count, "task \(task.number)"), of: train.count)) }
                return task.with(name: "\(task.name), \(name)", train: try train.seen(through: transform), test: try task.test.seen(through: transform))
            }
        }
    }

    /// The same benchmark with each task changed.
    func mapped(_ name: String, _ change: (Task) throws -> Task) rethrows -> Benchmark {
        Benchmark(name: name, tasks: try tasks.map(change), heads: heads, imageShape: imageShape, outputs: outputs, outputNames: outputNames, seed: seed)
    }
}
