import BCLScript
import Continual
import Engine
import Interpreter

/// `f(x, t)`: the logits that belong to the tasks of the samples. With one shared head these are all logits;
/// with a head for each task the columns of the task's classes, and labels count from 0 within the task.
/// Of samples of several tasks with heads of different widths the columns are those of the widest (see `HeadColumns`).
final class ClassifierValue: Callable {
    let network: NetworkValue
    let benchmark: Benchmark
    /// int64 [tasks, classes of the widest head]; nil with a shared head.
    private let columns: Tensor?
    private let head: HeadColumns
    /// bool [tasks, classes of the widest head]: where a narrower head has no class. nil where all heads are equally wide.
    private let gaps: Tensor?

    init(_ network: NetworkValue, _ benchmark: Benchmark) throws {
        guard network.network.inputSize == benchmark.inputSize else {
            throw Failure(.badValue, "the network takes \(network.network.inputSize) inputs, but the samples of \(benchmark.name) have \(benchmark.inputSize)",
                          hint: "start the network with \(benchmark.inputSize): mlp(\(benchmark.inputSize), ..., \(benchmark.outputs))")
        }
        guard network.network.outputs >= benchmark.outputs else {
            throw Failure(.badValue, "the network has \(network.network.outputs) outputs, but \(benchmark.name) needs \(benchmark.outputs)")
        }
        self.network = network
        self.benchmark = benchmark
        let heads = benchmark.heads == .shared ? [] : benchmark.tasks.map(\.outputs)
        let (device, widest) = (network.network.device, heads.map(\.count).max() ?? 0)
        columns = heads.isEmpty ? nil : try Tensor.from(heads.flatMap { $0 + Array(repeating: 0, count: widest - $0.count) }, shape: [heads.count, widest], device: device)
        head = HeadColumns(benchmark)
        gaps = head.widths.isEmpty ? nil
            : try Tensor.from(heads.flatMap { head in (0..<widest).map { $0 >= head.count } }, shape: [heads.count, widest], device: device)
        super.init(Signature("classifier", [required("x"), required("t"), optional("training", "while a learner trains")]))
    }

    override var typeName: String { "classifier" }
    private static let owner = MemberTable([])
    override var signatureOwner: AnyObject? { Self.owner }

    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let logits = try network.invoke(Arguments(network.signature, [arguments[0], arguments[1], arguments[2]]), evaluator)
        guard let columns else { return logits }
        return .host(try choose(try TensorMembers.tensor(logits), columns, arguments))
    }

    private func choose(_ logits: Tensor, _ columns: Tensor, _ arguments: Arguments) throws -> TensorValue {
        func checked(_ task: Int) throws -> Int {
            guard task >= 0, task < columns.shape[0] else { throw arguments.bad(1, "is \(task), but \(benchmark.name) has the tasks 0 to \(columns.shape[0] - 1)") }
            return task
        }
        switch arguments[1] {
        case .int(let task):
            return TensorValue(try own(logits, columns, try checked(task)))
        case .list(let list):
            guard list.items.count == logits.shape[0] else { throw arguments.bad(1, "has \(list.items.count) tasks for \(logits.shape[0]) samples") }
            let numbers = try list.items.map { item -> Int in
                guard case .int(let task) = item else { throw arguments.wrong(1, wanted: "a task number, or a list of them") }
                return try checked(task)
            }
            let tasks = try Tensor.from(numbers, device: logits.device)
            let chosen = try logits.gather(1, try columns.indexSelect(0, tasks))
            guard let gaps else { return TensorValue(chosen) }
            let places = try gaps.indexSelect(0, tasks)
            return TensorValue(try chosen.maskedFill(places, HeadColumns.absent), gaps: Loss.Gaps(places: places, present: numbers.reduce(0) { $0 + head.widths[$1] }))
        default: throw arguments.wrong(1, wanted: "a task number, or a list of them")
        }
    }

    /// The columns of one task's head.
    private func own(_ logits: Tensor, _ columns: Tensor, _ task: Int) throws -> Tensor {
        let places = try columns.select(0, task)
        return try logits.indexSelect(1, head.widths.isEmpty ? places : try places.narrow(0, 0, head.widths[task]))
    }

    /// Logits of test samples of one task, in evaluation mode: those of its head, or of some outputs.
    func predict(_ x: Tensor, task: Int, _ contest: Evaluation.Contest? = nil) throws -> Tensor {
        let x = network.network.dtype == .float64 ? try x.to(.float64) : x
        let tasks = network.network.takesTasks ? Array(repeating: task, count: x.shape.first ?? 0) : []
        let logits = try network.test(x, tasks: tasks)
        guard let contest else {
            guard let columns else { return logits }
            guard task >= 0, task < columns.shape[0] else { throw Failure(.badValue, "there is no task \(task) in \(benchmark.name), which the learner was made for") }
            return try own(logits, columns, task)
        }
        guard let outputs = contest.outputs else { return try logits.narrow(1, 0, benchmark.outputs) }
        return try logits.indexSelect(1, try Tensor.from(outputs, device: logits.device))
    }
}
