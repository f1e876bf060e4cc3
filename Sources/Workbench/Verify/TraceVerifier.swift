import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

/// Feeds a recorded run of a published method (a golden trace) to a method in the language, and compares what comes out: the standard library's
/// method of the trace's name, or one in a user's file.
/// The method runs as it does for a user; only the memories' draws come from the trace.
public struct TraceVerifier {
    public struct Result {
        public let method: String
        /// Relative error of each minibatch's loss.
        public let lossErrors: [Double]
        /// The largest of them.
        public var losses: Double { lossErrors.reduce(0, TraceVerifier.worse) }
        /// How many minibatches come before the first whose loss is outside the limit.
        public var agreeing: Int { lossErrors.firstIndex { !($0 <= Self.lossLimit) } ?? lossErrors.count }
        /// Largest relative norm of the error, over the weight tensors.
        public let weights: Double
        /// Relative norm of the error of the evaluation logits; nil where the trace has none.
        public let logits: Double?
        /// Relative norm of the error of what the memories hold; nil where the trace has none.
        public let memories: Double?
        static let lossLimit = 1e-4
        public var isOK: Bool { losses <= Self.lossLimit && weights <= 1e-3 && (logits ?? 0) <= 1e-3 && (memories ?? 0) <= 1e-3 }
    }

    /// The trace can't be used at all: no such file, no valid safetensors, parts missing.
    public struct Unreadable: Error { public let message: String }
    /// The method failed on the trace's data, or there is no such method.
    public struct Failed: Error {
        public let message: String
        /// The errors in the script, with their places.
        public let diagnostics: [Diagnostic]

        init(message: String, diagnostics: [Diagnostic] = []) {
            self.message = message
            self.diagnostics = diagnostics
        }
    }

    /// A method in a file of one's own.
    public struct MethodChoice {
        let file: String
        let name: String?

        /// - Parameter text: "my.bcl:name", or "my.bcl" where the file declares one method.
        public init(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 1, let last = parts.last, !last.contains("/") {
                file = parts.dropLast().joined(separator: ":")
                name = String(last)
            } else {
                file = text
                name = nil
            }
        }
    }

    /// How the traces name a method's parameters.
    private static let parameterNames = ["memory": "n_memories", "replay": "replay_batch_size", "strength": "memory_strength"]

    let path: String
    let trace: Safetensors.File
    let library: Library
    let choice: MethodChoice?
    let usesFusedPasses: Bool

    /// - Parameter usesFusedPasses: whether networks go through fused passes, as they do in `run`. Training is chaotic: within some dozens of minibatches rounding alone
    ///   makes another run of a recorded one, so libtorch's own operations are the rule here.
    public init(path: String, library: Library, method choice: MethodChoice? = nil, usesFusedPasses: Bool = false) throws {
        do { trace = try Safetensors.read(path) } catch let error as EngineError { throw Unreadable(message: error.message) }
        self.path = path
        self.library = library
        self.choice = choice
        self.usesFusedPasses = usesFusedPasses
    }

    public func run() throws -> Result {
        let (session, workbench) = Workbench.makeSession(library: library)
        return try session.thread.sync { Swift.Result { try run(session, workbench) } }.get()
    }

    private func run(_ session: Session, _ workbench: Workbench) throws -> Result {
        let (method, signature, imports) = try self.method(session)
        guard signature.parameters.prefix(2).map(\.name) == ["net", "bench"] else {
            throw Failed(message: "\(signature.description) can't be verified: its first parameters must be net and bench")
        }
        let (network, bench) = try setUp()
        let wasOff = FusedPasses.areOff
        defer { FusedPasses.areOff = wasOff }
        if !usesFusedPasses { FusedPasses.areOff = true }
        let draws = RecordedDrawSource(trace.names.filter { $0.hasPrefix("draw.") }.sorted().compactMap { trace[$0] })
        workbench.drawSource = draws
        session.define("net", .host(NetworkValue(network, workbench)))
        session.define("bench", .host(BenchmarkValue(bench)))
        let parameters = try signature.parameters.dropFirst(2).compactMap { parameter -> String? in
            // What the published code does, faults and all, is what was recorded.
            if parameter.name == "variant" { return choice == nil || trace.metadata["variant"] != nil ? "variant=\(Describer.quote(trace.metadata["variant"] ?? "faithful"))" : nil }
            guard let text = trace.metadata[Self.parameterNames[parameter.name] ?? parameter.name] else { return nil }
            guard let number = Double(text), number.isFinite else { throw Unreadable(message: "'\(path)': the metadata '\(parameter.name)' is no number: '\(text)'") }
            return "\(parameter.name)=\(text)"
        }
        let program = imports + """
            let learner = \(method)(\((["net", "bench"] + parameters).joined(separator: ", ")))
            train learner on bench batch=\(try integer("batch_size"))
            """
        switch session.execute(SourceFile(name: "verify", text: program), sink: CollectingSink()) {
        case .finished: break
        case .rejected(let problems): throw Failed(message: problems.first?.message ?? "the program has errors", diagnostics: problems)
        case .failed(let problem): throw Failed(message: problem.message, diagnostics: [problem])
        case .interrupted: throw Interrupted()
        }
        guard case .host(let host)? = session.value(of: "learner"), let learner = host as? Learner else { throw Failed(message: "the method made no learner") }
        guard draws.used == draws.count else { throw Failed(message: "the method drew \(draws.used) times, but \(draws.count) draws are recorded") }
        return try compare(method, learner, network, bench, session.evaluator)
    }

    /// The method's name and signature, and the line that makes it known.
    private func method(_ session: Session) throws -> (name: String, signature: Signature, imports: String) {
        guard let choice else {
            let name = try text("method")
            guard library.files[name] != nil, let signature = session.loader.signature(of: name) else {
                throw Failed(message: "the standard library has no method '\(name)'")
            }
            return (name, signature, "")
        }
        guard FileManager.default.fileExists(atPath: choice.file) else { throw Unreadable(message: "there is no file '\(choice.file)'") }
        let here = Location(SourceFile(name: "", text: ""), Span(0, 0))
        let methods: [Variable]
        do { methods = try session.loader.exports(of: choice.file, importedAt: here).filter { $0.kind == .method } } catch let problem as Diagnostic {
            var shown = problem
            shown.notes = []
            throw Failed(message: problem.message, diagnostics: problem.location.map { $0.source === here.source } == true ? [] : [shown])
        }
        let names = methods.map(\.name)
        guard let chosen = methods.first(where: { choice.name == nil ? methods.count == 1 : $0.name == choice.name }), let signature = chosen.signature else {
            let wanted = choice.name.map { "has no method '\($0)'" } ?? (names.isEmpty ? "declares no method" : "declares several methods: name one, as in \(choice.file):\(names[0])")
            throw Failed(message: "'\(choice.file)' \(wanted)\(choice.name != nil && !names.isEmpty ? "; it has \(names.joined(separator: ", "))" : "")")
        }
        return (chosen.name, signature, "import \(Describer.quote(choice.file).replacing("{", with: "{{").replacing("}", with: "}}"))\n")
    }

    // MARK: - What the trace describes

    private func text(_ name: String) throws -> String {
        guard let value = trace.metadata[name] else { throw Unreadable(message: "'\(path)' is no trace: its metadata has no '\(name)'") }
        return value
    }

    private func integer(_ name: String) throws -> Int {
        guard let value = Int(try text(name)), value >= 1, value <= 1_000_000 else { throw Unreadable(message: "'\(path)': the metadata '\(name)' is no positive int") }
        return value
    }

    private func tensor(_ name: String) throws -> Tensor {
        guard let tensor = trace[name] else { throw Unreadable(message: "'\(path)' is no trace: it has no tensor '\(name)'") }
        return tensor
    }

    private func state(_ prefix: String) -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for name in trace.names where name.hasPrefix(prefix) { result[String(name.dropFirst(prefix.count))] = trace[name] }
        return result
    }

    private func setUp() throws -> (Network, Benchmark) {
        let x = try tensor("stream.x")
        let initial = state("init.")
        do {
            let network = try TracedNetwork.make(initial, inputSize: x.rank == 2 ? x.shape[1] : 0)
            try network.load(initial)
            let isSplit = try text("setting") == "split"
            let tasks = try integer("tasks")
            guard !isSplit || network.outputs % tasks == 0 else { throw EngineError("\(network.outputs) outputs can't be split into \(tasks) tasks") }
            let bench = try Benchmark.recorded(
                x: x, y: try tensor("stream.y"), t: try tensor("stream.t"), tasks: tasks, heads: isSplit ? .perTask : .shared,
                classesPerTask: isSplit ? network.outputs / tasks : network.outputs, outputs: network.outputs)
            return (network, bench)
        } catch let error as EngineError { throw Unreadable(message: "'\(path)': \(error.message)") }
        catch let error as DataError { throw Unreadable(message: "'\(path)': \(error.message)") }
    }

    // MARK: - Comparison

    private func compare(_ method: String, _ learner: Learner, _ network: Network, _ bench: Benchmark, _ evaluator: Evaluator) throws -> Result {
        let wanted = try tensor("loss").doubles()
        guard wanted.count == learner.losses.count else { throw Failed(message: "\(learner.losses.count) losses, but \(wanted.count) are recorded") }
        let lossErrors = zip(learner.losses, wanted).map { abs($0 - $1) / max(abs($1), 1e-12) }
        let final = state("final.")
        var weights = 0.0
        for (name, tensor) in try network.stateDict() where tensor.dtype.isFloatingPoint {
            guard let theirs = final[name] else { throw Unreadable(message: "'\(path)' has no 'final.\(name)'") }
            weights = Self.worse(weights, try Self.relative(tensor, theirs))
        }
        var logits: Double?
        if let theirs = trace["eval.logits"], theirs.rank == 3 { logits = try relativeLogits(learner, network.outputs, theirs, evaluator) }
        let memories = try RecordedMemories(trace: trace, heads: bench.heads == .perTask ? bench.tasks.map(\.outputs) : nil).error(of: learner)
        return Result(method: method, lossErrors: lossErrors, weights: weights, logits: logits, memories: memories)
    }

    /// nan is worse than any number.
    private static func worse(_ a: Double, _ b: Double) -> Double { b.isNaN || a.isNaN ? .nan : max(a, b) }

    static func relative(_ ours: Tensor, _ theirs: Tensor) throws -> Double {
        guard ours.shape == theirs.shape else { throw Failed(message: "shape \(ours.shape) instead of \(theirs.shape)") }
        let error = try ours.to(.float64).sub(try theirs.to(.float64)).norm().item()
        return error / max(try theirs.to(.float64).norm().item(), 1e-12)
    }

    /// The method's predictions (the network's logits, or iCaRL's votes) in evaluation mode on the first samples of each task, as recorded [tasks, samples, outputs].
    /// With a head for each task only its own columns count: the published code overwrites the others.
    private func relativeLogits(_ learner: Learner, _ outputs: Int, _ theirs: Tensor, _ evaluator: Evaluator) throws -> Double {
        let x = try tensor("stream.x")
        let numbers = try tensor("stream.t").ints()
        guard theirs.shape[2] == outputs, theirs.shape[0] >= 1 else { throw Unreadable(message: "'\(path)': eval.logits are \(theirs.summary)") }
        let size = try text("setting") == "split" ? outputs / theirs.shape[0] : outputs
        return try withoutGradients {
            var (ours, recorded): ([Tensor], [Tensor]) = ([], [])
            for task in 0..<theirs.shape[0] {
                let rows = Array(numbers.indices.filter { numbers[$0] == task }.prefix(theirs.shape[1]))
                guard rows.count == theirs.shape[1] else { throw Unreadable(message: "'\(path)': task \(task) has fewer samples than eval.logits") }
                let samples = try x.indexSelect(0, try Tensor.from(rows)).to(.float32).div(255)
                let offset = size == outputs ? 0 : task * size
                ours.append(try learner.predict(samples, task, nil, evaluator))
                recorded.append(try theirs.select(0, task).narrow(1, offset, size))
            }
            return try Self.relative(try Tensor.stack(ours), try Tensor.stack(recorded))
        }
    }
}

/// The network that a trace's state belongs to, from its names and shapes.
enum TracedNetwork {
    static func make(_ state: [String: Tensor], inputSize: Int) throws -> Network {
        if state["conv1.weight"] != nil { return try resNet(state, inputSize) }
        var widths: [Int] = []
        for layer in stride(from: 0, to: 2 * state.count, by: 2) {
            guard let weight = state["net.\(layer).weight"], weight.rank == 2 else { break }
            if widths.isEmpty { widths.append(weight.shape[1]) }
            widths.append(weight.shape[0])
        }
        guard widths.count >= 2 else { throw EngineError("its initial weights belong to no network that is known") }
        return try MLP(widths: widths, random: nil)
    }

    private static func resNet(_ state: [String: Tensor], _ inputSize: Int) throws -> Network {
        guard let stem = state["conv1.weight"], stem.rank == 4, let head = state["linear.weight"], head.rank == 2, stem.shape[1] > 0 else {
            throw EngineError("its initial weights belong to no network that is known")
        }
        let side = Int(Double(inputSize / stem.shape[1]).squareRoot().rounded())
        guard side * side * stem.shape[1] == inputSize else { throw EngineError("its samples of \(inputSize) numbers are no square images of \(stem.shape[1]) channels") }
        return try ResNet18(outputs: head.shape[0], channels: stem.shape[0], imageShape: [stem.shape[1], side, side], random: nil)
    }
}
