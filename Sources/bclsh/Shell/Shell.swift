import ArgumentParser
import Foundation
import Interpreter

/// `bclsh shell`: a prompt that keeps its names and values from cell to cell. An error never ends it.
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "shell", abstract: "Start a prompt (the default on a terminal).")

    @OptionGroup var options: SessionOptions

    func run() throws {
        Terminal.setLocale()
        Terminal.remember()
        let hasKeyboard = isatty(STDIN_FILENO) == 1
        let history = hasKeyboard ? HistoryFile.standardPath.map { HistoryFile(path: $0) } : nil
        let shell = ShellState(options, history: history, isInteractive: hasKeyboard)
        shell.reader = makeReader(shell, hasKeyboard)
        if hasKeyboard { print("\(Version.text). 'help' helps, Ctrl-D leaves.") }
        repeat {
            while !shell.isLeaving, let text = shell.reader.readCell(number: shell.number) { shell.run(text) }
            if hasKeyboard, !shell.isLeaving { print() }
            shell.isLeaving = false
        } while !mayLeave(shell)
        if let problem = history?.problem { print(problem) }
    }

    private func makeReader(_ shell: ShellState, _ hasKeyboard: Bool) -> PromptReader {
        let interrupt = { [unowned shell] in shell.session.interrupt }
        if hasKeyboard, Terminal.isTerminal(STDOUT_FILENO), Terminal.isTerminal(STDIN_FILENO) {
            let complete: (String, Int) -> CompletionMenu = { [unowned shell] text, offset in CompletionMenu.at(offset, in: text, shell.session) }
            if let editor = LineEditor(history: shell.history, colour: shell.colour, interrupt: interrupt, complete: complete) { return editor }
        }
        return PlainReader(showsPrompt: hasKeyboard, history: shell.history, interrupt: interrupt)
    }

    /// Asks where training would be lost. A second Ctrl-D is an answer.
    private func mayLeave(_ shell: ShellState) -> Bool {
        let unsaved = shell.unsaved
        guard shell.isInteractive, !unsaved.isEmpty else { return true }
        print("Not saved: \(unsaved.joined(separator: ", ")). 'save session to \"NAME.bcls\"' keeps everything.")
        guard let answer = shell.reader.ask("Leave all the same? [y/N] ") else {
            print()
            return !shell.session.interrupt.isRequested
        }
        return ["y", "yes"].contains(answer.trimmed.lowercased())
    }
}
