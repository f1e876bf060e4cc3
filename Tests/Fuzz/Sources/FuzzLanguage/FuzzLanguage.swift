import BCLScript
import Foundation
import Interpreter

/// libFuzzer's entry: any bytes are checked, formatted and run. They may be refused; nothing may trap, hang or grow without bound.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Limits.mostElements = 10_000
    Limits.longestText = 1 << 16
    Limits.longestDescription = 1 << 16
    let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    let session = Harness.makeSession()
    let source = SourceFile(name: "fuzz.bcl", bytes: input)
    Harness.checkMessages(session.check(source))
    Harness.checkFormatter(source, session.registry.verbs)
    Harness.run(source, in: session)
    return 0
}

enum Harness {
    /// Every statement of the language can be run: a method needs an event to handle.
    static func makeSession() -> Session {
        let registry = Registry()
        registry.add([EventForm("batch", ["x", "y", "t"], doc: ""), EventForm("task_end", ["t"], doc: "")])
        registry.add(sentences)
        return Session(registry: registry, library: Library(folder: nil))
    }

    /// Verbs of every form that there is: words, named values, connectives that may be left out. They do nothing.
    static let sentences: [Builtin] = {
        func verb(_ name: String, _ parameters: [Signature.Parameter], _ slots: [VerbForm.Slot]) -> Builtin {
            Builtin(name, parameters, topic: "fuzzing", doc: "", example: "", verb: slots) { _, _ in .none }
        }
        return [
            verb("step", [optional("learner", "none"), optional("until", "none"), optional("task", "none")],
                 [VerbForm.Slot(nil, "learner", required: false), VerbForm.Slot(nil, "until", required: false, words: ["phase", "batch"]), VerbForm.Slot("on", "task", required: false)]),
            verb("run", [optional("learner", "none"), required("phase")], [VerbForm.Slot(nil, "learner", required: false), VerbForm.Slot("to", "phase")]),
            verb("continue", [optional("learner", "none")], [VerbForm.Slot(nil, "learner", required: false)]),
            verb("search", [required("method"), required("bench"), required("over")],
                 [VerbForm.Slot(nil, "method"), VerbForm.Slot("on", "bench"), VerbForm.Slot("over", "over", named: true)]),
            verb("load", [required("x"), required("path")], [VerbForm.Slot(nil, "x"), VerbForm.Slot("from", "path", mayBeBare: true)]),
            Builtin("breakpoint", [required("method"), required("place"), optional("condition", "none")], topic: "fuzzing", doc: "", example: "") { _, _ in .none },
        ]
    }()

    /// Each message has a place within its text and can be shown.
    static func checkMessages(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            precondition(!DiagnosticRenderer(colour: false).render(diagnostic).isEmpty)
            precondition(diagnostic.code != .internalError, diagnostic.message)
        }
    }

    /// What is formatted once stays as it is.
    static func checkFormatter(_ source: SourceFile, _ verbs: [String: VerbForm]) {
        do {
            guard let text = try Formatter.format(source, verbs: verbs) else { fatalError("the formatter changes the meaning") }
            guard let again = try Formatter.format(SourceFile(name: source.name, text: text), verbs: verbs) else { fatalError("the formatter changes the meaning of its own text") }
            precondition(again == text, "the formatter changes its own text")
        } catch is Diagnostic {
            // A text with syntax errors is refused.
        } catch { fatalError("\(error)") }
    }

    static func run(_ source: SourceFile, in session: Session) {
        session.evaluator.stepsLeft = 20_000
        let sink = CollectingSink()
        let outcome = session.execute(source, sink: sink, kind: .cell, showsValues: true)
        switch outcome {
        case .rejected(let diagnostics): checkMessages(diagnostics)
        case .failed(let diagnostic): checkMessages([diagnostic])
        case .finished, .interrupted: break
        }
    }
}
