import ArgumentParser
import FilePaths
import Foundation
import Runs

/// `bclsh resume RUN`: goes on with a run that was stopped, from its last checkpoint.
struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a run from its last checkpoint.",
        discussion: """
            RUN is the number of a recorded run ('bclsh runs list'), the folder that 'bclsh run FILE --checkpoint EVERY' has named, its name in ~/.local/share/bclsh/checkpoints, or a checkpoint in it. \
            Without RUN: lists those that can go on. The run has all options that it was started with, and goes on to the same bits; the script and the \
            files that it imports must be as they were. It prints what follows the checkpoint; output.txt in the folder holds all of it.
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("A run's number, or a folder with checkpoints.", valueName: "run"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("How often to write checkpoints from here on (as in 'bclsh run').", valueName: "every"))
    var checkpoint: CheckpointInterval?

    @Option(name: .long, help: ArgumentHelp("Write the result there instead of where the run was told to.", valueName: "file"))
    var json: String?

    @Option(name: .long, help: ArgumentHelp("The store that RUN is a number of (as in 'bclsh run').", valueName: "file"))
    var store: String?

    @Flag(name: .long, help: "Print first what the run had printed up to the checkpoint.")
    var fromStart = false

    func run() throws {
        guard let name else { return list() }
        guard let folder = CheckpointFolder.meant(by: name) ?? recorded(name) else {
            let names = CheckpointFolder.waiting.map { FilePath.name($0.path) }
            leave("there is no run '\(name)' to go on with", hint: names.isEmpty ? "'bclsh run FILE --checkpoint 5min' writes checkpoints" : "there are \(names.suffix(5).joined(separator: ", "))", status: ExitStatus.noInput)
        }
        var point = ResumePoint.newest(folder)
        // What is given here counts for later, too: of an option that is there twice the last one is taken.
        if let json { point.notes.arguments += ["--json", json.hasPrefix("/") ? json : "\(FileManager.default.currentDirectoryPath)/\(json)"] }
        if let checkpoint { point.notes.arguments += ["--checkpoint", checkpoint.text] }
        guard FileManager.default.changeCurrentDirectoryPath(point.notes.folder) else {
            leave("the run worked in the folder '\(point.notes.folder)', which is not there any more", status: ExitStatus.noInput)
        }
        let command: Run
        do { command = try Run.parse(point.notes.arguments) } catch { leave("the options of the run are not understood: \(Run.message(for: error))", status: ExitStatus.usage) }
        if fromStart { printBefore(point) }
        try command.execute(from: point)
    }

    /// Where the run that a number or "last" names in the store can be resumed from.
    private func recorded(_ name: String) -> CheckpointFolder? {
        guard Int(name) != nil || name == "last", let path = StorePlace.path(store), FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let reader = try RunStore(path, isForWriting: false)
            defer { reader.close() }
            let number = try reader.number(of: name)
            let record = try reader.record(number)
            if record.state == .done { leave("run \(number) is done: there is nothing to go on with", hint: "'bclsh runs show \(number)' shows its results", status: ExitStatus.noInput) }
            guard let checkpoint = record.checkpoint else { leave("run \(number) wrote no checkpoints", hint: "'bclsh run FILE --checkpoint 5min' writes them", status: ExitStatus.noInput) }
            guard let folder = CheckpointFolder.meant(by: checkpoint) else { leave("the checkpoints of run \(number) are gone from '\(checkpoint)'", status: ExitStatus.noInput) }
            return folder
        } catch let problem as StoreProblem { leave(problem.message, hint: problem.remedy, status: ExitStatus.noInput) } catch { leave("\(error)", status: ExitStatus.noInput) }
    }

    private func printBefore(_ point: ResumePoint) {
        guard let file = FileHandle(forReadingAtPath: point.folder.output), let before = try? file.read(upToCount: point.notes.outputLength) else { return }
        FileHandle.standardOutput.write(before)
    }

    private func list() {
        let folders = CheckpointFolder.waiting
        if folders.isEmpty { print("no run is waiting to go on: 'bclsh run FILE --checkpoint 5min' writes checkpoints to \(CheckpointFolder.standard)") }
        for folder in folders {
            guard let (_, notes) = folder.newest().found else { continue }
            print("\(FilePath.name(folder.path))  \(notes.scriptName)  \(notes.minibatches) minibatches, \(Int(notes.seconds)) s, checkpoint \(notes.sequence) of \(notes.written.formatted(.iso8601))")
        }
    }
}
