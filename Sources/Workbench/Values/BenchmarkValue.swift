import BCLScript
import Continual
import Engine
import Interpreter

/// A loaded data set.
final class DatasetValue: HostValue, Reproducible {
    let dataset: Dataset
    var recipe: Recipe?
    init(_ dataset: Dataset) { self.dataset = dataset }
    override var typeName: String { "dataset" }
    override func describe(_ describer: inout Describer) {
        let shape = dataset.imageShape.map(String.init).joined(separator: "x")
        describer.write("<\(dataset.name): \(dataset.train.count) training and \(dataset.test.count) test images \(shape), \(dataset.classes) classes>")
    }
    override var members: MemberTable { Self.table }

    private static func dataset(_ value: Value) throws -> Dataset {
        guard case .host(let host) = value, let dataset = (host as? DatasetValue)?.dataset else { throw Failure(.wrongType, "this is \(value.phrase), not a dataset") }
        return dataset
    }

    static let table = MemberTable([
        .property("name", "Its name.") { value, _ in .text(try dataset(value).name) },
        .property("classes", "Number of classes.") { value, _ in .int(try dataset(value).classes) },
        .property("train_size", "Number of training images.") { value, _ in .int(try dataset(value).train.count) },
        .property("test_size", "Number of test images.") { value, _ in .int(try dataset(value).test.count) },
        .property("image_shape", "(channels, height, width).") { value, _ in .items(try dataset(value).imageShape.map { .int($0) }) },
        .property("source", "Where it comes from and on what terms.") { value, _ in .text(try dataset(value).source) },
    ])
}

/// A stream of tasks.
final class BenchmarkValue: HostValue, Reproducible {
    let benchmark: Benchmark
    var recipe: Recipe?
    private lazy var tasks = benchmark.tasks.map { Value.host(TaskValue($0, self)) }

    init(_ benchmark: Benchmark) { self.benchmark = benchmark }

    var taskValues: [TaskValue] { tasks.compactMap { if case .host(let host) = $0 { return host as? TaskValue } else { return nil } } }

    override var typeName: String { "benchmark" }
    override func describe(_ describer: inout Describer) {
        describer.write("<\(benchmark.name): \(benchmark.tasks.count) tasks, \(benchmark.inputSize) inputs, \(benchmark.outputs) outputs>")
    }
    override func length() throws -> Int? { benchmark.tasks.count }
    override func makeIterator() throws -> ValueIterator? {
        var rest = tasks.makeIterator()
        return { rest.next() }
    }
    override func index(_ items: [IndexValue]) throws -> Value? {
        guard items.count == 1 else { return nil }
        switch items[0] {
        case .at(.int(let index)): return tasks[try Indexing.position(index, count: tasks.count, of: "benchmark")]
        case .slice(let start, let end, let step): return .items(try Indexing.slice(tasks, start, end, step))
        default: return nil
        }
    }
    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> BenchmarkValue {
        guard case .host(let host) = value, let benchmark = host as? BenchmarkValue else { throw Failure(.wrongType, "this is \(value.phrase), not a benchmark") }
        return benchmark
    }

    static let table = MemberTable([
        .property("tasks", "List of its tasks, in order.") { value, _ in .items(try cast(value).tasks) },
        .property("name", "Its name.") { value, _ in .text(try cast(value).benchmark.name) },
        .property("inputs", "Numbers in a sample.") { value, _ in .int(try cast(value).benchmark.inputSize) },
        .property("outputs", "Outputs that a network needs.") { value, _ in .int(try cast(value).benchmark.outputs) },
    ])
}

/// One task of a stream.
final class TaskValue: HostValue {
    let task: Task
    unowned let benchmark: BenchmarkValue
    init(_ task: Task, _ benchmark: BenchmarkValue) {
        self.task = task
        self.benchmark = benchmark
    }
    override var typeName: String { "task" }
    override func describe(_ describer: inout Describer) {
        describer.write("<task \(task.number + 1) of \(benchmark.benchmark.name): \(task.name), \(task.train.count) training and \(task.test.count) test samples>")
    }
    override var members: MemberTable { Self.table }

    private static func cast(_ value: Value) throws -> Task {
        guard case .host(let host) = value, let task = (host as? TaskValue)?.task else { throw Failure(.wrongType, "this is \(value.phrase), not a task") }
        return task
    }

    static let table = MemberTable([
        .property("number", "Its place in the stream, from 0.") { value, _ in .int(try cast(value).number) },
        .property("name", "Its name.") { value, _ in .text(try cast(value).name) },
        .property("classes", "List of its classes.") { value, _ in .items(try cast(value).classes.map { .int($0) }) },
        .property("train_size", "Number of training samples.") { value, _ in .int(try cast(value).train.count) },
        .property("test_size", "Number of test samples.") { value, _ in .int(try cast(value).test.count) },
        .method("minibatch", [required("start"), optional("size", "10")], "(x, y) of training samples start to start + size: x [size, D] in 0 to 1, y int64 [size].") { value, arguments, _ in
            let task = try cast(value)
            let start = try arguments.int(0, in: 0...max(0, task.train.count - 1))
            let batch = try task.train.minibatch(start, min(try arguments.int(1, default: 10, in: 1...Int.max), task.train.count - start))
            return .items([TensorValue.value(batch.x), TensorValue.value(batch.y)])
        },
    ])
}
