import Foundation
import Interpreter

extension ShellCommand {
    /// Commands about what was typed, and what came of it.
    static let recordCommands: [ShellCommand] = [
        ShellCommand("%history [N | TEXT]", "Lists the cells of this session; the last N, or those with a text, of all sessions.") { shell, argument in
            if argument.isEmpty {
                let cells = shell.cells.filter { $0.number != nil }
                return shell.say(cells.isEmpty ? "no cell has run yet" : cells.map { listed("\($0.number!)", $0.source) }.joined(separator: "\n"))
            }
            let entries = shell.history?.entries ?? shell.cells.map(\.source)
            let numbered = Array(entries.enumerated())
            let found = Int(argument).map { Array(numbered.suffix(max(0, $0))) } ?? numbered.filter { $0.element.localizedStandardContains(argument) }
            shell.say(found.isEmpty ? "nothing with '\(argument)' was typed" : found.map { listed("\($0.offset + 1)", $0.element) }.joined(separator: "\n"))
        },
        ShellCommand("%save FILE", "Writes the cells with what they gave: .bcl (a script of cells), .md, .html or .ipynb; .bcls saves the session itself.", .file(["bcl", "md", "html", "ipynb", "bcls"])) { shell, path in
            guard !path.isEmpty else { throw ShellComplaint("%save needs a file", hint: "%save monday.html") }
            if path.hasSuffix(".bcls") { return try saveSession(shell, path) }
            guard let format = NotebookDocument.Format.of(path) else { throw ShellComplaint("'\(path)' has no ending that tells the format", hint: "it ends in \(NotebookDocument.Format.endings), or .bcls for the session itself") }
            let cells = shell.cells.filter { !$0.isCommand && (format != .script || !$0.failed) }
            guard !cells.isEmpty else { throw ShellComplaint("there is nothing to save: no cell has run yet") }
            try NotebookDocument(title: "bclsh session", cells: cells).write(to: path, as: format)
            shell.say("\(cells.count) cell\(cells.count == 1 ? "" : "s") written to \(path)")
        },
        ShellCommand("%load FILE", "Puts a script's text at the prompt, to be edited and run; with a .bcls file, loads the session.", .file(["bcl", "bcls"])) { shell, path in
            guard !path.isEmpty else { throw ShellComplaint("%load needs a file", hint: "%load examples/quickstart.bcl") }
            if path.hasSuffix(".bcls") { return try loadSession(shell, path) }
            let text = try script(path).trimmedEnd
            shell.reader.prepared = text
        },
        ShellCommand("%run FILE", "Runs a script's cells in this session, with their values shown.", .file(["bcl"])) { shell, path in
            guard !path.isEmpty else { throw ShellComplaint("%run needs a file", hint: "%run examples/quickstart.bcl") }
            for cell in NotebookDocument(title: path, script: try script(path)).cells where cell.kind == .code {
                guard case .finished = shell.execute(cell.source) else { return }
            }
        },
        ShellCommand("%transcript on [FILE] | off", "Writes each cell with its output to a Markdown file, from now on.", .words(["on", "off"])) { shell, argument in
            let words = argument.split(separator: " ", maxSplits: 1).map(String.init)
            switch words.first {
            case "on":
                let stamp = Date().formatted(.iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted))
                let path = words.count > 1 ? words[1] : "bclsh-\(stamp.prefix { $0 != "Z" }).md"
                shell.transcript = try Transcript(path: path)
                shell.say("the transcript goes to \(path)")
            case "off":
                let path = shell.transcript?.path
                shell.transcript = nil
                shell.say(path.map { "the transcript is in \($0)" } ?? "no transcript was on")
            case nil: shell.say(shell.transcript.map { "the transcript goes to \($0.path)" } ?? "no transcript is on")
            default: throw ShellComplaint("%transcript is on or off, not '\(argument)'", hint: "%transcript on notes.md")
            }
        },
    ]

    private static func listed(_ number: String, _ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let head = String(repeating: " ", count: max(0, 4 - number.count)) + number + ": "
        return lines.enumerated().map { ($0.offset == 0 ? head : String(repeating: " ", count: head.count)) + $0.element }.joined(separator: "\n")
    }

    private static func script(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw ShellComplaint("there is no file '\(path)'") }
        guard !isFolder.boolValue, let data = FileManager.default.contents(atPath: path) else { throw ShellComplaint("'\(path)' can't be read") }
        guard let text = String(data: data, encoding: .utf8) else { throw ShellComplaint("'\(path)' is no UTF-8 text") }
        return text
    }
}
