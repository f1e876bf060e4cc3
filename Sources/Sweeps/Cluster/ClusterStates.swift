import Foundation
import Runs

/// How far each run of a sweep on a cluster is: from its record file, from the queue, and from Slurm's accounts where it keeps any.
public struct ClusterStates {
    public enum State: String, CaseIterable {
        case done, running, pending, failed, interrupted, cancelled
        /// It was started, and nothing tells how it ended.
        case lost
        case notSubmitted = "not submitted"
    }

    public struct Run {
        public let number: Int
        public let label: String
        public let state: State
        /// "12_3"
        public let job: String?
        public let machine: String?
        /// Why it waits or failed, or its accuracy.
        public let remark: String
        public let seconds: Double?
        public let log: String?
    }

    public let runs: [Run]
    /// Records of runs that have ended.
    public let ended: [RunRecord]
    /// What could not be asked.
    public let complaints: [String]

    private struct Task {
        let job: String
        let state: String
        let machine: String
        let reason: String
    }

    /// - Parameter stopsWithoutQueue: a queue that can't be asked is an error, not a complaint.
    public init(_ folder: ClusterFolder, _ contents: ClusterFolder.Contents, stopsWithoutQueue: Bool = false) throws {
        var complaints: [String] = []
        var queue: [String: Task] = [:]
        if !contents.submissions.isEmpty {
            do { queue = try Self.queue(contents) } catch let problem as SweepProblem {
                if stopsWithoutQueue { throw problem }
                complaints.append(problem.message)
            }
        }
        // A run's task is that of the last array that has it.
        var tasks: [Int: (key: String, log: String)] = [:]
        for submission in contents.submissions {
            for run in submission.runs {
                let key = "\(submission.job)_\(run - submission.first)"
                tasks[run] = (key, "\(folder.logs)/\(key).log")
            }
        }
        var records: [Int: RunRecord] = [:]
        for number in contents.labels.indices where FileManager.default.fileExists(atPath: folder.record(number)) {
            do { records[number] = try RecordFile.read(folder.record(number)) } catch let problem as StoreProblem { complaints.append(problem.message) }
        }
        let isUnclear = tasks.contains { number, task in !contents.cancelled.contains(String(task.key.prefix { $0 != "_" })) && queue[task.key] == nil && records[number].map { $0.state == .running } ?? true }
        var accounts: [String: Task] = [:]
        if isUnclear {
            do { accounts = try Self.accounts(contents) } catch let problem as SweepProblem { complaints.append(problem.message) }
        }
        let doneBefore = Set(contents.doneBefore)
        runs = contents.labels.indices.map { number in
            let task = tasks[number]
            return Self.run(number, contents.labels[number], records[number], task.flatMap { queue[$0.key] }, task.flatMap { accounts[$0.key] }, task, doneBefore.contains(number), isCancelled: task.map { contents.cancelled.contains(String($0.key.prefix { $0 != "_" })) } ?? false)
        }
        ended = records.sorted { $0.key < $1.key }.map(\.value).filter { $0.state != .running && $0.state != .lost }
        self.complaints = complaints
    }

    private static func run(_ number: Int, _ label: String, _ record: RunRecord?, _ queued: Task?, _ account: Task?, _ task: (key: String, log: String)?, _ wasDone: Bool, isCancelled: Bool) -> Run {
        func make(_ state: State, _ remark: String) -> Run {
            let machine = queued.map(\.machine) ?? record?.machine.host ?? account?.machine
            return Run(number: number, label: label, state: state, job: task?.key, machine: machine, remark: remark, seconds: record?.seconds, log: task?.log)
        }
        if record?.state == .done { return make(.done, (record?.mainLearner?.metrics["acc"]).map { "ACC \(RunWords.percent($0)) %" } ?? "") }
        if wasDone { return make(.done, "in the store") }
        if let queued {
            // An earlier start's record may be there: the node was lost, or the run was pre-empted.
            let again = record == nil ? "" : "is queued again"
            return queued.state == "PENDING" ? make(.pending, [again, queued.reason].filter { !$0.isEmpty && $0 != "None" }.joined(separator: ", ")) : make(.running, queued.state == "RUNNING" ? "" : queued.state.lowercased())
        }
        if record?.state == .failed { return make(.failed, record?.error?.split(separator: "\n").first.map(String.init) ?? "") }
        if isCancelled { return make(.cancelled, "") }
        if let account {
            let word = account.state.split(separator: " ").first.map(String.init) ?? account.state
            switch word {
            case "CANCELLED": return make(.cancelled, "")
            case "PENDING", "REQUEUED": return make(.pending, "")
            case "RUNNING", "COMPLETING": return make(.running, "")
            default: return make(.failed, "Slurm: \(word) (exit code \(account.reason))")
            }
        }
        if record?.state == .interrupted { return make(.interrupted, "") }
        guard task != nil else { return make(.notSubmitted, "") }
        return make(.lost, "not in the queue, and nothing tells how it ended")
    }

    // MARK: - Slurm

    private static func queue(_ contents: ClusterFolder.Contents) throws -> [String: Task] {
        let answer = try SlurmCommand.run("squeue", ["--noheader", "--array", "--name=\(SlurmJobScript.jobName(contents.id))", "--format=%F|%K|%T|%N|%r"])
        guard answer.status == 0 else { throw SweepProblem("the queue can't be asked (squeue: \(answer.complaint(of: "squeue")))", remedy: "try again later; 'scontrol ping' tells whether the controller answers") }
        var result: [String: Task] = [:]
        for line in answer.lines {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count == 5 else { continue }
            for number in ArrayIndices.numbers(fields[1]) {
                let key = "\(fields[0])_\(number)"
                result[key] = Task(job: key, state: fields[2], machine: fields[3], reason: fields[4])
            }
        }
        return result
    }

    private static func accounts(_ contents: ClusterFolder.Contents) throws -> [String: Task] {
        guard SlurmCommand.find("sacct") != nil else { throw SweepProblem("there is no 'sacct': why runs ended without a record is not known") }
        let jobs = contents.submissions.map(\.job).joined(separator: ",")
        let answer = try SlurmCommand.run("sacct", ["--noheader", "--parsable2", "--allocations", "--jobs=\(jobs)", "--format=JobID,State,ExitCode,NodeList"])
        guard answer.status == 0 else { throw SweepProblem("Slurm keeps no accounts here (sacct: \(answer.complaint(of: "sacct"))): why runs ended without a record is not known") }
        var result: [String: Task] = [:]
        for line in answer.lines {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let bar = fields[0].firstIndex(of: "_") else { continue }
            for number in ArrayIndices.numbers(fields[0][fields[0].index(after: bar)...]) {
                let key = "\(fields[0][..<bar])_\(number)"
                result[key] = Task(job: key, state: fields[1], machine: fields[3], reason: fields[2])
            }
        }
        return result
    }

    /// Takes all runs of a sweep out of the queue; those that run are ended.
    public static func cancel(_ folder: ClusterFolder) throws {
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        var contents = try folder.read()
        let jobs = Set(try queue(contents).values.map { String($0.job.prefix { $0 != "_" }) }).sorted()
        guard !jobs.isEmpty else { return }
        let answer = try SlurmCommand.run("scancel", jobs)
        guard answer.status == 0 else { throw SweepProblem("Slurm does not cancel the jobs \(jobs.joined(separator: ", ")): \(answer.complaint(of: "scancel"))") }
        contents.cancelled.formUnion(jobs)
        try folder.write(contents)
    }
}
