import Engine

/// How wide each task's head is, where heads differ. What belongs to samples of several tasks, logits or what a memory keeps of them, then has the columns of
/// the widest, and those that a task lacks are `absent`.
public struct HeadColumns: Equatable, Sendable {
    /// Below every logit: such a column is never chosen, and has no part in a softmax.
    public static let absent = -Double.infinity

    /// By task; empty where all are equally wide, or the tasks share one head.
    public let widths: [Int]
    public var widest: Int { widths.max() ?? 0 }

    public init(widths: [Int] = []) { self.widths = widths }

    public init(_ bench: Benchmark) {
        let widths = bench.heads == .shared ? [] : bench.tasks.map(\.outputs.count)
        self.init(widths: Set(widths).count > 1 ? widths : [])
    }

    /// Values [B, C] of samples of one task with the columns of the widest head: those that are as wide as the task's own are filled up.
    func fitted(_ values: Tensor, task: Int) throws -> Tensor {
        guard widths.indices.contains(task), values.rank == 2, values.shape[1] == widths[task], values.shape[1] < widest else { return values }
        return try Tensor.cat([values, try Tensor.full([values.shape[0], widest - values.shape[1]], Self.absent, dtype: values.dtype, device: values.device)], 1)
    }
}
