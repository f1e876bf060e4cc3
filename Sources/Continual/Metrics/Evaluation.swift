import Engine

/// Accuracy on test sets.
public enum Evaluation {
    /// Samples in one forward pass.
    public static let batchSize = 1000

    /// The share of a task's test samples whose highest logit is the label's. Without gradients.
    /// - Parameter predict: logits [B, classes of the task's head] of samples [B, D].
    public static func accuracy(on task: Task, _ predict: (Tensor) throws -> Tensor) throws -> Double {
        guard task.test.count > 0 else { throw DataError("\(task.name) has no test samples") }
        var right = 0
        try withoutGradients {
            for (start, length) in task.test.ranges(batchSize) {
                let batch = try task.test.minibatch(start, length)
                let logits = try predict(batch.x)
                guard logits.rank == 2, logits.shape[0] == length else { throw DataError("a prediction for \(length) samples has the shape \(logits.summary)") }
                right += try logits.argmax(1).eq(batch.y).sum().itemInt()
            }
        }
        return Double(right) / Double(task.test.count)
    }
}
