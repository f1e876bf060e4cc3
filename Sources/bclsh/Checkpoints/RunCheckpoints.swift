import BCLScript
import FilePaths
import Foundation

/// How `bclsh run` meets its checkpoints.
extension Run {
    /// The checkpoint that `--resume` finds, if there is one; of a run with other options it is none to go on from.
    func startingPoint() -> ResumePoint? {
        guard checkpoints.resume, let to = checkpoints.checkpointTo, CheckpointFolder(to).hasCheckpoint else { return nil }
        let point = ResumePoint.newest(CheckpointFolder(to))
        for (name, value) in choices.sorted(by: { $0.key < $1.key }) where point.notes.choices[name] != value {
            leave("the run in '\(to)' has \(name) \(point.notes.choices[name] ?? "of its own"), not \(value)", hint: "name another folder for this one", status: ExitStatus.usage)
        }
        return point
    }

    /// What a checkpoint keeps of how the run was started.
    func notes(_ source: SourceFile) -> RunNotes {
        let isFile = execute == nil && file != nil && file != "-"
        let path = isFile ? file.map { $0.hasPrefix("/") ? $0 : FilePath.standard("\(FileManager.default.currentDirectoryPath)/\($0)") } : nil
        return RunNotes(arguments: Main.arguments, scriptName: source.name, scriptPath: path, script: Data(source.bytes), choices: choices)
    }

    private var choices: [String: String] {
        ["script": execute.map { "-e \($0)" } ?? file ?? "-", "settings": settings.sorted().joined(separator: " "), "seed": "\(options.seed)", "device": options.device,
         "threads": options.threads.map(String.init) ?? "1", "plain": "\(options.plain)"]
    }
}
