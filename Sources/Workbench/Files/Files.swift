import BCLScript
import Drawing
import Engine
import FilePaths
import Figures
import Interpreter

/// What `save` and `load` do with each kind of value.
extension Workbench {
    func save(_ value: Value, to path: String, _ arguments: Arguments, _ evaluator: Evaluator) throws {
        try checkEnding(path, value)
        switch value {
        case .string(let text): return try AtomicFile.write(text.text, to: path)
        case .record(let record):
            return try Safetensors.write(try record.entries.map { ($0, try TensorMembers.tensor($1)) }, to: path)
        case .host(let builtin as Builtin) where builtin.name == "session":
            guard let session else { return }
            let omitted = try SessionFile.write(session, self, to: path)
            if !omitted.isEmpty { evaluator.print("not saved: " + omitted.map { "\($0.name) (\($0.reason))" }.joined(separator: ", ")) }
        case .host(let learner as Learner):
            try LearnerFile.write(learner, streams: streams, to: path)
            learner.savedMinibatches = learner.minibatches
        case .host(let net as NetworkValue):
            return try Safetensors.write(try net.network.stateDict(), metadata: ["network": net.network.description, "writer": "bclsh"], to: path)
        case .host(let tensor as TensorValue): return try Safetensors.write([("tensor", try tensor.tensor.detach())], to: path)
        case .host(let value as SnapshotValue):
            let snapshot = value.snapshot
            return try Safetensors.write([("weights", snapshot.weights), ("statistics", snapshot.statistics), ("counters", snapshot.counters)], to: path)
        case .host(let bench as BenchmarkValue): return try bench.benchmark.save(to: path, report: report(FilePath.name(path), evaluator, unit: "parts"))
        case .host(let figure as FigureValue): return try save(figure, to: path)
        case .host(is MatrixValue): return try AtomicFile.write(Describer.string(value) + "\n", to: path)
        default: throw arguments.wrong(0, wanted: "session, a learner, a network, a tensor, a snapshot, a record of tensors, a benchmark, a string, an accuracy matrix or a figure")
        }
    }

    /// Tensors go to safetensors files: a name that promises another format would mislead whoever opens it.
    private func checkEnding(_ path: String, _ value: Value) throws {
        switch value {
        case .record: break
        case .host(let host) where host is NetworkValue || host is TensorValue || host is SnapshotValue: break
        default: return
        }
        let others = ["pt", "pth", "ckpt", "bin", "pkl", "pickle", "onnx", "npy", "npz", "h5", "json"]
        guard others.contains(FilePath.ending(path)) else { return }
        throw Failure(.fileError, "'\(path)' would not be what its name says: tensors are saved in the safetensors format", hint: "let it end in .safetensors; in PyTorch: safetensors.torch.load_file")
    }

    /// By the ending of the path: a picture, or the text that a pipe would get.
    private func save(_ value: FigureValue, to path: String) throws {
        guard let figure = try value.figure() else { return }
        let ending = FilePath.ending(path)
        if ending == "txt" { return try AtomicFile.write(PlainText.text(figure) + "\n", to: path) }
        guard let format = PictureFile.Format(rawValue: ending) else {
            throw Failure(.fileError, "'\(path)' does not say which kind of picture it is to be", hint: "let it end in .png, .svg or .txt")
        }
        do { try AtomicFile.write(try PictureFile.data(figure, format), to: path) } catch let error as DrawingError { throw Failure(.fileError, "'\(path)' can't be written: \(error)") }
    }

    func load(_ value: Value, from path: String, _ arguments: Arguments, _ evaluator: Evaluator) throws {
        switch value {
        case .host(let builtin as Builtin) where builtin.name == "session":
            if let session { try SessionFile.read(into: session, self, from: path) }
        case .host(let learner as Learner):
            let position = try LearnerFile.read(into: learner, streams: streams, from: path)
            try learner.stepping.restore(position, evaluator, self)
        case .host(let net as NetworkValue) where StateFile.isTorch(path): try net.network.load(try StateFile.read(path))
        case .host(let net as NetworkValue):
            let file = try Safetensors.read(path)
            guard file.metadata["kind"] != SessionFile.kind else {
                throw Failure(.fileError, "'\(path)' holds a session, not the weights of a network", hint: "load it whole: load session from \"\(path)\"")
            }
            guard file.metadata["kind"] != LearnerFile.kind else {
                throw Failure(.fileError, "'\(path)' holds a learner, not the weights of a network", hint: "load it into a learner of the same method: load L from \"\(path)\"")
            }
            try net.network.load(file.tensors)
        default: throw arguments.wrong(0, wanted: "session, a network or a learner")
        }
    }
}
