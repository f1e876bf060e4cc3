import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// One task of a stream.
final class TaskValue: HostValue {
    let task: Task
    let benchmark: Benchmark
    init(_ task: Task, _ benchmark: Benchmark) {
        self.task = task
        self.benchmark = benchmark
    }
    override var typeName: String { "task" }
    override func describe(_ describer: inout Describer) {
        describer.write("<task \(task.number + 1) of \(benchmark.name): \(task.name), \(task.train.count) training and \(task.test.count) test samples>")
    }
    override func figure() throws -> Figure? { try BenchmarkFigures.task(task, in: benchmark) }
    override var members: MemberTable { Self.table }

    private static func value(_ value: Value) throws -> TaskValue {
        guard case .host(let host) = value, let task = host as? TaskValue else { throw Failure(.wrongType, "this is \(value.phrase), not a task") }
        return task
    }
    private static func cast(_ value: Value) throws -> Task { try Self.value(value).task }

    static let table = MemberTable([
        .property("number", "Its place in the stream, from 0.") { value, _ in .int(try cast(value).number) },
        .property("name", "Its name.") { value, _ in .text(try cast(value).name) },
        .property("classes", "List of its classes, as labels of the data set.") { value, _ in .items(try cast(value).classes.map { .int($0) }) },
        .property("class_names", "List of the names of its classes.") { value, _ in .items(try cast(value).classNames.map { .text($0) }) },
        .property("outputs", "List of the network's outputs that belong to its classes.") { value, _ in .items(try cast(value).outputs.map { .int($0) }) },
        .property("train", "Its training samples, in the order of the stream.") { value, _ in .host(SamplesValue(try TaskValue.value(value), isTest: false)) },
        .property("test", "Its test samples.") { value, _ in .host(SamplesValue(try TaskValue.value(value), isTest: true)) },
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
