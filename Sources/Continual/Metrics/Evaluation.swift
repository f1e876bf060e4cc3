import Engine

/// Accuracy on test sets.
public enum Evaluation {
    /// Samples in one forward pass.
    public static let batchSize = 1000

    /// Which classes compete when a sample of a task is tested.
    public enum Classes: String, CaseIterable, Sendable {
        /// Those of its task: task-incremental evaluation.
        case task
        /// Those of all tasks: class-incremental evaluation.
        case all
        /// Those of the tasks learned so far.
        case seen
    }

    /// The outputs that compete, and where among them a sample's label is found.
    public struct Contest {
        /// nil for all outputs.
        public let outputs: [Int]?
        /// By the label of the task's head the place in `outputs`; -1 where it is not among them. nil where they are the same.
        let places: [Int]?
    }

    /// - Parameter last: the last task that was learned, for `.seen`; nil where there is none yet.
    public static func contest(_ classes: Classes, _ bench: Benchmark, _ task: Task, last: Int?) -> Contest {
        // By label of the task's head its output.
        let outputs = bench.heads == .perTask ? task.outputs : Array(0..<bench.outputs)
        let competing: [Int]
        switch classes {
        case .task: competing = task.outputs
        case .all: return Contest(outputs: nil, places: bench.heads == .perTask ? outputs : nil)
        case .seen: competing = Set(bench.tasks.prefix(last.map { $0 + 1 } ?? bench.tasks.count).flatMap(\.outputs)).sorted()
        }
        let place = Dictionary(competing.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return Contest(outputs: competing, places: outputs.map { place[$0] ?? -1 })
    }

    /// The share of a task's test samples whose highest logit is the label's. All samples count, also those of a smaller last batch. Without gradients.
    /// - Parameters:
    ///   - contest: nil where labels are places among the predicted logits.
    ///   - predict: logits [B, competing outputs] of samples [B, D].
    public static func accuracy(on task: Task, _ contest: Contest? = nil, _ predict: (Tensor) throws -> Tensor) throws -> Double {
        guard task.test.count > 0 else { throw DataError("\(task.name) has no test samples") }
        let places = try contest?.places.map { try Tensor.from($0, device: task.test.device) }
        return try withoutGradients {
            // Counted where the predictions are; read once.
            var right: Tensor?
            for (start, length) in task.test.ranges(batchSize) {
                let batch = try task.test.minibatch(start, length)
                let logits = try predict(batch.x)
                guard logits.rank == 2, logits.shape[0] == length else { throw DataError("a prediction for \(length) samples has the shape \(logits.summary)") }
                let labels = try places.map { try $0.indexSelect(0, batch.y) } ?? batch.y
                let counted = try logits.argmax(1).eq(labels).sum()
                right = try right?.add(counted) ?? counted
            }
            return Double(try right?.itemInt() ?? 0) / Double(task.test.count)
        }
    }

    /// Counts of test samples by true label (rows) and predicted one (columns): int64 [C, C], with C the logits of the task's head. Without gradients.
    public static func confusion(on task: Task, _ predict: (Tensor) throws -> Tensor) throws -> Tensor {
        guard task.test.count > 0 else { throw DataError("\(task.name) has no test samples") }
        return try withoutGradients {
            var classes = 0
            var labels: [Tensor] = [], predictions: [Tensor] = []
            for (start, length) in task.test.ranges(batchSize) {
                let batch = try task.test.minibatch(start, length)
                let logits = try predict(batch.x)
                guard logits.rank == 2, logits.shape[0] == length, logits.shape[1] > 0 else { throw DataError("a prediction for \(length) samples has the shape \(logits.summary)") }
                if classes == 0 { classes = logits.shape[1] }
                labels.append(batch.y)
                predictions.append(try logits.argmax(1))
            }
            var counts = [Int](repeating: 0, count: classes * classes)
            for (label, predicted) in zip(try Tensor.cat(labels).ints(), try Tensor.cat(predictions).ints()) where label >= 0 && label < classes && predicted < classes {
                counts[label * classes + predicted] += 1
            }
            return try Tensor.from(counts, shape: [classes, classes])
        }
    }
}

extension Benchmark {
    /// The classes that compete where nothing else is said.
    public var ownClasses: Evaluation.Classes { heads == .perTask ? .task : .all }
}
