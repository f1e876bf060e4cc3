import ArgumentParser
import FilePaths
import Figures
import Foundation
import Runs
import Sweeps

/// `bclsh sweep`: starts a sweep, and looks after one that a cluster makes.
struct SweepGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Run a script with all combinations of parameters and seeds, here or on a cluster.",
        discussion: """
            bclsh sweep my.bcl --grid lr=0.01,0.03,0.1 --grid beta=0.1,0.3 --seeds 1..5
            runs all of them, several at once, and 'bclsh help sweep start' lists the options. With --on slurm they are a job array: status tells how far it is, \
            collect takes the results into the store, cancel ends it. Exit code 1 if a run failed.
            """,
        subcommands: [SweepCommand.self, Status.self, Collect.self, Cancel.self], defaultSubcommand: SweepCommand.self)

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "How far a sweep on a cluster is.")
        @OptionGroup var sweep: ClusterSweepName
        @Flag(help: "All runs, also those that are done or wait.") var all = false

        func run() throws {
            let (_, contents, states) = sweep.look()
            let shown = states.runs.filter { all || ![.done, .pending, .notSubmitted].contains($0.state) }
            if !shown.isEmpty {
                let columns = [Table.Column("run", number: true), Table.Column("parameters"), Table.Column("state"), Table.Column("job"), Table.Column("machine"), Table.Column("time", number: true), Table.Column("")]
                let rows = shown.map { ["\($0.number)", $0.label, $0.state.rawValue, $0.job ?? "", $0.machine ?? "", $0.seconds.map(RunWords.length) ?? "", $0.remark] }
                RunsCommand.show(.table(Table(columns: columns, rows: rows)))
            }
            fflush(stdout)
            for run in states.runs where run.state == .failed || run.state == .lost {
                if let log = run.log, FileManager.default.fileExists(atPath: log) { print("log of run \(run.number): \(log)") }
            }
            sweep.complain(states)
            print("sweep \(contents.id): \(ClusterSweepName.summary(states))")
        }
    }

    struct Collect: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the records of a sweep's runs into the store, as often as you like.")
        @OptionGroup var sweep: ClusterSweepName

        func run() throws {
            let (_, contents, states) = sweep.look()
            let store = sweep.place.open(forWriting: true)
            let new = SweepCommand.orLeave { () -> Int in
                let before = try store.count()
                for start in stride(from: 0, to: states.ended.count, by: 100) { _ = try store.save(Array(states.ended[start..<min(states.ended.count, start + 100)])) }
                return try store.count() - before
            }
            store.close()
            sweep.complain(states)
            print("sweep \(contents.id): \(ClusterSweepName.summary(states)); \(states.ended.count) record\(states.ended.count == 1 ? "" : "s") taken into the store, \(new) of them new")
            if !states.ended.isEmpty { print("see: bclsh runs list sweep=\(contents.id); bclsh report sweep=\(contents.id) -o report.html") }
            quit(states.runs.contains { [.failed, .lost].contains($0.state) } ? ExitStatus.differs : 0)
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a sweep's runs out of the queue, and end those that run.")
        @OptionGroup var sweep: ClusterSweepName

        func run() throws {
            let (folder, contents, states) = sweep.look(stopsWithoutQueue: true)
            let (running, pending) = (states.runs.filter { $0.state == .running }.count, states.runs.filter { $0.state == .pending }.count)
            SweepCommand.orLeave { try ClusterStates.cancel(folder) }
            print("sweep \(contents.id): \(running) running and \(pending) pending runs cancelled; the command that started the sweep goes on with it")
        }
    }
}

/// Which sweep of a cluster is meant.
struct ClusterSweepName: ParsableArguments {
    @ArgumentParser.Argument(help: "The sweep's id, or its folder.") var name: String
    @Option(help: ArgumentHelp("The folder that the sweep was started with.", valueName: "folder")) var folder: String?
    @OptionGroup var place: StoreOption

    func look(stopsWithoutQueue: Bool = false) -> (ClusterFolder, ClusterFolder.Contents, ClusterStates) {
        let base = folder ?? StorePlace.path(place.store).map { $0 + ".sweeps" } ?? "."
        let here = FileManager.default.currentDirectoryPath
        let candidates = ["\(base)/\(name)", name].map { ClusterFolder(FilePath.absolute($0, in: here)) }
        let found = candidates.first(where: \.exists)
        guard let found else { leave("there is no sweep '\(name)' of a cluster", hint: "give its id or its folder, as 'bclsh sweep FILE ... --on slurm' told them; a sweep on this machine is seen with 'bclsh runs list sweep=ID'", status: ExitStatus.noInput) }
        return SweepCommand.orLeave {
            let contents = try found.read()
            return (found, contents, try ClusterStates(found, contents, stopsWithoutQueue: stopsWithoutQueue))
        }
    }

    func complain(_ states: ClusterStates) {
        fflush(stdout)
        for complaint in states.complaints { FileHandle.standardError.write(Data("bclsh: warning: \(complaint)\n".utf8)) }
    }

    /// "28 of 30 done, 2 running"
    static func summary(_ states: ClusterStates) -> String {
        let counts = ClusterStates.State.allCases.map { state in (state, states.runs.filter { $0.state == state }.count) }
        let others = counts.filter { $0.0 != .done && $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }
        return (["\(counts[0].1) of \(states.runs.count) done"] + others).joined(separator: ", ")
    }
}
