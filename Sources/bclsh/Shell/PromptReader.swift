import BCLScript
import Foundation
import Interpreter

/// Where the cells of a shell come from.
protocol PromptReader: AnyObject {
    /// The next cell: lines up to where every bracket is closed. nil at the end of input (Ctrl-D).
    func readCell(number: Int) -> String?
    /// One line in answer to a question; nil at the end of input.
    func ask(_ question: String) -> String?
    /// Text to start the next cell with.
    var prepared: String { get set }
}

/// Reads lines as they come: for pipes, and terminals that can't move their cursor.
final class PlainReader: PromptReader {
    var prepared = ""
    private var pending: [UInt8] = []
    private var ended = false
    private let showsPrompt: Bool
    private let interrupt: () -> InterruptToken
    private let history: HistoryFile?

    init(showsPrompt: Bool, history: HistoryFile?, interrupt: @escaping () -> InterruptToken) {
        self.showsPrompt = showsPrompt
        self.history = history
        self.interrupt = interrupt
    }

    func readCell(number: Int) -> String? {
        var text = prepared
        prepared = ""
        if !text.isEmpty, showsPrompt { print(text) }
        while true {
            let prompt = "bcl \(number)> "
            show(text.isEmpty ? prompt : ContinuationMarks(width: prompt.count).mark)
            guard let line = line() else {
                if interrupt().isRequested {
                    interrupt().clear()
                    pending = []
                    text = ""
                    print("^C")
                    continue
                }
                return text.isEmpty ? nil : text
            }
            text += line + "\n"
            guard CellText.isComplete(text), !CellText.goesOn(text, with: upcoming) else { continue }
            if showsPrompt, !text.allSatisfy(\.isWhitespace) { history?.add(text.trimmedEnd) }
            return text
        }
    }

    func ask(_ question: String) -> String? {
        show(question)
        return line()
    }

    private func show(_ prompt: String) {
        guard showsPrompt else { return }
        print(prompt, terminator: "")
        fflush(stdout)
    }

    /// What has come, and was not read yet.
    private var upcoming: String {
        if pending.isEmpty, !ended, case .ready = StandardInput.wait(0, isInterrupted: { false }) { if let bytes = StandardInput.read() { pending += bytes } else { ended = true } }
        return String(decoding: pending.prefix(4096), as: UTF8.self)
    }

    private func line() -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self).replacing("\r", with: "")
            }
            if ended {
                guard !pending.isEmpty else { return nil }
                defer { pending = [] }
                return String(decoding: pending, as: UTF8.self)
            }
            guard case .ready = StandardInput.wait(-1, isInterrupted: { self.interrupt().isRequested }) else { return nil }
            if let bytes = StandardInput.read() { pending += bytes }
            // A terminal can go on after Ctrl-D, a pipe can't.
            else if showsPrompt, pending.isEmpty { return nil } else { ended = true }
        }
    }
}

/// What a text that is typed is to the shell.
enum CellText {
    /// Whether Enter ends it. Commands of the shell take one line.
    static func isComplete(_ text: String) -> Bool {
        if let first = text.first(where: { !$0.isWhitespace }), first == "?" { return true }
        if let command = ShellCommand.parse(text) { return !command.command.takesCode || Completeness.of(command.argument) == .complete }
        return Completeness.of(text) == .complete
    }

    /// Whether what follows at once belongs to the block that a whole text ends with: its `else`.
    static func goesOn(_ text: String, with rest: String) -> Bool { text.trimmedEnd.last == "}" && startsWithElse(rest.trimmed) }

    /// Whether a text is the `else` of the cell before it.
    static func isElse(_ text: String, of before: String) -> Bool { startsWithElse(text) && before.last == "}" && before.firstMatch(of: #/\bif\b/#) != nil }

    private static func startsWithElse(_ text: String) -> Bool { text.prefixMatch(of: #/else\b/#) != nil }
}

extension String {
    var trimmedEnd: String {
        var view = self[...]
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }

    var trimmed: String { String(trimmedEnd.drop(while: \.isWhitespace)) }
}
