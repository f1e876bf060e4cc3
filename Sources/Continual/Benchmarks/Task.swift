import Engine

/// Samples x [B, D] float32, in [0, 1] if the images are greys, and labels y [B] int64, in the label space of the task's head.
public struct Minibatch {
    public let x: Tensor
    public let y: Tensor

    public init(x: Tensor, y: Tensor) {
        self.x = x
        self.y = y
    }
}

/// A part of a task: rows of a data set, in an order, seen through a transform. Or a mix of such parts.
public final class TaskSamples {
    private let source: SampleSet
    /// int64 [count], the rows in the order of the stream; nil for all rows in their order.
    private let rows: Tensor?
    private let transform: Transform
    /// int64 [classes]: label of the head for each label of the data set, -1 for others; nil where they are the same.
    private let localLabels: Tensor?
    /// What it is mixed of, where it is a mix; the fields above are then those of the first part.
    private let mix: SampleMix?
    public let count: Int

    init(_ source: SampleSet, rows: Tensor?, transform: Transform, localLabels: Tensor?) {
        self.source = source
        self.rows = rows
        self.transform = transform
        self.localLabels = localLabels
        mix = nil
        count = rows?.count ?? source.count
    }

    /// What it refers to; images are shared by all tasks of a benchmark.
    public var tensors: [Tensor] {
        if let mix { return mix.parts.flatMap(\.tensors) }
        var held = [source.images, source.labels] + [rows, localLabels].compactMap { $0 }
        if case .permutation(let order) = transform { held.append(order) }
        return held
    }

    /// All samples of a data set, as they are.
    public convenience init(_ source: SampleSet) { self.init(source, rows: nil, transform: .none, localLabels: nil) }

    /// - Parameter mix: of at least one part.
    init(_ mix: SampleMix) {
        let first = mix.parts[0]
        (source, rows, transform, localLabels) = (first.source, first.rows, first.transform, first.localLabels)
        self.mix = mix
        count = mix.count
    }

    /// Samples start to start + length of the stream.
    public func minibatch(_ start: Int, _ length: Int) throws -> Minibatch {
        if let mix { return try mix.minibatch(start, length) }
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
        return Minibatch(x: try source.scaled(try transform.apply(images)), y: labels)
    }

    /// The pixels of some samples as they are shown: uint8 [length, D].
    public func pixels(_ start: Int, _ length: Int) throws -> Tensor {
        if let mix { return try mix.pixels(start, length) }
        let images = try rows.map { try source.images.indexSelect(0, try $0.narrow(0, start, length)) } ?? source.images.narrow(0, start, length)
        return try source.greys(try transform.apply(images))
    }

    /// Labels of all samples, in the label space of the task's head: int64 [count].
    public func labels() throws -> Tensor {
        if let mix { return try mix.labels() }
        let labels = try rows.map { try source.labels.indexSelect(0, $0) } ?? source.labels
        return try localLabels.map { try $0.indexSelect(0, labels) } ?? labels
    }

    /// Starts and lengths of minibatches over all samples; the last one may be smaller.
    public func ranges(_ size: Int) -> [(start: Int, length: Int)] {
        stride(from: 0, to: count, by: max(1, size)).map { ($0, min(size, count - $0)) }
    }

    // MARK: - Made of it, without copying a pixel

    /// The same samples in another order.
    public func shuffled(_ random: RandomStream) throws -> TaskSamples { try chosen(random.permutation(count)) }

    /// The samples at some positions, 0 up to count - 1, in that order.
    public func chosen(_ positions: [Int]) throws -> TaskSamples {
        guard positions.allSatisfy({ $0 >= 0 && $0 < count }) else { throw DataError("there are \(count) samples; some of those asked for lie outside of them") }
        if let mix { return TaskSamples(mix.chosen(positions)) }
        let chosen = try Tensor.from(positions, device: source.labels.device)
        return TaskSamples(source, rows: try rows.map { try $0.indexSelect(0, chosen) } ?? chosen, transform: transform, localLabels: localLabels)
    }

    /// With label y replaced by labels[y]; -1 marks labels that it does not have.
    func relabelled(_ labels: [Int]) throws -> TaskSamples {
        if let mix { return TaskSamples(try mix.onParts { try $0.relabelled(labels) }) }
        let old = try localLabels?.ints() ?? Array(labels.indices)
        let new = old.map { $0 >= 0 && $0 < labels.count ? labels[$0] : -1 }
        return TaskSamples(source, rows: rows, transform: transform, localLabels: try Tensor.from(new, device: source.labels.device))
    }

    /// Seen through one more transform.
    func seen(through next: Transform) throws -> TaskSamples {
        if let mix { return TaskSamples(try mix.onParts { try $0.seen(through: next) }) }
        return TaskSamples(source, rows: rows, transform: transform.then(next), localLabels: localLabels)
    }

    var device: Device { source.labels.device }
    var isMixed: Bool { mix != nil }
}

/// One task of a stream.
public final class Task {
    /// From 0, in the order of the stream.
    public let number: Int
    public let name: String
    /// Labels that its classes have in the data set; index is the label in the task's own head.
    public let classes: [Int]
    /// In the order of `classes`.
    public let classNames: [String]
    /// The network's outputs that belong to its classes, in the order of `classes`.
    public let outputs: [Int]
    public let train: TaskSamples
    public let test: TaskSamples

    init(number: Int, name: String, classes: [Int], classNames: [String], outputs: [Int], train: TaskSamples, test: TaskSamples) {
        self.number = number
        self.name = name
        self.classes = classes
        self.classNames = classNames
        self.outputs = outputs
        self.train = train
        self.test = test
    }

    /// The same task, with some of it replaced.
    func with(number: Int? = nil, name: String? = nil, classes: [Int]? = nil, classNames: [String]? = nil, outputs: [Int]? = nil, train: TaskSamples? = nil, test: TaskSamples? = nil) -> Task {
        Task(number: number ?? self.number, name: name ?? self.name, classes: classes ?? self.classes, classNames: classNames ?? self.classNames,
             outputs: outputs ?? self.outputs, train: train ?? self.train, test: test ?? self.test)
    }
}
