import Engine
import Foundation

/// What a checkpoint holds about the run besides its state: how it was started, and how far it is.
struct RunNotes: Codable {
    /// Of the command line, behind 'bclsh run'.
    var arguments: [String]
    let folder: String
    let scriptName: String
    /// nil where the script was no file.
    let scriptPath: String?
    let script: Data
    /// What the results depend on: the options that a run that goes on must have as well.
    let choices: [String: String]
    let bclsh: String
    let torch: String
    let started: Date
    /// Seconds that it has run.
    var seconds = 0.0
    var written = Date()
    /// Checkpoints of this run before this one.
    var sequence = 0
    /// Bytes of output.txt that belong to it.
    var outputLength = 0
    var minibatches = 0
    /// Under which it is recorded.
    var run = ""
    var began = 0.0

    static let versions = (bclsh: Version.number, torch: Torch.version)

    func encoded() throws -> Data { try JSONEncoder().encode(self) }
    init(_ data: Data) throws { self = try JSONDecoder().decode(RunNotes.self, from: data) }

    init(arguments: [String], scriptName: String, scriptPath: String?, script: Data, choices: [String: String]) {
        (self.arguments, self.scriptName, self.scriptPath, self.script, self.choices) = (arguments, scriptName, scriptPath, script, choices)
        folder = FileManager.default.currentDirectoryPath
        (bclsh, torch) = Self.versions
        started = Date()
    }

    /// The first line in which a script is not what it was: "line 7 was 'a', but is 'b'".
    func difference(to now: Data) -> String? {
        guard now != script else { return nil }
        func lines(_ data: Data) -> [Substring] { String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) }
        func shown(_ line: Substring) -> String { "'\(line.trimmingCharacters(in: .whitespaces).prefix(60))'" }
        let (before, after) = (lines(script), lines(now))
        for (index, (old, new)) in zip(before, after).enumerated() where old != new { return "line \(index + 1) was \(shown(old)), but is \(shown(new))" }
        if before.count > after.count { return "line \(after.count + 1) was \(shown(before[after.count])), but is gone" }
        if after.count > before.count { return "line \(before.count + 1) was not there: \(shown(after[before.count]))" }
        return "its bytes are not the same"
    }
}
