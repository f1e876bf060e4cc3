import Engine

/// Samples x [B, D] float32 in [0, 1] and labels y [B] int64, in the label space of the task's head.
public struct Minibatch {
    public let x: Tensor
    public let y: Tensor

    public init(x: Tensor, y: Tensor) {
        self.x = x
        self.y = y
    }
}

/// How a task's images come from a data set's: nothing is copied.
public enum Transform {
    case none
    /// Column j of the result is column order[j] of the image: int64 [D].
    case permutation(Tensor)
}

/// A part of a task: rows of a data set, in an order, seen through a transform.
public final class TaskSamples {
    private let source: SampleSet
    /// int64 [count], the rows in the order of the stream; nil for all rows in their order.
    private let rows: Tensor?
    private let transform: Transform
    /// int64 [classes]: label of the head for each global label, -1 for others; nil where they are the same.
    private let localLabels: Tensor?
    public let count: Int

    init(_ source: SampleSet, rows: Tensor?, transform: Transform, localLabels: Tensor?) {
        self.source = source
        self.rows = rows
        self.transform = transform
        self.localLabels = localLabels
        count = rows?.count ?? source.count
    }

    /// What it refers to; images are shared by all tasks of a benchmark.
    public var tensors: [Tensor] {
        var held = [source.images, source.labels] + [rows, localLabels].compactMap { $0 }
        if case .permutation(let order) = transform { held.append(order) }
        return held
    }

    /// Samples start to start + length of the stream.
    public func minibatch(_ start: Int, _ length: Int) throws -> Minibatch {
        let images: Tensor
        var labels: Tensor
        if let rows {
            let chosen = try rows.narrow(0, start, length)
            images = try source.images.indexSelect(0, chosen)
            labels = try source.labels.indexSelect(0, chosen)
        } else {
            images = try source.images.narrow(0, start, length)
            labels = try source.labels.narrow(0, start, length)
        }
        if let localLabels { labels = try localLabels.indexSelect(0, labels) }
        return Minibatch(x: try transformed(images).to(.float32).div(255), y: labels)
    }

    /// The raw pixels of some samples, uint8 [length, D].
    public func pixels(_ start: Int, _ length: Int) throws -> Tensor {
        let images = try rows.map { try source.images.indexSelect(0, try $0.narrow(0, start, length)) } ?? source.images.narrow(0, start, length)
        return try transformed(images)
    }

    private func transformed(_ images: Tensor) throws -> Tensor {
        switch transform {
        case .none: return images
        case .permutation(let order): return try images.indexSelect(1, order)
        }
    }

    /// Starts and lengths of minibatches over all samples; the last one may be smaller.
    public func ranges(_ size: Int) -> [(start: Int, length: Int)] {
        stride(from: 0, to: count, by: max(1, size)).map { ($0, min(size, count - $0)) }
    }

    /// The same samples in another order.
    public func shuffled(_ random: RandomStream) throws -> TaskSamples {
        let order = try Tensor.from(random.permutation(count), device: source.labels.device)
        return TaskSamples(source, rows: try rows.map { try $0.indexSelect(0, order) } ?? order, transform: transform, localLabels: localLabels)
    }

}

/// One task of a stream.
public final class Task {
    /// From 0, in the order of the stream.
    public let number: Int
    public let name: String
    /// Global labels of its classes; index is the label in the task's head.
    public let classes: [Int]
    public let train: TaskSamples
    public let test: TaskSamples

    init(number: Int, name: String, classes: [Int], train: TaskSamples, test: TaskSamples) {
        self.number = number
        self.name = name
        self.classes = classes
        self.train = train
        self.test = test
    }
}
