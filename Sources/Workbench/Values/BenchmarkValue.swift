import BCLScript
import Continual
import Engine
import Figures
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
    override func figure() throws -> Figure? { try BenchmarkFigures.dataset(dataset) }
    override var members: MemberTable { Self.table }

    private static func holder(_ value: Value) throws -> DatasetValue {
        guard case .host(let host) = value, let dataset = host as? DatasetValue else { throw Failure(.wrongType, "this is \(value.phrase), not a dataset") }
        return dataset
    }
    private static func dataset(_ value: Value) throws -> Dataset { try holder(value).dataset }

    static let table = MemberTable([
        .property("name", "Its name.") { value, _ in .text(try dataset(value).name) },
        .property("classes", "Number of classes.") { value, _ in .int(try dataset(value).classes) },
        .property("class_names", "List of the names of its classes, by label.") { value, _ in .items(try dataset(value).classNames.map { .text($0) }) },
        .property("train", "Its training samples, in the order of the files.") { value, _ in .host(SamplesValue(try holder(value), isTest: false)) },
        .property("test", "Its test samples, in the order of the files.") { value, _ in .host(SamplesValue(try holder(value), isTest: true)) },
        recipeMember,
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
    private lazy var tasks = benchmark.tasks.map { Value.host(TaskValue($0, benchmark)) }

    init(_ benchmark: Benchmark, recipe: Recipe? = nil) {
        self.benchmark = benchmark
        self.recipe = recipe
    }

    var taskValues: [TaskValue] { tasks.compactMap { if case .host(let host) = $0 { return host as? TaskValue } else { return nil } } }

    override var typeName: String { "benchmark" }
    override func describe(_ describer: inout Describer) {
        let sizes = benchmark.tasks.map(\.train.count), tasks = "\(benchmark.tasks.count) task\(benchmark.tasks.count == 1 ? "" : "s")"
        let samples = sizes.min().map { least in " of \(Numbers.grouped(least))\(sizes.allSatisfy { $0 == least } ? "" : " to \(Numbers.grouped(sizes.max() ?? least))") samples" } ?? ""
        describer.write("<\(benchmark.name): \(tasks)\(samples), \(benchmark.inputSize) inputs, \(benchmark.outputs) outputs>")
    }
    override func figure() throws -> Figure? { try BenchmarkFigures.benchmark(benchmark) }
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
        .property("image_shape", "(channels, height, width).") { value, _ in .items(try cast(value).benchmark.imageShape.map { .int($0) }) },
        .property("heads", "\"task\" where each task has outputs of its own, \"shared\" where all tasks share all outputs.") { value, _ in
            .text(try cast(value).benchmark.heads == .perTask ? "task" : "shared")
        },
        .property("class_names", "List of the names of its classes, by output.") { value, _ in .items(try cast(value).benchmark.outputNames.map { .text($0) }) },
        .property("validation", "The first 3 tasks, for choosing hyper-parameters: a benchmark of its own, with its tasks numbered from 0.") { value, _ in
            try part(value, "validation") { try $0.validation() }
        },
        .property("learning", "The tasks after the first 3, which are learned once hyper-parameters are chosen: a benchmark of its own, with its tasks numbered from 0.") { value, _ in
            try part(value, "learning") { try $0.learning() }
        },
        recipeMember,
    ])

    private static func part(_ value: Value, _ name: String, _ make: (Benchmark) throws -> Benchmark) throws -> Value {
        let bench = try cast(value)
        return .host(BenchmarkValue(try make(bench.benchmark), recipe: bench.recipe.map { .member($0, name) }))
    }
}
