import Continual
import Foundation

/// All that is kept of one run: what ran, with which values, on which machine, and what came of it.
/// The store, record files, `--json` and every list are made from this.
public struct RunRecord: Codable {
    /// Of record files; a reader refuses those of a later one.
    public static let formatNow = 1

    public var format = formatNow
    /// The same in every store that the run is merged into.
    public let id: String
    public var state: RunState
    public var script: SourceText
    /// What the script imported, the standard library's files with it, in the order in which they were read.
    public var files: [SourceText] = []
    /// All `param`s of the script with the values that were in force.
    public var parameters: [NamedValue] = []
    public var seed: Int
    public var versions: RunVersions
    public var machine: RunMachine
    public var process: ProcessIdentity
    public var command: [String]
    /// The folder that it ran in.
    public var directory: String
    /// Seconds since 1970.
    public var started: Double
    /// When this was written last.
    public var updated: Double
    public var ended: Double?
    /// How long it ran; without the time between an interruption and its resumption.
    public var seconds: Double = 0
    public var exitStatus: Int?
    /// Why it failed, with the place, as it was shown.
    public var error: String?
    public var learners: [LearnerRecord] = []
    /// Learners beyond those that are kept.
    public var learnersLeftOut = 0
    /// What it printed, perhaps without its middle.
    public var log = ""
    public var artefacts: [SavedFile] = []
    /// What searches for hyper-parameters came to: method, benchmark, metric, best, and the runs with their whole configurations and results.
    public var searches: [RunValue] = []
    /// The file that it can be resumed from.
    public var checkpoint: String?
    /// The sweep that it is a part of.
    public var sweep: String?
    /// Its number in that, from 0.
    public var sweepCell: Int?

    public init(script: SourceText, seed: Int, versions: RunVersions, machine: RunMachine, command: [String], directory: String, id: String = RunID.make(), started: Double = Date().timeIntervalSince1970) {
        (self.id, state, self.script, self.seed, self.versions, self.machine) = (id, .running, script, seed, versions, machine)
        (process, self.command, self.directory, self.started, updated) = (.own, command, directory, started, started)
    }

    /// The learner that the run is about: the only one, or the only one that a top-level name holds.
    public var mainLearner: LearnerRecord? {
        let named = learners.filter(\.isNamed)
        return learners.count == 1 ? learners[0] : named.count == 1 ? named[0] : nil
    }
}

public enum RunState: String, Codable, CaseIterable, Sendable {
    case running, done, failed, interrupted
    /// Its process is gone, and nothing was heard of its end. Never written: deduced where it is looked at.
    case lost
}

/// A text by its content: a script, or a file that it imported.
public struct SourceText: Codable, Equatable, Sendable {
    public let name: String
    public let text: String
    /// SHA-256 of the text's bytes, in hexadecimal.
    public let hash: String

    public init(name: String, bytes: [UInt8]) { (self.name, text, hash) = (name, String(decoding: bytes, as: UTF8.self), Digest.sha256(bytes)) }
    /// A file of the standard library, wherever that is installed.
    public var isOfLibrary: Bool { name.hasPrefix(Self.library) }
    public static let library = "stdlib:"

    init(name: String, text: String, hash: String) { (self.name, self.text, self.hash) = (name, text, hash) }
}

public struct NamedValue: Codable, Equatable {
    public let name: String
    public let value: RunValue
    public init(_ name: String, _ value: RunValue) { (self.name, self.value) = (name, value) }
}

public struct RunVersions: Codable, Equatable, Sendable {
    public var bclsh: String
    public var torch: String
    public var cuda: String?
    public init(bclsh: String, torch: String, cuda: String?) { (self.bclsh, self.torch, self.cuda) = (bclsh, torch, cuda) }
}

public struct RunMachine: Codable, Equatable, Sendable {
    public var host: String
    public var cpu: String
    public var cores: Int
    public var threads: Int
    /// "cpu", "cuda:0"
    public var device: String
    /// The name of the GPU, where the run used one.
    public var accelerator: String?

    public init(threads: Int, device: String) {
        (host, cpu, cores) = (ProcessIdentity.hostName, Self.cpuName, ProcessInfo.processInfo.processorCount)
        (self.threads, self.device) = (threads, device)
    }

    /// What the NVIDIA driver calls the machine's GPUs; nil without one.
    public static let acceleratorName: String? = {
        let folder = "/proc/driver/nvidia/gpus"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().compactMap { gpu -> String? in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(gpu)/information") else { return nil }
            let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Model:") }
            return line.map { $0.dropFirst(6).trimmingCharacters(in: .whitespaces) }
        }
        return names.isEmpty ? nil : Set(names).sorted().joined(separator: ", ")
    }()

    private static var cpuName: String {
        guard let data = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return "unknown" }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("model name") || $0.hasPrefix("Model") }), let colon = line.firstIndex(of: ":") else { return "unknown" }
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
}

/// A file that the script wrote with `save`.
public struct SavedFile: Codable, Equatable, Sendable {
    public let path: String
    public let bytes: Int
    public init(path: String, bytes: Int) { (self.path, self.bytes) = (path, bytes) }
}

/// A learner, as far as it got.
public struct LearnerRecord: Codable {
    /// The variable that held it, or its method with a number.
    public let name: String
    /// Whether `name` is a variable at the script's top level.
    public let isNamed: Bool
    public let method: String
    /// Of the random streams when it was made.
    public let seed: Int
    /// Parameters of the method.
    public let parameters: [NamedValue]
    /// R[i][j] as the benchmark has it; nil where nothing was evaluated.
    public let accuracy: AccuracyMatrix?
    /// By which classes competed: "task", "all", "seen".
    public let accuracies: [String: AccuracyMatrix]
    /// Learning curve area, where curves were asked for.
    public let lca: Double?
    public let minibatches: Int
    /// What each minibatch's update returned.
    public let losses: LossSeries

    public init(name: String, isNamed: Bool, method: String, seed: Int, parameters: [NamedValue], accuracy: AccuracyMatrix?, accuracies: [String: AccuracyMatrix], lca: Double?, minibatches: Int, losses: LossSeries) {
        (self.name, self.isNamed, self.method, self.seed, self.parameters, self.accuracy) = (name, isNamed, method, seed, parameters, accuracy)
        (self.accuracies, self.lca, self.minibatches, self.losses) = (accuracies, lca, minibatches, losses)
    }

    public var metrics: RunMetrics { RunMetrics(accuracy, lca: lca) }
}
