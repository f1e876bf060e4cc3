import Engine

extension Dataset {
    /// Some classes, and some of the samples of each.
    /// - Parameters:
    ///   - classes: labels; nil for all. They are numbered from 0 in the order given.
    ///   - train: how many of the training samples, drawn from the seed, which then keep their order.
    public func subset(classes chosen: [Int]?, train trainAmount: Amount = .all, test testAmount: Amount = .all, seed: UInt64) throws -> Dataset {
        let kept = chosen ?? Array(0..<classes)
        var label = [Int](repeating: -1, count: classes)
        for (index, old) in kept.enumerated() {
            guard old >= 0, old < classes else { throw DataError("there is no class \(old) in \(name): its labels are 0 to \(classes - 1)") }
            guard label[old] < 0 else { throw DataError("the class \(old) is given twice") }
            label[old] = index
        }
        guard !kept.isEmpty else { throw DataError("no class is left of \(name)") }
        let streams = RandomStreams(seed: seed)
        func part(_ set: SampleSet, _ what: String, _ amount: Amount) throws -> SampleSet {
            let labels = try set.labels.ints()
            let all = labels.indices.filter { label[labels[$0]] >= 0 }
            guard !all.isEmpty else { throw DataError("\(name) has no \(what) samples of these classes") }
            let rows = amount == .all ? all : streams.stream("subset \(what)").choose(try amount.count(of: all.count, "the \(what) set of \(name)"), of: all.count).sorted().map { all[$0] }
            return SampleSet(images: try set.images.indexSelect(0, try Tensor.from(rows)), labels: try Tensor.from(rows.map { label[labels[$0]] }))
        }
        return try Dataset(name: name, imageShape: imageShape, classes: kept.count, classNames: kept.map { classNames[$0] }, train: try part(train, "training", trainAmount),
                           test: try part(test, "test", testAmount), source: source, path: path)
    }
}

extension Benchmark {
    /// Some of the tasks, some of their classes, some of their training samples.
    /// - Parameters:
    ///   - tasks: numbers; nil for all. They are numbered from 0 in the order given.
    ///   - classes: labels of the data set; nil for all. Samples of others are left out, and tasks that have no class left.
    ///   - train: how many of each task's training samples, drawn from the seed, which then keep their order.
    public func subset(tasks chosen: [Int]?, classes: [Int]?, train: Amount = .all, test: Amount = .all, seed: UInt64) throws -> Benchmark {
        if let wrong = chosen?.first(where: { $0 < 0 || $0 >= tasks.count }) { throw DataError("there is no task \(wrong) in \(name): its tasks are 0 to \(tasks.count - 1)") }
        var result = try picked(chosen ?? Array(tasks.indices), name)
        if let classes { result = try result.restricted(to: classes) }
        guard !result.tasks.isEmpty else { throw DataError("no task is left of \(name)") }
        guard train != .all || test != .all else { return result }
        let streams = RandomStreams(seed: seed)
        func part(_ samples: TaskSamples, _ amount: Amount, _ what: String, _ task: Task) throws -> TaskSamples {
            if amount == .all { return samples }
            let count = try amount.count(of: samples.count, "the \(what) set of task \(task.number)")
            return try samples.chosen(streams.stream("subset \(what)").choose(count, of: samples.count).sorted())
        }
        return try result.mapped(name) { $0.with(train: try part($0.train, train, "training", $0), test: try part($0.test, test, "test", $0)) }
    }

    private func restricted(to classes: [Int]) throws -> Benchmark {
        let known = Set(tasks.flatMap(\.classes))
        if let wrong = classes.first(where: { !known.contains($0) }) { throw DataError("no task of \(name) has the class \(wrong)") }
        let wanted = Set(classes)
        // Outputs that stay: those of wanted classes, in all tasks.
        var isKept = [Bool](repeating: false, count: outputs)
        for task in tasks { for (label, output) in zip(task.classes, task.outputs) where wanted.contains(label) { isKept[output] = true } }
        var list: [Task] = []
        for task in tasks {
            let places = task.classes.indices.filter { wanted.contains(task.classes[$0]) }
            if places.isEmpty { continue }
            var local = [Int](repeating: -1, count: heads == .perTask ? task.classes.count : outputs)
            if heads == .perTask { for (new, old) in places.enumerated() { local[old] = new } } else { for output in 0..<outputs where isKept[output] { local[output] = output } }
            func part(_ samples: TaskSamples) throws -> TaskSamples {
                let labels = try samples.labels().ints()
                return try samples.chosen(labels.indices.filter { labels[$0] >= 0 && labels[$0] < local.count && local[labels[$0]] >= 0 }).relabelled(local)
            }
            list.append(task.with(number: list.count, classes: places.map { task.classes[$0] }, classNames: places.map { task.classNames[$0] }, outputs: places.map { task.outputs[$0] },
                                  train: try part(task.train), test: try part(task.test)))
        }
        let made = Benchmark(name: name, tasks: list, heads: heads, imageShape: imageShape, outputs: outputs, outputNames: outputNames, seed: seed)
        return try made.picked(Array(list.indices), name)
    }
}
