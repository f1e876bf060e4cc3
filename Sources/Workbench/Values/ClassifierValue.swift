import BCLScript
import Continual
import Engine
import Interpreter

/// `f(x, t)`: the logits that belong to the tasks of the samples. With one shared head these are all logits;
/// with a head for each task the columns of the task's classes, and labels count from 0 within the task.
final class ClassifierValue: Callable {
    let network: NetworkValue
    let benchmark: Benchmark
    /// int64 [classes] for each task.
    private let columns: [Tensor]

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
        columns = benchmark.heads == .shared ? [] : try benchmark.tasks.map { try Tensor.from($0.outputs, device: network.network.device) }
        super.init(Signature("classifier", [required("x"), required("t"), optional("training", "while a learner trains")]))
    }

    override var typeName: String { "classifier" }
    private static let owner = MemberTable([])
    override var signatureOwner: AnyObject? { Self.owner }

    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let logits = try network.invoke(Arguments(network.signature, [arguments[0], arguments[1], arguments[2]]), evaluator)
        if benchmark.heads == .shared { return logits }
        return TensorValue.value(try choose(try TensorMembers.tensor(logits), arguments))
    }

    private func choose(_ logits: Tensor, _ arguments: Arguments) throws -> Tensor {
        switch arguments[1] {
        case .int(let task): return try logits.indexSelect(1, try column(task, arguments))
        case .list(let list):
            guard list.items.count == logits.shape[0] else { throw arguments.bad(1, "has \(list.items.count) tasks for \(logits.shape[0]) samples") }
            let rows = try list.items.map { item -> Tensor in
                guard case .int(let task) = item else { throw arguments.wrong(1, wanted: "a task number, or a list of them") }
                return try column(task, arguments)
            }
            guard Set(rows.map(\.count)).count <= 1 else { throw arguments.bad(1, "mixes tasks with different numbers of classes") }
            return try logits.gather(1, try Tensor.stack(rows))
        default: throw arguments.wrong(1, wanted: "a task number, or a list of them")
        }
    }

    private func column(_ task: Int, _ arguments: Arguments) throws -> Tensor {
        guard task >= 0, task < columns.count else { throw arguments.bad(1, "is \(task), but \(benchmark.name) has the tasks 0 to \(columns.count - 1)") }
        return columns[task]
    }

    /// Logits of test samples of one task, in evaluation mode: those of its head, or of some outputs.
    func predict(_ x: Tensor, task: Int, _ contest: Evaluation.Contest? = nil) throws -> Tensor {
        let x = network.network.dtype == .float64 ? try x.to(.float64) : x
        let tasks = network.network.takesTasks ? Array(repeating: task, count: x.shape.first ?? 0) : []
        let logits = try network.network.forward(x, tasks: tasks, training: false)
        guard let contest else { return benchmark.heads == .shared ? logits : try logits.indexSelect(1, columns[task]) }
        guard let outputs = contest.outputs else { return try logits.narrow(1, 0, benchmark.outputs) }
        return try logits.indexSelect(1, try Tensor.from(outputs, device: logits.device))
    }
}
