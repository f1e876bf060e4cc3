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
        return Session(registry: registry, library: Library(folder: nil))
    }

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
