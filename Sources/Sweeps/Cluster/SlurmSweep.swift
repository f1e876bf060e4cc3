import Foundation
import Runs

/// Submits a sweep to Slurm: its folder, its job script, and arrays of those runs that are neither done nor queued.
public struct SlurmSweep {
    public let plan: SweepPlan
    public let folder: ClusterFolder
    public let options: SlurmOptions
    let script: String
    let command: [String]
    let files: [(path: String, hash: String)]
    /// Slurm's own default, where its configuration can't be asked for.
    static let usualArraySize = 1001

    public struct Result {
        public let jobs: [String]
        public let submitted: Int
        public let done: Int
        public let queued: Int
    }

    /// - Parameters:
    ///   - script: as it was named.
    ///   - command: the program and the arguments that are the same for all runs.
    ///   - files: the script and what it imports, with whole paths and SHA-256.
    public init(_ plan: SweepPlan, folder: ClusterFolder, options: SlurmOptions, script: String, command: [String], files: [(path: String, hash: String)]) {
        (self.plan, self.folder, self.options, self.script, self.command, self.files) = (plan, folder, options, script, command, files)
    }

    /// - Parameter done: runs that are done in the store.
    public func submit(done: Set<Int>) throws -> Result {
        guard SlurmCommand.find("sbatch") != nil else { _ = try SlurmCommand.run("sbatch", []); return Result(jobs: [], submitted: 0, done: 0, queued: 0) }
        try folder.make()
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        var contents = folder.exists ? try folder.read() : ClusterFolder.Contents(id: plan.id, script: script, labels: plan.cells.map(\.label))
        guard contents.id == plan.id else { throw SweepProblem("'\(folder.path)' is the folder of another sweep, \(contents.id)", remedy: "name another one with --folder") }
        let states = try ClusterStates(folder, contents, stopsWithoutQueue: !contents.submissions.isEmpty)
        let isQueued = Set(states.runs.filter { $0.state == .running || $0.state == .pending }.map(\.number))
        let isDone = done.union(states.runs.filter { $0.state == .done }.map(\.number))
        contents.doneBefore = done.sorted()
        let left = plan.cells.map(\.number).filter { !isDone.contains($0) && !isQueued.contains($0) }
        try writeFiles()
        try folder.write(contents)
        var jobs: [String] = []
        let size = Self.largestArray()
        for (first, group) in Self.chunks(left, size) {
            let tasks = ArrayIndices.text(group.map { $0 - first })
            let job = try submit(tasks, first: first, after: options.arrayLimit == nil ? nil : jobs.last, submittedSoFar: jobs)
            jobs.append(job)
            contents.submissions.append(ClusterFolder.Submission(job: job, first: first, tasks: tasks, submitted: Date().timeIntervalSince1970))
            // After each: an array that was submitted is never forgotten.
            try folder.write(contents)
        }
        return Result(jobs: jobs, submitted: left.count, done: isDone.count, queued: isQueued.count)
    }

    /// Runs by arrays, whose indices are below a size.
    static func chunks(_ numbers: [Int], _ size: Int) -> [(first: Int, numbers: [Int])] {
        Dictionary(grouping: numbers) { $0 / size }.sorted { $0.key < $1.key }.map { ($0.key * size, $0.value.sorted()) }
    }

    private func writeFiles() throws {
        let script = SlurmJobScript(sweep: plan.id, folder: folder, directory: FileManager.default.currentDirectoryPath, options: options, command: command)
        try folder.write(script.text, to: folder.jobScript)
        let runs = plan.cells.map { cell in
            (["--seed", "\(cell.seed)"] + cell.settings.flatMap { ["--set", "\($0.name)=\($0.value)"] }).map(ShellWord.quoted).joined(separator: " ")
        }
        try folder.write(runs.map { $0 + "\n" }.joined(), to: folder.runList)
        try folder.write(files.map { "\($0.hash)  \($0.path)\n" }.joined(), to: folder.checksums)
    }

    // MARK: - Slurm

    /// - Parameter after: the array that has to end before: so the limit of runs at once holds for all of them.
    private func submit(_ tasks: String, first: Int, after: String?, submittedSoFar: [String]) throws -> String {
        let limit = options.arrayLimit.map { "%\($0)" } ?? ""
        let words = ["--parsable", "--array=\(tasks)\(limit)"] + (after.map { ["--dependency=afterany:\($0)"] } ?? []) + [folder.jobScript, "\(first)"]
        let answer = try SlurmCommand.run("sbatch", words)
        if answer.status == 0, let job = answer.lines.compactMap(Self.job).last { return job }
        let complaint = answer.complaint(of: "sbatch")
        let before = submittedSoFar.isEmpty ? "" : "; arrays \(submittedSoFar.joined(separator: ", ")) were submitted before, and the same command submits the rest"
        throw SweepProblem("Slurm does not take the job: \(complaint)\(before)", remedy: Self.remedy(complaint, folder))
    }

    /// "12", or "12;cluster"
    private static func job(_ line: Substring) -> String? {
        let number = line.prefix { $0 != ";" }
        return !number.isEmpty && number.allSatisfy(\.isNumber) ? String(number) : nil
    }

    private static func remedy(_ complaint: String, _ folder: ClusterFolder) -> String {
        let text = complaint.lowercased()
        if text.contains("partition") { return "sinfo lists the partitions: name one with --partition" }
        if text.contains("account") || text.contains("qos") { return "name the account with --account, the quality of service with --sbatch=--qos=NAME; a limit on the number of jobs: submit fewer runs, or wait and give the same command again" }
        if text.contains("time") { return "--time takes minutes, 2:00:00 or 1-12:00:00, and at most what 'sinfo' shows for the partition" }
        if text.contains("gres") || text.contains("tres") || text.contains("gpu") || text.contains("node configuration") { return "'sinfo -o \"%P %c %m %G\"' shows what nodes have: ask for no more with --gpus, --memory and --threads" }
        if text.contains("array") { return "'scontrol show config' tells MaxArraySize and MaxJobCount" }
        if text.contains("contact") || text.contains("socket") || text.contains("connect") { return "its controller does not answer: try again later; 'scontrol ping' tells" }
        return "the job script is '\(folder.jobScript)': 'sbatch --test-only --array=0 \(folder.jobScript) 0' tries it without submitting"
    }

    /// How many tasks an array may have: its largest index is one less.
    private static func largestArray() -> Int {
        guard let answer = try? SlurmCommand.run("scontrol", ["show", "config"]), answer.status == 0 else { return usualArraySize }
        for line in answer.lines where line.hasPrefix("MaxArraySize") {
            if let size = line.split(separator: "=").last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) }), size > 0 { return size }
        }
        return usualArraySize
    }
}
