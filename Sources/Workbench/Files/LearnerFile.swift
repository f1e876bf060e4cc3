import Continual
import Engine
import Foundation
import Interpreter

/// A learner on disk: a safetensors file with its network's and its memories' tensors, and everything else that its method keeps as metadata.
/// Code is not saved: a learner is loaded into one that was made by the same method.
struct LearnerFile: Codable {
    static let kind = "learner"
    /// 2: the place in the middle of a task.
    static let newestVersion = 2

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
    /// nil in files of before there were any.
    let curves: [Int: [Double]]?
    let passes: Learner.Passes?
    /// The session's random streams: training goes on to the same bits.
    let streams: [String: [UInt64]]
    /// Where training goes on; nil where it is between two calls of `train`.
    var position: SavedPosition?

    // MARK: - Writing

    /// - Parameter writer: takes the tensors.
    init(_ learner: Learner, streams: RandomStreams, _ writer: inout ValueWriter) throws {
        state = try learner.stateNames.compactMap { name -> Variable? in
            guard let value = learner.state(name) else { return nil }
            return Variable(name: name, value: try writer.save(value, as: name))
        }
        (method, minibatches, losses, lastTask) = (learner.method.name, learner.minibatches, learner.losses, learner.lastTask)
        (accuracy, accuracies, curves, passes) = (learner.accuracy, learner.accuracyByClasses, learner.curves, learner.passes)
        self.streams = streams.allStates.mapValues { [$0.0, $0.1, $0.2, $0.3] }
    }

    static func write(_ learner: Learner, streams: RandomStreams, to path: String) throws {
        let (file, tensors) = try content(of: learner, streams: streams)
        let text = String(decoding: try file.encoded(), as: UTF8.self)
        try Safetensors.write(tensors, metadata: ["writer": "bclsh", "kind": kind, "version": "\(newestVersion)", "learner": text], to: path)
    }

    /// An update that is stopped is given as the learner before it, and the statements that bring it to where it is.
    static func content(of learner: Learner, streams: RandomStreams) throws -> (file: LearnerFile, tensors: [(String, Tensor)]) {
        let position = try learner.stepping.saved()
        var (file, tensors): (LearnerFile, [(String, Tensor)])
        if let before = learner.stepping.checkpoint { (file, tensors) = (before.file, before.tensors.sorted { $0.key < $1.key }) } else {
            var writer = ValueWriter()
            file = try LearnerFile(learner, streams: streams, &writer)
            tensors = writer.tensors
        }
        file.position = position
        return (file, tensors)
    }

    /// As JSON, the same bytes for the same values.
    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(self)
    }

    /// Whether it says the same, floats by their bits.
    func isSame(as other: LearnerFile) throws -> Bool {
        guard state.count == other.state.count, zip(state, other.state).allSatisfy({ $0.name == $1.name && $0.value.isSame(as: $1.value) }),
              losses.count == other.losses.count, zip(losses, other.losses).allSatisfy({ $0.bitPattern == $1.bitPattern }),
              streams == other.streams, (minibatches, lastTask) == (other.minibatches, other.lastTask) else { return false }
        return try numbers.encoded() == other.numbers.encoded()
    }

    /// The file without what is long.
    private var numbers: LearnerFile { LearnerFile(self) }

    private init(_ file: LearnerFile) {
        (method, state, minibatches, losses, lastTask, streams, position) = (file.method, [], file.minibatches, [], file.lastTask, file.streams, file.position)
        (accuracy, accuracies, curves, passes) = (file.accuracy, file.accuracies, file.curves, file.passes)
    }

    // MARK: - Reading

    /// Sets a learner to what a file holds; on an error it stays as it is.
    /// - Returns: the place in a task where it goes on.
    static func read(into learner: Learner, streams: RandomStreams, from path: String) throws -> SavedPosition? {
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
        try file.restore(learner, streams, ValueReader(tensors.tensors, path: path))
        return file.position
    }

    func restore(_ learner: Learner, _ streams: RandomStreams, _ reader: ValueReader) throws {
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
        learner.restoreCurves(curves ?? [:])
        learner.passes = passes ?? Learner.Passes()
        streams.states = self.streams.mapValues { ($0[0], $0[1], $0[2], $0[3]) }
    }
}
