import FilePaths
import Foundation
import Interpreter
import Workbench

/// A run's folder: two generations of checkpoints, written in turn, and all that the run has printed.
struct CheckpointFolder {
    let path: String

    init(_ path: String) { self.path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)" }

    var output: String { path + "/output.txt" }
    private var lock: String { path + "/lock" }
    /// Until the process ends.
    private static var taken: [FileLock] = []
    /// Says that the run has come to its end.
    private var mark: String { path + "/finished" }

    /// The file for the checkpoint of a number: the older of the two.
    func file(_ sequence: Int) -> String { path + "/\(sequence % 2).checkpoint" }
    private var files: [String] { [file(0), file(1)] }

    var isThere: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    var hasCheckpoint: Bool { files.contains { FileManager.default.fileExists(atPath: $0) } }
    var isFinished: Bool { !hasCheckpoint && FileManager.default.fileExists(atPath: mark) }

    // MARK: - Where runs have theirs

    /// XDG_DATA_HOME/bclsh/checkpoints, else ~/.local/share/bclsh/checkpoints.
    static var standard: String {
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/bclsh/checkpoints" }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/share/bclsh/checkpoints"
    }

    /// A folder for a run of a script, by its name and the time.
    static func named(after script: String) -> CheckpointFolder {
        let name = FilePath.name(script)
        let stem = (name.hasSuffix(".bcl") ? String(name.dropLast(4)) : name).map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" ? $0 : "_" }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        return CheckpointFolder("\(standard)/\(String(stem.prefix(40)))-\(formatter.string(from: Date()))-\(getpid())")
    }

    /// What a user means by RUN: a folder, one of its checkpoints, or the name of a folder in the standard place.
    static func meant(by run: String) -> CheckpointFolder? {
        for candidate in [run, "\(standard)/\(run)"] {
            let folder = CheckpointFolder(candidate)
            if folder.isThere { return folder }
            if candidate.hasSuffix(".checkpoint"), FileManager.default.fileExists(atPath: candidate) { return CheckpointFolder(FilePath.directory(folder.path)) }
        }
        return nil
    }

    /// Folders in the standard place that a run can go on from, the newest last.
    static var waiting: [CheckpointFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: standard)) ?? []
        return names.map { CheckpointFolder("\(standard)/\($0)") }.filter(\.hasCheckpoint).sorted { $0.changed < $1.changed }
    }

    private var changed: Date { files.compactMap { (try? FileManager.default.attributesOfItem(atPath: $0))?[.modificationDate] as? Date }.max() ?? .distantPast }

    // MARK: - Reading

    /// The newest checkpoint that is whole, with the reasons why others are not taken.
    func newest() -> (found: (checkpoint: Checkpoint, notes: RunNotes)?, problems: [String]) {
        var (found, problems): ([(Checkpoint, RunNotes)], [String]) = ([], [])
        for file in files where FileManager.default.fileExists(atPath: file) {
            do {
                let checkpoint = try Checkpoint(file)
                found.append((checkpoint, try RunNotes(checkpoint.notes)))
            } catch { problems.append(Self.message(error)) }
        }
        return (found.max { $0.1.sequence < $1.1.sequence }, problems)
    }

    // MARK: - Writing

    /// Makes the folder; it is this process's until it ends.
    /// - Returns: a message where that is not possible.
    func take() -> String? {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch { return "the folder '\(path)' can't be made: \((error as NSError).localizedDescription)" }
        do {
            guard let taken = try FileLock(lock) else {
                let owner = (try? String(contentsOfFile: lock, encoding: .utf8)).flatMap { $0.isEmpty ? nil : $0 } ?? "another process"
                return "the run in '\(path)' is going on: \(owner)"
            }
            taken.tell("process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
            Self.taken.append(taken)
        } catch { return "the folder can't be taken: \(error)" }
        removeLeftovers()
        return nil
    }

    /// Files that were being written when a run was killed.
    private func removeLeftovers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name.hasPrefix(".") && name.contains(".checkpoint.") { unlink("\(path)/\(name)") }
    }

    /// The run is over: there is nothing to go on from. The output stays.
    func finish(keeps: Bool) {
        for file in files { unlink(file) }
        guard keeps else {
            for name in [output, lock, mark] { unlink(name) }
            rmdir(path)
            return
        }
        close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
        unlink(lock)
    }

    func removeMark() { unlink(mark) }

    static func message(_ error: Error) -> String {
        if let failure = (error as? ScriptFailureConvertible)?.failure ?? error as? Failure { return failure.message + (failure.hint.map { " (\($0))" } ?? "") }
        return "\(error)"
    }
}
