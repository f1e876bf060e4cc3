import ArgumentParser
import BCLScript
import Engine
import FilePaths
import Foundation
import Interpreter
import Runs
import Sweeps

/// `bclsh sweep FILE`: a script with many values of its parameters and many seeds.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Run a script with all combinations of parameters and seeds, several at once.",
        discussion: """
            bclsh sweep my.bcl --grid lr=0.01,0.03,0.1 --grid beta=0.1,0.3 --seeds 1..5
            Every run is recorded. The same command goes on where a sweep was cut off, and runs nothing twice that is done: a sweep is known by its script, what that imports, and its runs. \
            A run that fails is tried once more. With --random N, N combinations are drawn; then --grid may also name ranges, lr=0.001..0.1 or lr=0.001..0.1:log. Exit code 1 if a run failed.
            """)

    @ArgumentParser.Argument(help: "A .bcl file.") var file: String
    @Option(help: ArgumentHelp("Values of a 'param' of the script; may be given more than once.", valueName: "name=v,v")) var grid: [String] = []
    @Option(name: .customLong("set"), parsing: .unconditionalSingleValue, help: ArgumentHelp("A value that all runs have.", valueName: "name=value")) var settings: [String] = []
    @Option(help: ArgumentHelp("Seeds: 1..5 (the last included), or 1,2,3.", valueName: "seeds")) var seeds: String = "0"
    @Option(help: ArgumentHelp("Draw so many combinations.", valueName: "n")) var random: Int?
    @Option(help: ArgumentHelp("The seed of that draw.", valueName: "n")) var randomSeed: Int = 0
    @Option(help: ArgumentHelp("So many runs at once (default: as many as the processors take; one on a GPU).", valueName: "n")) var jobs: Int?
    @Option(help: ArgumentHelp("Threads of each run.", valueName: "n")) var threads: Int = 1
    @Option(help: "Where models live: cpu, cuda, cuda:1, or auto.") var device: String = "cpu"
    @Flag(help: "Only tell which runs there are.") var plan = false
    @OptionGroup var place: StoreOption
    @OptionGroup(title: "On a cluster") var cluster: ClusterOptions

    func validate() throws {
        if jobs != nil, cluster.isSlurm { throw ValidationError("--jobs is for this machine; with --on slurm --array-limit says how many runs there are at once") }
        if let random, random < 1 { throw ValidationError("--random must be at least 1, not \(random)") }
        if randomSeed < 0 { throw ValidationError("--random-seed must be 0 or more, not \(randomSeed)") }
        if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs)") }
        guard (1...1024).contains(threads) else { throw ValidationError("--threads must be from 1 to 1024, not \(threads)") }
        for setting in settings where !setting.contains("=") || setting.hasPrefix("=") { throw ValidationError("--set takes name=value, not '\(setting)'") }
    }

    func run() throws {
        let (sweepPlan, sources) = makePlan()
        if plan { return show(sweepPlan) }
        if cluster.isSlurm { return submit(sweepPlan, sources) }
        let (cores, isOnGPU) = (Cores.count, usesGPU())
        if let jobs, jobs > 1, jobs * threads > cores {
            leave("\(jobs) runs at once with \(threads) thread\(threads == 1 ? "" : "s") each need \(jobs * threads) processors, and there \(cores == 1 ? "is 1" : "are \(cores)")", hint: "leave --jobs out: it is as many as fit", status: ExitStatus.usage)
        }
        // Several runs would share one GPU's memory: that is for the user to say.
        let jobs = self.jobs ?? (isOnGPU ? 1 : max(1, cores / threads))
        let store = place.open(forWriting: true)
        let (requests, display) = (StopRequests(), SweepDisplay())
        let sweep = Self.orLeave { try LocalSweep(sweepPlan, store: store, folder: "\(store.path).sweeps/\(sweepPlan.id)", jobs: jobs, environment: ["OMP_NUM_THREADS": "\(threads)"], command: command(store, "\(store.path).sweeps/\(sweepPlan.id)/checkpoints")) }
        sweep.didEnd = { [unowned sweep] cell, outcome in display.ended(cell, outcome, sweep) }
        display.begin(sweep, jobs: jobs, threads: threads)
        let start = Date()
        let isWhole = Self.orLeave { try sweep.run(presses: { requests.presses }, look: { display.look(sweep) }) }
        display.clear()
        store.close()
        finish(sweep, isWhole: isWhole, seconds: Date().timeIntervalSince(start))
    }

    /// Ends the process for a device that is not there.
    private func usesGPU() -> Bool {
        do { return try Device(named: device).isCUDA } catch { leave("\(error)", status: ExitStatus.usage) }
    }

    // MARK: - Plan

    private func makePlan() -> (plan: SweepPlan, sources: [SourceFile]) {
        let source = ScriptFile.read(file)
        let session = Tools.session()
        let problems = session.check(source).filter { $0.severity == .error }
        if !problems.isEmpty {
            let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDERR_FILENO))
            FileHandle.standardError.write(Data((problems.map(renderer.render).joined(separator: "\n") + "\n").utf8))
            quit(ExitStatus.rejected)
        }
        return Self.orLeave {
            let axes = try grid.map { try SweepAxis($0) }
            let fixed = settings.map { setting in
                let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: String(parts[0]), value: String(parts[1]))
            }
            if let parameters = ScriptParameters(session, source) {
                for (axis, text) in zip(axes, grid) {
                    switch axis.values {
                    case .list(let values): for value in values { parameters.check(axis.name, value, "--grid \(text)") }
                    case .range(let low, _, _): parameters.check(axis.name, "\(low)", "--grid \(text)")
                    }
                }
                for (setting, text) in zip(fixed, settings) { parameters.check(setting.name, setting.value, "--set \(text)") }
            }
            let sources = [source] + session.loader.importedFiles
            let contents = sources.map { String(decoding: $0.bytes, as: UTF8.self) }
            return (try SweepPlan(axes: axes, fixed: fixed, seeds: try SeedList(seeds), random: random, randomSeed: randomSeed, contents: contents), sources)
        }
    }

    private func show(_ plan: SweepPlan) {
        print("sweep \(plan.id): \(plan.cells.count) run\(plan.cells.count == 1 ? "" : "s")")
        for cell in plan.cells { print(cell.label) }
    }

    private var binary: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0] }

    /// What all runs have in common.
    private func command(_ program: String) -> [String] { [program, "run", file, "--threads", "\(threads)", "--device", device] }

    /// - Parameter checkpoints: the folder of the runs' checkpoints: a sweep that was cut off goes on in the middle of its runs, too.
    private func command(_ store: RunStore, _ checkpoints: String) -> (SweepPlan.Cell) -> [String] {
        let (common, every) = (command(binary), cluster.options(threads: threads).checkpoint)
        return { cell in
            common + ["--seed", "\(cell.seed)", "--store", store.path] + cell.settings.flatMap { ["--set", "\($0.name)=\($0.value)"] }
                + (every.map { ["--checkpoint", $0, "--checkpoint-to", "\(checkpoints)/\(cell.number)", "--resume"] } ?? [])
        }
    }

    // MARK: - Cluster

    private func submit(_ plan: SweepPlan, _ sources: [SourceFile]) {
        guard let store = StorePlace.path(place.store) else { leave("BCL_STORE is none: there is no run store", hint: "name one with --store", status: ExitStatus.usage) }
        // The first submission may be before the first run.
        let hasStore = FileManager.default.fileExists(atPath: store) || SharedFolder.hasRecords(store)
        let done = !hasStore ? [] : Self.orLeave { Set(try place.open().states(ofSweep: plan.id).filter { $0.value.state == .done }.keys) }
        let folder = cluster.folder(ofSweep: plan.id, store: store)
        let here = FileManager.default.currentDirectoryPath
        let own = sources.filter { $0.name == file || !$0.name.hasPrefix((Stdlib.folder() ?? "") + "/") }
        let files = own.map { (path: FilePath.absolute($0.name, in: here), hash: SourceText(name: $0.name, bytes: $0.bytes).hash) }
        let sweep = SlurmSweep(plan, folder: folder, options: cluster.options(threads: threads), script: file, command: command(cluster.program ?? binary), files: files)
        let result = Self.orLeave { try sweep.submit(done: done) }
        let parts = ["\(result.done) of \(plan.cells.count) runs done"] + (result.queued > 0 ? ["\(result.queued) queued already"] : [])
        let arrays = result.jobs.isEmpty ? "nothing to submit" : "\(result.submitted) submitted as job\(result.jobs.count == 1 ? "" : "s") \(result.jobs.joined(separator: ", "))"
        print("sweep \(plan.id): \(parts.joined(separator: ", ")), \(arrays)")
        let name = cluster.folder == nil && place.store == nil ? plan.id : folder.path
        print("see: bclsh sweep status \(name); bclsh sweep collect \(name)")
    }

    // MARK: - End

    private func finish(_ sweep: LocalSweep, isWhole: Bool, seconds: Double) -> Never {
        let new = sweep.done - sweep.doneBefore
        for failure in sweep.failures {
            let text = (FileManager.default.contents(atPath: failure.log)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let tail = text.split(whereSeparator: \.isNewline).suffix(12).map { "    | \($0)" }
            fflush(stdout)
            FileHandle.standardError.write(Data(("\(failure.cell.label) failed: \(failure.reason)\n" + tail.map { $0 + "\n" }.joined() + "    the whole log: \(failure.log)\n").utf8))
        }
        let failed = sweep.failures.isEmpty ? "" : ", \(sweep.failures.count) failed"
        print("sweep \(sweep.plan.id): \(sweep.done) of \(sweep.plan.cells.count) runs done\(failed); \(new) now, in \(RunWords.length(seconds))")
        guard isWhole else { leave("interrupted: the same command goes on", status: ExitStatus.interrupted) }
        if sweep.done > 0 { print("see: bclsh runs list sweep=\(sweep.plan.id); bclsh report sweep=\(sweep.plan.id) -o report.html") }
        quit(sweep.failures.isEmpty ? 0 : ExitStatus.differs)
    }

    static func orLeave<T>(_ body: () throws -> T) -> T {
        RunsCommand.orLeave {
            do { return try body() } catch let problem as SweepProblem { leave(problem.message, hint: problem.remedy, status: ExitStatus.usage) }
        }
    }
}
