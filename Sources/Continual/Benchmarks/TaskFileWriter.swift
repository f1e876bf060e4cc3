import Engine
import FileFormats

extension Benchmark {
    /// Writes [tasks_train, tasks_test], each a list of [description, x, y], as GEM's scripts do: x float32 [N, D] in 0 to 1 and y int64 [N],
    /// in the order of the stream. `torch.load(path, weights_only=True)` reads it, and so do the projects' loaders.
    /// Tasks with heads of their own get labels one after the other (task t has (c1, c2): c1 up to c2 - 1), as their models want them.
    /// One task is in memory at a time.
    public func save(to path: String, report: LoadingReport = .silent) throws {
        let starts = tasks.reduce(into: [0]) { $0.append($0.last! + $1.classes.count) }
        try TorchArchive.write(to: path) { archive in
            var pickle = PickleWriter()
            var key = 0
            pickle.list { pickle in
                for isTest in [false, true] {
                    pickle.list { pickle in
                        for task in tasks {
                            let count = (isTest ? task.test : task.train).count
                            pickle.list { pickle in
                                switch heads {
                                case .shared: pickle.text(task.name)
                                case .perTask:
                                    pickle.tuple {
                                        $0.int(starts[task.number])
                                        $0.int(starts[task.number + 1])
                                    }
                                }
                                pickle.tensor(key: "\(key)", storageType: "FloatStorage", shape: [count, inputSize])
                                pickle.tensor(key: "\(key + 1)", storageType: "LongStorage", shape: [count])
                            }
                            key += 2
                        }
                    }
                }
            }
            try pickle.finished().withUnsafeBytes { try archive.add("data.pkl", $0) }
            try Array("little".utf8).withUnsafeBytes { try archive.add("byteorder", $0) }
            key = 0
            for isTest in [false, true] {
                for task in tasks {
                    let samples = isTest ? task.test : task.train
                    let (x, y) = try whole(samples, firstLabel: heads == .perTask ? starts[task.number] : 0)
                    try x.withBytes { try archive.add("data/\(key)", $0) }
                    try y.withUnsafeBytes { try archive.add("data/\(key + 1)", $0) }
                    key += 2
                    try report.progress(key / 2, 2 * tasks.count)
                }
            }
        }
    }

    /// All samples as a network sees them, made in pieces so that nothing of their size is there twice.
    private func whole(_ samples: TaskSamples, firstLabel: Int) throws -> (x: Tensor, y: [Int]) {
        var y: [Int] = []
        let x = try Tensor.filled([samples.count, inputSize], dtype: .float32) { bytes in
            for (start, length) in samples.ranges(1000) {
                let batch = try samples.minibatch(start, length)
                let rowSize = inputSize * MemoryLayout<Float>.size
                try batch.x.withBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[(start * rowSize)..<((start + length) * rowSize)]).copyMemory(from: $0) }
                y += try batch.y.ints().map { $0 + firstLabel }
            }
        }
        return (x, y)
    }
}
