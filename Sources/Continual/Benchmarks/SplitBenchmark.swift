import Engine

/// Benchmarks whose tasks have different classes.
extension Benchmark {
    /// Which classes come, in which order.
    public enum ClassOrder: Sendable {
        case drawn
        /// Labels; those that are not listed are left out.
        case list([Int])
        /// The labels of each task, as many in each as one likes; those that are not listed are left out.
        case tasks([[Int]])
    }

    /// Tasks of different classes, the same number in each unless the order says them task by task.
    /// - Parameters:
    ///   - tasks: nil: as many as classesPerTask makes of the classes, or 5; must be nil, as classesPerTask, where the order has the tasks.
    ///   - heads: `.perTask` where a task's own outputs are known (task-incremental), `.shared` where all classes compete (class-incremental).
    ///   - amount: training samples drawn for each task without replacement. The test samples are all those of its classes.
    public static func split(_ data: Dataset, tasks: Int?, classesPerTask: Int? = nil, order classOrder: ClassOrder = .drawn, heads: Heads = .perTask, amount: Amount = .all,
                             seed: UInt64, device: Device = .cpu) throws -> Benchmark {
        let streams = RandomStreams(seed: seed)
        func equal(_ ordered: [Int]) throws -> [[Int]] {
            let (number, size) = try division(of: ordered.count, data.name, tasks, classesPerTask)
            return (0..<number).map { Array(ordered[($0 * size)..<(($0 + 1) * size)]) }
        }
        let groups: [[Int]]
        switch classOrder {
        case .drawn: groups = try equal(streams.stream("classes").permutation(data.classes))
        case .list(let list):
            try check(list, data)
            groups = try equal(list)
        case .tasks(let list):
            guard tasks == nil, classesPerTask == nil else {
                throw DataError("the order has the classes of each of \(list.count) tasks", remedy: "leave out tasks= and classes_per_task=, or list the classes as one list")
            }
            try check(list.flatMap { $0 }, data)
            if let empty = list.firstIndex(where: \.isEmpty) { throw DataError("the order of classes has none for task \(empty)") }
            groups = list
        }
        return try split(data, groups, heads, amount, seed, streams.stream("order"), device)
    }

    private static func check(_ order: [Int], _ data: Dataset) throws {
        if let wrong = order.first(where: { $0 < 0 || $0 >= data.classes }) { throw DataError("there is no class \(wrong) in \(data.name): its labels are 0 to \(data.classes - 1)") }
        var seen = Set<Int>()
        if let twice = order.first(where: { !seen.insert($0).inserted }) { throw DataError("the class \(twice) is twice in the order of classes") }
        guard !order.isEmpty else { throw DataError("the order of classes is empty") }
    }

    /// How many tasks of how many classes.
    private static func division(of classes: Int, _ name: String, _ tasks: Int?, _ classesPerTask: Int?) throws -> (tasks: Int, size: Int) {
        for (what, value) in [("tasks", tasks), ("classes_per_task", classesPerTask)] {
            if let value, value < 1 || value > classes { throw DataError("\(what) must be from 1 to \(classes), the number of classes of \(name), not \(value)") }
        }
        let divisors = (1...max(1, classes)).filter { classes % $0 == 0 }.map(String.init).joined(separator: ", ")
        switch (tasks, classesPerTask) {
        case (let tasks?, let size?):
            let (product, overflow) = tasks.multipliedReportingOverflow(by: size)
            guard !overflow, product <= classes else { throw DataError("\(tasks) tasks of \(size) classes need \(overflow ? "too many" : "\(product)") classes, but \(name) has \(classes)") }
            return (tasks, size)
        case (nil, let size?):
            guard classes % size == 0 else {
                throw DataError("\(classes) classes of \(name) can't be split into tasks of \(size)", remedy: "classes_per_task can be \(divisors); or say how many tasks: tasks=\(classes / size)")
            }
            return (classes / size, size)
        default:
            let tasks = tasks ?? 5
            guard classes > 0, classes % tasks == 0 else {
                throw DataError("\(classes) classes of \(name) can't be split into \(tasks) equal tasks", remedy: "tasks can be \(divisors); or leave some classes out with classes_per_task")
            }
            return (tasks, classes / tasks)
        }
    }

    private static func split(_ data: Dataset, _ groups: [[Int]], _ heads: Heads, _ amount: Amount, _ seed: UInt64, _ order: RandomStream, _ device: Device) throws -> Benchmark {
        let used = groups.flatMap { $0 }
        // With all classes an output's number is the class's label; otherwise they are numbered in the order of the tasks.
        let outputClasses = used.count == data.classes ? Array(0..<data.classes) : used
        var output = [Int](repeating: -1, count: data.classes)
        for (index, label) in outputClasses.enumerated() { output[label] = index }
        let (train, test) = (try data.train.on(device), try data.test.on(device))
        let (trainRows, testRows) = (try rows(data.train, data.classes), try rows(data.test, data.classes))
        let list = try groups.enumerated().map { number, classes -> Task in
            var labels = [Int](repeating: -1, count: data.classes)
            for (index, label) in classes.enumerated() { labels[label] = heads == .perTask ? index : output[label] }
            let map = try Tensor.from(labels, device: device)
            let name = "classes \(classes.map { data.classNames[$0] }.joined(separator: ","))"
            let all = classes.flatMap { trainRows[$0] }.sorted()
            let chosen = order.choose(try amount.count(of: all.count, "the task of \(name) of \(data.name)"), of: all.count).map { all[$0] }
            return Task(number: number, name: name, classes: classes, classNames: classes.map { data.classNames[$0] }, outputs: classes.map { output[$0] },
                        train: TaskSamples(train, rows: try Tensor.from(chosen, device: device), transform: .none, localLabels: map),
                        test: TaskSamples(test, rows: try Tensor.from(classes.flatMap { testRows[$0] }.sorted(), device: device), transform: .none, localLabels: map))
        }
        return Benchmark(name: "split \(data.name)", tasks: list, heads: heads, imageShape: data.imageShape, outputs: outputClasses.count,
                         outputNames: outputClasses.map { data.classNames[$0] }, seed: seed)
    }

    /// Row numbers by label.
    private static func rows(_ set: SampleSet, _ classes: Int) throws -> [[Int]] {
        var result = [[Int]](repeating: [], count: classes)
        for (row, label) in try set.labels.ints().enumerated() { result[label].append(row) }
        return result
    }
}
