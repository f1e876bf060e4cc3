import BCLScript
import Continual
import Engine
import Interpreter

/// `f(x, t)`: the logits that belong to the tasks of the samples. With one shared head these are all logits;
/// with a head for each task the columns of the task's classes, and labels count from 0 within the task.
final class ClassifierValue: Callable {
    let network: NetworkValue
    let benchmark: Benchmark
    /// int64 [classes of the widest head] for each task.
    private let columns: [Tensor]
    /// bool [tasks, classes of the widest head]: where a narrower head has no class. Its logits there are so low that no class is missed or chosen,
    /// and minibatches may mix tasks. nil where all heads are equally wide.
    private let gaps: Tensor?
    private static let gapLogit = -1e9

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
        columns = try heads.map { try Tensor.from($0 + Array(repeating: 0, count: widest - $0.count), device: device) }
        gaps = heads.allSatisfy { $0.count == widest } ? nil
            : try Tensor.from(heads.flatMap { head in (0..<widest).map { $0 >= head.count } }, shape: [heads.count, widest], device: device)
        super.init(Signature("classifier", [required("x"), required("t")]))
    }

    override var typeName: String { "classifier" }
    private static let owner = MemberTable([])
    override var signatureOwner: AnyObject? { Self.owner }

    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let logits = try network.invoke(Arguments(network.signature, [arguments[0]]), evaluator)
        if benchmark.heads == .shared { return logits }
        return TensorValue.value(try choose(try TensorMembers.tensor(logits), arguments))
    }

    private func choose(_ logits: Tensor, _ arguments: Arguments) throws -> Tensor {
        switch arguments[1] {
        case .int(let task): return try filled(try logits.indexSelect(1, try column(task, arguments)), try gaps?.select(0, task))
        case .list(let list):
            guard list.items.count == logits.shape[0] else { throw arguments.bad(1, "has \(list.items.count) tasks for \(logits.shape[0]) samples") }
            let tasks = try list.items.map { item -> Int in
                guard case .int(let task) = item else { throw arguments.wrong(1, wanted: "a task number, or a list of them") }
                return task
            }
            let chosen = try logits.gather(1, try Tensor.stack(try tasks.map { try column($0, arguments) }))
            return try filled(chosen, try gaps?.indexSelect(0, try Tensor.from(tasks, device: logits.device)))
        default: throw arguments.wrong(1, wanted: "a task number, or a list of them")
        }
    }

    private func filled(_ logits: Tensor, _ gaps: Tensor?) throws -> Tensor { try gaps.map { try logits.maskedFill($0, Self.gapLogit) } ?? logits }

    private func column(_ task: Int, _ arguments: Arguments) throws -> Tensor {
        guard task >= 0, task < columns.count else { throw arguments.bad(1, "is \(task), but \(benchmark.name) has the tasks 0 to \(columns.count - 1)") }
        return columns[task]
    }

    /// Logits of test samples of one task, in evaluation mode: those of its head, or of some outputs.
    func predict(_ x: Tensor, task: Int, _ contest: Evaluation.Contest? = nil) throws -> Tensor {
        let logits = try network.network.forward(x, training: false)
        guard let contest else {
            if benchmark.heads == .shared { return logits }
            guard columns.indices.contains(task) else { throw Failure(.badValue, "there is no task \(task) in \(benchmark.name), which the learner was made for") }
            return try filled(try logits.indexSelect(1, columns[task]), try gaps?.select(0, task))
        }
        guard let outputs = contest.outputs else { return try logits.narrow(1, 0, benchmark.outputs) }
        return try logits.indexSelect(1, try Tensor.from(outputs, device: logits.device))
    }
}
