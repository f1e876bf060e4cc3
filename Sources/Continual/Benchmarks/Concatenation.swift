import Engine

extension Benchmark {
    /// The tasks of several benchmarks one after the other. Benchmarks with the same classes, all with shared outputs, go on sharing them; otherwise each benchmark
    /// has outputs of its own behind those of the one before.
    public static func concat(_ benches: [Benchmark]) throws -> Benchmark {
        guard let first = benches.first else { throw DataError("there is nothing to put together") }
        if benches.count == 1 { return first }
        for bench in benches where bench.imageShape != first.imageShape {
            throw DataError("\(first.name) has images of \(first.imageShape), \(bench.name) of \(bench.imageShape): one network can't learn both (channels, height, width)")
        }
        let count = benches.map(\.tasks.count).reduce(0, +)
        try check(tasks: count)
        let heads: Heads = benches.allSatisfy { $0.heads == .shared } ? .shared : .perTask
        let isSame = heads == .shared && benches.allSatisfy { $0.outputNames == first.outputNames }
        var list: [Task] = []
        var names: [String] = isSame ? first.outputNames : []
        for bench in benches {
            let offset = isSame ? 0 : names.count
            for task in bench.tasks {
                var new = task.with(number: list.count, outputs: task.outputs.map { $0 + offset })
                if heads == .shared, offset > 0 {
                    let labels = (0..<bench.outputs).map { $0 + offset }
                    new = new.with(train: try task.train.relabelled(labels), test: try task.test.relabelled(labels))
                } else if heads == .perTask, bench.heads == .shared {
                    // A task's head has the task's classes only; labels count from 0 within it.
                    var local = [Int](repeating: -1, count: bench.outputs)
                    for (label, output) in task.outputs.enumerated() { local[output] = label }
                    new = new.with(train: try task.train.relabelled(local), test: try task.test.relabelled(local))
                    guard try new.train.count == 0 || new.train.labels().min().itemInt() >= 0 else {
                        throw DataError("\(bench.name) has tasks with samples of other tasks' classes: it can only be put together with benchmarks whose outputs are shared",
                                        remedy: "make the others with heads=\"shared\"")
                    }
                }
                list.append(new)
            }
            if !isSame { names += bench.outputNames }
        }
        return Benchmark(name: benches.map(\.name).joined(separator: " + "), tasks: list, heads: heads, imageShape: first.imageShape, outputs: names.count, outputNames: names, seed: first.seed)
    }
}

extension Dataset {
    /// Several data sets as one. With the same names of classes their samples are put together class by class; otherwise the classes of each come behind those of the one before.
    /// The images are copied into one tensor.
    public static func concat(_ sets: [Dataset]) throws -> Dataset {
        guard let first = sets.first else { throw DataError("there is nothing to put together") }
        if sets.count == 1 { return first }
        for set in sets where set.imageShape != first.imageShape {
            throw DataError("\(first.name) has images of \(first.imageShape), \(set.name) of \(set.imageShape) (channels, height, width)")
        }
        let isSame = sets.allSatisfy { $0.classNames == first.classNames }
        var offsets: [Int] = []
        var names: [String] = []
        for set in sets {
            offsets.append(isSame ? 0 : names.count)
            if !isSame || names.isEmpty { names += set.classNames }
        }
        func joined(_ part: (Dataset) -> SampleSet) throws -> SampleSet {
            guard Set(sets.map { part($0).images.dtype }).count == 1 else {
                throw DataError("\(sets.map(\.name).joined(separator: " and ")) hold different kinds of numbers: greys from 0 to 255, and others")
            }
            return SampleSet(images: try Tensor.cat(sets.map { part($0).images }), labels: try Tensor.cat(try zip(sets, offsets).map { try part($0).labels.add(.int($1)) }))
        }
        return try Dataset(name: sets.map(\.name).joined(separator: " + "), imageShape: first.imageShape, classes: names.count, classNames: names, train: try joined(\.train), test: try joined(\.test),
                           source: sets.map(\.source).joined(separator: "; "))
    }
}
