import ArgumentParser
import BCLScript
import CLibedit
import Foundation
import Interpreter

/// `bclsh shell`: a prompt that keeps its names and values from line to line. An error never ends it.
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "shell", abstract: "Start a prompt (the default on a terminal).")

    @OptionGroup var options: SessionOptions

    func run() throws {
        let (session, _) = options.makeSession()
        session.evaluator.isInteractive = true
        let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDOUT_FILENO))
        let sink = ConsoleSink(pages: true)
        guard let reader = LineReader() else { leave("the terminal can't be used for editing", status: ExitStatus.failed) }
        Interrupts.connect(session.interrupt)
        print("\(Version.text). Ctrl-D leaves.")
        var cell = 0
        while let text = reader.readCell(session.interrupt) {
            if text.allSatisfy(\.isWhitespace) { continue }
            cell += 1
            session.interrupt.clear()
            switch session.execute(SourceFile(name: "cell \(cell)", text: text), sink: sink, showsValues: true) {
            case .finished: break
            case .rejected(let problems): for problem in problems { print(renderer.render(problem)) }
            case .failed(let problem): print(renderer.render(problem))
            case .interrupted: print("interrupted")
            }
            sink.finish()
            session.interrupt.clear()
        }
        print()
    }
}

/// Reads cells with libedit: lines up to where every bracket is closed.
final class LineReader {
    private let editor: OpaquePointer
    private let history: OpaquePointer

    init?() {
        setlocale(LC_CTYPE, "")
        guard let history = bcl_history(1000), let editor = bcl_editor("bclsh", history) else { return nil }
        self.history = history
        self.editor = editor
    }

    deinit {
        el_end(editor)
        history_end(history)
    }

    /// nil at the end of input. Ctrl-C drops what was typed.
    func readCell(_ interrupt: InterruptToken) -> String? {
        var text = ""
        while true {
            bcl_set_prompt(text.isEmpty ? "bcl> " : "...> ")
            var count: Int32 = 0
            let line = el_gets(editor, &count)
            if interrupt.isRequested {
                interrupt.clear()
                print("^C")
                text = ""
                continue
            }
            guard let line, count > 0 else { return text.isEmpty ? nil : text }
            text += String(cString: line)
            if Completeness.of(text) == .complete {
                if !text.allSatisfy(\.isWhitespace) { bcl_history_add(history, text) }
                return text
            }
        }
    }
}
