import ArgumentParser
import FilePaths
import Foundation
import Runs
import Sweeps

/// Where a sweep runs, and what its jobs ask for.
struct ClusterOptions: ParsableArguments {
    enum Place: String, ExpressibleByArgument, CaseIterable { case local, slurm }

    @Option(help: "Where the runs are made: local, or slurm (a job array).") var on: Place = .local
    @Option(help: ArgumentHelp("A folder that all machines see; the sweep's own one is made in it (default: STORE.sweeps).", valueName: "folder")) var folder: String?
    @Option(help: ArgumentHelp("Partition of the cluster.", valueName: "name")) var partition: String?
    @Option(help: ArgumentHelp("Longest time of a run, as sbatch takes it: 2:00:00.", valueName: "time")) var time: String?
    @Option(help: ArgumentHelp("GPUs of each run, as sbatch takes them: 1, or a100:1. With --device cuda.", valueName: "gpus")) var gpus: String?
    @Option(help: ArgumentHelp("Memory of each run: 8G.", valueName: "size")) var memory: String?
    @Option(help: ArgumentHelp("Account that is charged.", valueName: "name")) var account: String?
    @Option(help: ArgumentHelp("At most so many runs at once.", valueName: "n")) var arrayLimit: Int?
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("Another option of sbatch, --sbatch=--qos=high; may be given more than once.", valueName: "option")) var sbatch: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("A line of bash before each run: 'module load cuda'; may be given more than once.", valueName: "line")) var before: [String] = []
    @Option(parsing: .unconditional, help: ArgumentHelp("What stands before the program: 'apptainer exec --nv lab.sif'.", valueName: "words")) var prefix: String = ""
    @Option(help: ArgumentHelp("bclsh where the runs are made (default: this one).", valueName: "file")) var program: String?
    @Option(help: ArgumentHelp("How often a run writes a checkpoint: 100 (minibatches), 30s, 5min; none for never.", valueName: "every")) var checkpoint: String = "5min"

    var isSlurm: Bool { on == .slurm }

    func validate() throws {
        if let arrayLimit, arrayLimit < 1 { throw ValidationError("--array-limit must be at least 1, not \(arrayLimit)") }
        for option in sbatch where !option.hasPrefix("-") { throw ValidationError("--sbatch takes an option of sbatch, --sbatch=--qos=high, not '\(option)'") }
        for (name, value) in [("partition", partition), ("time", time), ("gpus", gpus), ("memory", memory), ("account", account)] + sbatch.map({ ("sbatch", $0) }) {
            if let value, value.isEmpty || value.contains(where: \.isNewline) { throw ValidationError("--\(name): the value must be one line and not empty") }
        }
        if checkpoint != "none", CheckpointInterval(argument: checkpoint) == nil { throw ValidationError("--checkpoint takes 100 (minibatches), 30s, 5min, 2h or none, not '\(checkpoint)'") }
        if !isSlurm {
            let given = [("partition", partition), ("time", time), ("gpus", gpus), ("memory", memory), ("account", account), ("folder", folder), ("program", program)].first { $0.1 != nil }?.0
            if let name = given ?? (arrayLimit != nil ? "array-limit" : !sbatch.isEmpty ? "sbatch" : !before.isEmpty ? "before" : !prefix.isEmpty ? "prefix" : nil) { throw ValidationError("--\(name) is for a cluster: add --on slurm") }
        }
    }

    func options(threads: Int) -> SlurmOptions {
        var options = SlurmOptions()
        (options.partition, options.time, options.gpus, options.memory, options.account) = (partition, time, gpus, memory, account)
        (options.arrayLimit, options.threads, options.others, options.before, options.prefix) = (arrayLimit, threads, sbatch, before, prefix)
        options.checkpoint = checkpoint == "none" ? nil : checkpoint
        return options
    }

    func folder(ofSweep id: String, store: String) -> ClusterFolder { ClusterFolder(FilePath.absolute("\(folder ?? store + ".sweeps")/\(id)", in: FileManager.default.currentDirectoryPath)) }
}
