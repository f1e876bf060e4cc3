import Continual
import Engine
import Foundation
import Interpreter

/// A learner on disk: a safetensors file with its network's and its memories' tensors, and everything else that its method keeps as metadata.
/// Code is not saved: a learner is loaded into one that was made by the same method.
struct LearnerFile: Codable {
    static let kind = "learner"
    static let newestVersion = 1

    struct Variable: Codable {
        let name: String
        let value: SavedValue
    }

    let method: String
    /// The method's parameters and its variables.
    let state: [Variable]
    let minibatches: Int
    let losses: [Double]
    let lastTask: Int?
    let accuracy: AccuracyMatrix?
    /// By which classes competed; nil in files of before there was a choice.
    let accuracies: [String: AccuracyMatrix]?
    /// The session's random streams: training goes on to the same bits.
    let streams: [String: [UInt64]]

    // MARK: - Writing

    static func write(_ learner: Learner, streams: RandomStreams, to path: String) throws {
        var writer = ValueWriter()
        let state = try learner.stateNames.compactMap { name -> Variable? in
            guard let value = learner.state(name) else { return nil }
            return Variable(name: name, value: try writer.save(value, as: name))
        }
        let file = LearnerFile(method: learner.method.name, state: state, minibatches: learner.minibatches, losses: learner.losses, lastTask: learner.lastTask, accuracy: learner.accuracy, accuracies: learner.accuracyByClasses,
                               streams: streams.states.mapValues { [$0.0, $0.1, $0.2, $0.3] })
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = .sortedKeys
        let content = String(decoding: try encoder.encode(file), as: UTF8.self)
        try Safetensors.write(writer.tensors, metadata: ["writer": "bclsh", "kind": kind, "version": "\(newestVersion)", "learner": content], to: path)
    }

    // MARK: - Reading

    /// Sets a learner to what a file holds; on an error it stays as it is.
    static func read(into learner: Learner, streams: RandomStreams, from path: String) throws {
        let tensors = try Safetensors.read(path)
        guard tensors.metadata["kind"] == kind, let content = tensors.metadata["learner"] else {
            throw Failure(.fileError, "'\(path)' holds no learner", hint: "a network's weights are loaded into the network: load L.net from \"\(path)\"")
        }
        guard let version = tensors.metadata["version"].flatMap({ Int($0) }), version >= 1, version <= newestVersion else {
            throw Failure(.fileError, "'\(path)' was written by a newer bclsh: its version is \(tensors.metadata["version"] ?? "missing"), this one reads up to \(newestVersion)")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let file: LearnerFile
        do { file = try decoder.decode(LearnerFile.self, from: Data(content.utf8)) } catch { throw Failure(.fileError, "'\(path)' is damaged: its description of the learner can't be read") }
        guard file.method == learner.method.name else {
            throw Failure(.badValue, "'\(path)' holds a learner of \(file.method), this is one of \(learner.method.name)", hint: "make it with \(file.method)(...), then load it")
        }
        try file.restore(learner, streams, ValueReader(tensors, path: path))
    }

    private func restore(_ learner: Learner, _ streams: RandomStreams, _ reader: ValueReader) throws {
        var reader = reader
        var values: [(String, Value)] = []
        let known = Set(learner.stateNames)
        for variable in state {
            guard known.contains(variable.name) else {
                throw Failure(.badValue, "the learner in '\(reader.path)' has a variable '\(variable.name)', but the method has none", hint: "was the method changed after the learner was saved?")
            }
            values.append((variable.name, try reader.read(variable.value, over: learner.state(variable.name), variable.name)))
        }
        guard self.streams.values.allSatisfy({ $0.count == 4 }), accuracy?.isWhole != false, (accuracies ?? [:]).values.allSatisfy(\.isWhole), lastTask ?? 0 >= 0 else {
            throw Failure(.fileError, "'\(reader.path)' is damaged")
        }
        for change in reader.changes { try change() }
        for (name, value) in values { _ = learner.setState(name, to: value) }
        learner.resume(minibatches: minibatches, losses: losses, lastTask: lastTask, accuracy: accuracy, accuracies: accuracies ?? [:])
        streams.states = self.streams.mapValues { ($0[0], $0[1], $0[2], $0[3]) }
    }
}
