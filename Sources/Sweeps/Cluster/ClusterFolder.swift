import Engine
import FilePaths
import Foundation
import Runs

/// A sweep's folder, which all machines of a cluster see: what runs there, and what came of it. Each file is replaced whole, and has one writer.
public struct ClusterFolder {
    public let path: String
    public init(_ path: String) { self.path = path }

    public var jobScript: String { "\(path)/job.sh" }
    /// A line of bash words for each run.
    var runList: String { "\(path)/runs.txt" }
    /// The script's files with their checksums, as `sha256sum --check` reads them.
    var checksums: String { "\(path)/files.sha256" }
    public var records: String { "\(path)/records" }
    var logs: String { "\(path)/logs" }
    var checkpoints: String { "\(path)/checkpoints" }
    private var planFile: String { "\(path)/sweep.json" }

    /// What was submitted.
    public struct Contents: Codable {
        public static let formatNow = 1
        public var format = formatNow
        public let id: String
        public let script: String
        /// Of each run, by its number.
        public let labels: [String]
        public var submissions: [Submission] = []
        /// Runs that were done in the store before anything was submitted.
        public var doneBefore: [Int] = []
        /// Jobs that were cancelled with 'bclsh sweep cancel': not all clusters keep accounts that tell.
        public var cancelled: Set<String> = []
    }

    /// A job array.
    public struct Submission: Codable {
        public let job: String
        /// The number of the run that is the array's task 0: arrays have a largest index.
        public let first: Int
        /// Tasks, as Slurm writes them.
        public let tasks: String
        public let submitted: Double

        /// Numbers of runs.
        var runs: [Int] { ArrayIndices.numbers(tasks).map { first + $0 } }
    }

    public func record(_ number: Int) -> String { "\(records)/\(number).json" }

    public func make() throws {
        for folder in [path, records, logs, checkpoints] {
            do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
                throw SweepProblem("the folder '\(folder)' of the sweep can't be made", remedy: "name one that all machines of the cluster see, with --folder")
            }
        }
    }

    public var exists: Bool { FileManager.default.fileExists(atPath: planFile) }

    public func read() throws -> Contents {
        guard let data = FileManager.default.contents(atPath: planFile) else { throw SweepProblem("there is no sweep in '\(path)'", remedy: "bclsh sweep FILE ... --on slurm makes one, and names its folder") }
        guard let contents = try? JSONDecoder().decode(Contents.self, from: data) else { throw SweepProblem("'\(planFile)' is damaged, or was written by another bclsh") }
        guard contents.format <= Contents.formatNow else { throw SweepProblem("'\(planFile)' was written by a later bclsh", remedy: "use that bclsh") }
        return contents
    }

    func write(_ contents: Contents) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: try encoder.encode(contents), as: UTF8.self) + "\n", to: planFile)
    }

    func write(_ text: String, to file: String) throws {
        do { try AtomicFile.write(text, to: file) } catch let error as EngineError { throw SweepProblem(error.message) }
    }

    /// Kept from others until the returned value goes.
    func lock() throws -> FileLock {
        guard let lock = try FileLock.ofSweep("\(path)/lock") else { throw SweepProblem("this sweep is just being submitted by another process", remedy: "see how far it is with 'bclsh sweep status \(path)'") }
        return lock
    }
}
