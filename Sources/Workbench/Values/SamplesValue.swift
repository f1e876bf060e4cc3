import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// Samples of a task or a data set, in order; slices are samples too. Pixels are gathered when they are asked for.
final class SamplesValue: HostValue {
    let samples: TaskSamples
    /// (channels, height, width)
    let imageShape: [Int]
    /// Names of the classes, by label.
    let classNames: [String]
    /// "training samples of task 1 of permuted digits"
    let title: String
    /// The task or data set that they are of.
    let owner: HostValue
    let isTest: Bool
    /// Their places among the samples of the owner; nil: all.
    let positions: [Int]?

    private init(_ samples: TaskSamples, imageShape: [Int], classNames: [String], title: String, owner: HostValue, isTest: Bool, positions: [Int]? = nil) {
        (self.owner, self.isTest, self.positions) = (owner, isTest, positions)
        self.samples = samples
        self.imageShape = imageShape
        self.classNames = classNames
        self.title = title
    }

    convenience init(_ value: TaskValue, isTest: Bool) {
        let (task, bench) = (value.task, value.benchmark)
        self.init(isTest ? task.test : task.train, imageShape: bench.imageShape, classNames: bench.heads == .perTask ? task.classNames : bench.outputNames,
                  title: "\(isTest ? "test" : "training") samples of task \(task.number + 1) of \(bench.name)", owner: value, isTest: isTest)
    }

    convenience init(_ value: DatasetValue, isTest: Bool) {
        let data = value.dataset
        self.init(TaskSamples(isTest ? data.test : data.train), imageShape: data.imageShape, classNames: data.classNames,
                  title: "\(isTest ? "test" : "training") samples of \(data.name)", owner: value, isTest: isTest)
    }

    /// As a task or a data set has them; nil for other values.
    static func of(_ owner: HostValue, isTest: Bool) -> SamplesValue? {
        switch owner {
        case let task as TaskValue: return SamplesValue(task, isTest: isTest)
        case let data as DatasetValue: return SamplesValue(data, isTest: isTest)
        default: return nil
        }
    }

    override var typeName: String { "sample set" }
    override func describe(_ describer: inout Describer) {
        describer.write("<\(samples.count) \(title), images \(imageShape.map(String.init).joined(separator: "x"))>")
    }
    override func figure() throws -> Figure? {
        try BenchmarkFigures.samples(samples, title: title, shape: imageShape, most: BenchmarkFigures.mostImages, names: classNames)
    }
    override func length() throws -> Int? { samples.count }
    override var truth: Bool? { samples.count > 0 }

    /// `[3]` is a pair of an image [C, H, W] in 0 to 1 and its label; `[0:16]` are samples.
    override func index(_ items: [IndexValue]) throws -> Value? {
        guard items.count == 1 else { return nil }
        switch items[0] {
        case .at(.int(let index)): return try pair(try Indexing.position(index, count: samples.count, of: "set of samples"))
        case .slice(let start, let end, let step): return .host(try chosen(try Indexing.slice(Array(0..<samples.count), start, end, step)))
        default: return nil
        }
    }

    override func makeIterator() throws -> ValueIterator? {
        var next = 0
        return { [self] in
            guard next < samples.count else { return nil }
            next += 1
            return try pair(next - 1)
        }
    }

    func chosen(_ positions: [Int]) throws -> SamplesValue {
        SamplesValue(try samples.chosen(positions), imageShape: imageShape, classNames: classNames, title: title, owner: owner, isTest: isTest,
                     positions: positions.map { self.positions?[$0] ?? $0 })
    }

    /// uint8 [N, C, H, W], as they would be shown.
    func pixels() throws -> Tensor { try samples.pixels(0, samples.count).reshape([samples.count] + imageShape) }

    private func pair(_ position: Int) throws -> Value {
        let one = try samples.minibatch(position, 1)
        return .items([TensorValue.value(try one.x.reshape(imageShape)), .int(try one.y.itemInt())])
    }

    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> SamplesValue {
        guard case .host(let host) = value, let samples = host as? SamplesValue else { throw Failure(.wrongType, "this is \(value.phrase), not samples") }
        return samples
    }

    static let table = MemberTable([
        .property("x", "The images, float32 [N, D] in 0 to 1, as a network is given them.") { value, _ in
            let samples = try cast(value).samples
            return TensorValue.value(try samples.minibatch(0, samples.count).x)
        },
        .property("y", "The labels, int64 [N]: from 0 within the task where it has a head of its own, otherwise numbers of outputs.") { value, _ in TensorValue.value(try cast(value).samples.labels()) },
        .property("images", "The images, uint8 [N, C, H, W] in 0 to 255.") { value, _ in TensorValue.value(try cast(value).pixels()) },
        .property("class_names", "List of the names of the classes, by label.") { value, _ in .items(try cast(value).classNames.map { .text($0) }) },
        .property("image_shape", "(channels, height, width).") { value, _ in .items(try cast(value).imageShape.map { .int($0) }) },
        .property("counts", "Record of the number of samples of each class that occurs, by its name.") { value, _ in
            let value = try cast(value)
            var counts = [Int](repeating: 0, count: value.classNames.count)
            for label in try value.samples.labels().ints() where counts.indices.contains(label) { counts[label] += 1 }
            // Classes of one name are counted together.
            var entries: [(String, Int)] = []
            for (name, count) in zip(value.classNames, counts) where count > 0 {
                if let known = entries.firstIndex(where: { $0.0 == name }) { entries[known].1 += count } else { entries.append((name, count)) }
            }
            return .record(RecordValue(entries.map { ($0, .int($1)) }))
        },
    ])
}
