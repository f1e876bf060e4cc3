import BCLScript
import Foundation
import Interpreter
import Workbench

/// A checkpoint that a run is to go on from.
struct ResumePoint {
    let folder: CheckpointFolder
    let checkpoint: Checkpoint
    var notes: RunNotes

    var source: SourceFile { SourceFile(name: notes.scriptName, bytes: [UInt8](notes.script)) }

    /// The newest whole checkpoint of a folder; leaves with a message where there is none, or where the script is not what it was.
    static func newest(_ folder: CheckpointFolder) -> ResumePoint {
        let (found, problems) = folder.newest()
        guard let (checkpoint, notes) = found else {
            let why = problems.isEmpty ? (folder.isFinished ? "its run has come to its end; what it printed is in \(folder.output)" : "its run has written none yet") : problems.joined(separator: "; ")
            leave("there is no checkpoint to go on from in '\(folder.path)': \(why)", status: ExitStatus.noInput)
        }
        for problem in problems { note("\(problem); the checkpoint before it is taken") }
        if notes.bclsh != RunNotes.versions.bclsh || notes.torch != RunNotes.versions.torch {
            note("the run was started with bclsh \(notes.bclsh) and torch \(notes.torch), this is bclsh \(RunNotes.versions.bclsh) and torch \(RunNotes.versions.torch): the last bits of its results may differ")
        }
        if let path = notes.scriptPath, let now = FileManager.default.contents(atPath: path), let difference = notes.difference(to: now) {
            leave("'\(path)' has changed since the run began: \(difference)", hint: "put it back as it was to go on, or start the run anew", status: ExitStatus.rejected)
        }
        return ResumePoint(folder: folder, checkpoint: checkpoint, notes: notes)
    }

    /// For the run's record: it is one run, with what it had printed.
    var before: RunRecorder.Before? {
        guard !notes.run.isEmpty else { return nil }
        let file = FileHandle(forReadingAtPath: folder.output)
        let printed = (try? file?.read(upToCount: notes.outputLength)).flatMap { $0 } ?? Data()
        return RunRecorder.Before(id: notes.run, started: notes.began, seconds: notes.seconds, printed: String(decoding: printed, as: UTF8.self))
    }

    static func note(_ message: String) {
        fflush(stdout)
        FileHandle.standardError.write(Data("bclsh: \(message)\n".utf8))
    }
}
