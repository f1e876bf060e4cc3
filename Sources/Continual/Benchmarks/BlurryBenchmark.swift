import Engine

extension Benchmark {
    /// Blurry task boundaries: of the n training samples of each task, k = round(share * n) are replaced by training samples of its neighbours in the stream,
    /// ceil(k / 2) of the task before and floor(k / 2) of the one after; the first and the last task have only one neighbour, which gives all k.
    /// (The setting of Bang et al. 2021 with neighbours in place of all other tasks.)
    ///
    /// Which samples leave a task is drawn from the seed, and its neighbours get those first, so that away from the ends each sample is still seen once; where they do not
    /// suffice, others of the task are drawn without replacement. The stream of a task is shuffled. Test sets stay as they are: task t's holds the samples of task t only.
    ///
    /// A task's stream then has classes of its neighbours, so all tasks share all outputs; labels are numbers of outputs. `evaluate ... classes="task"` still compares
    /// within a task's own classes.
    public static func blurry(_ bench: Benchmark, share: Double, seed: UInt64) throws -> Benchmark {
        guard share >= 0, share <= 1 else { throw DataError("share must be from 0 to 1, the part of a task's samples that comes from its neighbours, not \(share)") }
        guard bench.tasks.count >= 2 else { throw DataError("\(bench.name) has one task: there are no boundaries that could be blurry") }
        let random = RandomStreams(seed: seed).stream("blur")
        let shared = try bench.withSharedHeads()
        let leaving = shared.tasks.map { Int((share * Double($0.train.count)).rounded()) }
        // A random order of each task's samples: the first ones leave it.
        let orders = shared.tasks.map { random.permutation($0.train.count) }
        let last = shared.tasks.count - 1
        // How many of the leaving samples of each task have found a place.
        var given = [Int](repeating: 0, count: last + 1)
        let list = try shared.tasks.map { task -> Task in
            let (number, count) = (task.number, leaving[task.number])
            let fromBefore = number == 0 ? 0 : number == last ? count : (count + 1) / 2
            var places = orders[number].dropFirst(count).map { (part: 0, position: $0) }
            var parts = [task.train]
            for (neighbour, wanted) in [(number - 1, fromBefore), (number + 1, count - fromBefore)] where wanted > 0 {
                let order = orders[neighbour]
                guard wanted <= order.count else {
                    throw DataError("task \(number + 1) wants \(wanted) samples of its neighbour, task \(neighbour + 1), which has \(order.count)", remedy: "choose a smaller share")
                }
                let start = min(given[neighbour], order.count - wanted)
                given[neighbour] = start + wanted
                places += order[start..<(start + wanted)].map { (part: parts.count, position: $0) }
                parts.append(shared.tasks[neighbour].train)
            }
            let mix = SampleMix(parts, random.permutation(places.count).map { places[$0] })
            return task.with(train: TaskSamples(mix))
        }
        return Benchmark(name: "blurry \(bench.name)", tasks: list, heads: .shared, imageShape: bench.imageShape, outputs: shared.outputs, outputNames: shared.outputNames, seed: seed) { range in
            try blurry(try bench.picked(Array(range), bench.name), share: share, seed: seed)
        }
    }

    /// The same tasks with labels that are numbers of outputs.
    func withSharedHeads() throws -> Benchmark {
        guard heads == .perTask else { return self }
        let list = try tasks.map { $0.with(train: try $0.train.relabelled($0.outputs), test: try $0.test.relabelled($0.outputs)) }
        return Benchmark(name: name, tasks: list, heads: .shared, imageShape: imageShape, outputs: outputs, outputNames: outputNames, seed: seed)
    }
}
