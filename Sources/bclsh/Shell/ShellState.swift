import BCLScript
import Drawing
import Figures
import Foundation
import Interpreter
import Workbench

/// A shell at work: its session, the cells that have run, and where output goes.
final class ShellState {
    let options: SessionOptions
    private(set) var session: Session
    private(set) var workbench: Workbench
    let history: HistoryFile?
    let colour: Bool
    let isInteractive: Bool
    var reader: PromptReader!
    var cells: [NotebookCell] = []
    var number = 1
    var isLeaving = false
    var transcript: Transcript?
    let sink: RecordingSink
    private let renderer: DiagnosticRenderer
    private let outputs = CellValues("Out")
    private let inputs = CellValues("In")
    private var loaded: [NotebookCell]?
    private var loadedValues: [(name: String, value: Value)] = []
    /// Codes whose explanation was offered.
    private var explained = Set<DiagnosticCode>()

    /// Names that the shell itself sets.
    static let ownNames: Set<String> = ["_", "In", "Out"]

    init(_ options: SessionOptions, history: HistoryFile?, isInteractive: Bool) {
        self.options = options
        self.history = history
        self.isInteractive = isInteractive
        (session, workbench) = options.makeSession()
        colour = Terminal.showsColour(STDOUT_FILENO)
        renderer = DiagnosticRenderer(colour: colour)
        sink = RecordingSink(ConsoleSink(pages: isInteractive))
        prepare()
    }

    /// Forgets names, values and cells, as if started anew.
    func reset() {
        (session, workbench) = options.makeSession()
        cells = []
        number = 1
        outputs.forget()
        inputs.forget()
        prepare()
    }

    private func prepare() {
        workbench.shellNames = Self.ownNames
        workbench.takeNotes = { [unowned self] in try? JSONEncoder().encode(cells.filter { !$0.isCommand }) }
        workbench.didLoadNotes = { [unowned self] in loaded = try? JSONDecoder().decode([NotebookCell].self, from: $0) }
        workbench.takeValues = { [unowned self] in
            outputs.values.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) } + (session.ownValue(of: "_").map { [("_", $0)] } ?? [])
        }
        workbench.didLoadValues = { [unowned self] in loadedValues = $0 }
        session.evaluator.isInteractive = true
        session.define("Out", .host(outputs))
        session.define("In", .host(inputs))
        Interrupts.connectShell(session.interrupt, describe: { [weak self] in self?.activity ?? "a cell" }, leave: { Terminal.restore() })
    }

    // MARK: - Running

    /// Runs what was typed. An error is shown, and that is all.
    func run(_ text: String) {
        let text = text.trimmed
        guard !text.isEmpty else { return }
        let cell = NotebookCell(.code, text)
        sink.begin()
        let transcript = transcript
        do {
            if let (command, argument) = try ShellCommand.find(text, in: self) {
                cell.isCommand = !command.takesCode
                try command.run(self, argument)
            } else if let before = cells.last(where: { $0.number != nil })?.source, CellText.isElse(text, of: before) {
                reader.prepared = before + " " + text
                throw ShellComplaint("'else' stands on the line of the '}' before it: the cell before had ended", hint: "here are both as one cell; Enter runs it")
            } else { execute(text, cell) }
        } catch let complaint as ShellComplaint {
            say(complaint.message + (complaint.hint.map { "\n  hint: \($0)" } ?? ""))
        } catch { say("\(error)") }
        cell.outputs = sink.end()
        if takeLoaded() {
            cell.number = nil
            cell.isCommand = true
        }
        if cell.number != nil || cell.isCommand { cells.append(cell) }
        if self.transcript === transcript { transcript?.add(cell) }
    }

    /// The cells of a session that was loaded take the place of those before; numbers go on behind them.
    private func takeLoaded() -> Bool {
        guard let loaded else { return false }
        self.loaded = nil
        cells = loaded
        number = max(number, (loaded.compactMap(\.number).max() ?? 0) + 1)
        inputs.forget()
        outputs.forget()
        for cell in loaded { if let number = cell.number { inputs[number] = .text(cell.source) } }
        for (name, value) in loadedValues { if let number = Int(name) { outputs[number] = value } else { session.define(name, value) } }
        loadedValues = []
        return true
    }

    /// Runs code as the next numbered cell.
    @discardableResult
    func execute(_ code: String, _ cell: NotebookCell? = nil) -> Session.Outcome {
        cell?.number = number
        let source = SourceFile(name: "cell \(number)", text: code)
        inputs[number] = .text(code)
        session.interrupt.clear()
        Interrupts.didStart()
        let outcome = session.execute(source, sink: sink, showsValues: true)
        sink.finish()
        Interrupts.didEnd()
        session.interrupt.clear()
        switch outcome {
        case .finished(let value):
            if let value, !value.isNone {
                outputs[number] = value
                session.define("_", value)
            }
        case .rejected(let problems): report(problems.filter { $0.severity == .error })
        case .failed(let problem): report([problem])
        case .interrupted:
            // Behind the ^C that the terminal shows.
            if isInteractive { print() }
            say("interrupted")
        }
        if case .finished = outcome {} else { cell?.failed = true }
        number += 1
        return outcome
    }

    private func report(_ problems: [Diagnostic]) {
        for problem in problems {
            print(renderer.render(problem))
            sink.record(.error(DiagnosticRenderer(colour: false).render(problem)))
        }
        if isInteractive, let first = problems.first, explained.insert(first.code).inserted, !Explanation.of(first.code).text.isEmpty {
            print(dim("  'explain \(first.code.name)' tells more"))
        }
        fflush(stdout)
    }

    /// Shows a text of the shell itself.
    func say(_ text: String) {
        sink.receive(.text(text))
        sink.finish()
    }

    /// Shows a text that may be longer than the screen.
    func tell(_ text: String) {
        sink.page(text)
        sink.finish()
    }

    func dim(_ text: String) -> String { colour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

    // MARK: - What runs

    /// For whoever waits; called on another thread.
    private var activity: String {
        guard let location = session.activity.current else { return "a cell" }
        let line = location.source.text(location.span).split(separator: "\n").first.map(String.init) ?? ""
        let progress = sink.lastProgress.map { "; \($0)" } ?? ""
        return "'\(line.prefix(60))\(line.count > 60 ? "..." : "")' (\(location.description)\(progress))"
    }

    /// Asks before something is lost. Without a terminal there is nobody to ask.
    func confirms(_ question: String) -> Bool {
        guard isInteractive else { return true }
        guard let answer = reader.ask("\(question) [y/N] ") else {
            print()
            return false
        }
        return ["y", "yes"].contains(answer.trimmed.lowercased())
    }

    /// "me (30 minibatches)", for each learner that was trained since it was saved.
    var unsaved: [String] {
        workbench.learners(in: session).filter { $0.unsavedMinibatches > 0 }.map { "\($0.name) (\($0.unsavedMinibatches) minibatch\($0.unsavedMinibatches == 1 ? "" : "es"))" }
    }
}

/// What a command of the shell says where it can't do what it is asked to.
struct ShellComplaint: Error {
    let message: String
    var hint: String?
    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// `Out[3]`, `In[3]`: what a cell gave, and its text.
final class CellValues: HostValue {
    private let name: String
    private(set) var values: [Int: Value] = [:]

    init(_ name: String) { self.name = name }

    override var typeName: String { "cells" }
    override func describe(_ describer: inout Describer) {
        describer.write(values.isEmpty ? "<\(name): nothing yet>" : "<\(name): \(values.keys.sorted().suffix(20).map { "\(name)[\($0)]" }.joined(separator: ", "))>")
    }
    override func length() throws -> Int? { values.count }
    override func index(_ items: [IndexValue]) throws -> Value? {
        guard items.count == 1, case .at(.int(let number)) = items[0] else { return nil }
        if let value = values[number < 0 ? (values.keys.max() ?? 0) + 1 + number : number] { return value }
        throw Failure(.outOfRange, "cell \(number) gave no value", hint: values.isEmpty ? "no cell has given one yet" : "there are \(values.keys.sorted().suffix(12).map { "\(name)[\($0)]" }.joined(separator: ", "))")
    }

    subscript(_ number: Int) -> Value? {
        get { values[number] }
        set { values[number] = newValue }
    }

    func forget() { values = [:] }
}

extension Value {
    var isNone: Bool {
        switch self {
        case .none, .unset: return true
        default: return false
        }
    }
}

/// Passes everything on, and keeps what a cell said.
final class RecordingSink: OutputSink {
    private let inner: ConsoleSink
    private var outputs: [NotebookOutput] = []
    private var bytes = 0
    private let lock = NSLock()
    private var progress: String?
    /// A cell that prints without an end must not fill the memory, nor one that draws.
    private static let most = 1 << 20
    private static let mostPictures = 200
    private var pictures = 0

    init(_ inner: ConsoleSink) { self.inner = inner }

    func begin() {
        outputs = []
        (bytes, pictures) = (0, 0)
        lock.withLock { progress = nil }
    }

    func end() -> [NotebookOutput] { outputs }

    func record(_ output: NotebookOutput) {
        guard bytes < Self.most else { return }
        bytes += output.text.utf8.count + 1
        if case .text(let more) = output, case .text(let before)? = outputs.last { outputs[outputs.count - 1] = .text(before + "\n" + more) } else { outputs.append(output) }
    }

    func receive(_ event: Event) {
        switch event {
        case .text(let text): record(.text(text))
        case .shown(let value): record(.text(Describer.string(value, quoted: true)))
        case .warning(let diagnostic): record(.error(DiagnosticRenderer(colour: false).render(diagnostic)))
        case .figure(let figure) where figure.isText:
            // One table is set apart from another.
            if case .text? = outputs.last { record(.text("")) }
            record(.text(PlainText.text(figure)))
        case .figure(let figure): record(output(figure))
        case .progress(let now): lock.withLock { progress = now.isFinished ? nil : "\(now.label), \(now.done) of \(now.total) \(now.unit)" }
        }
        inner.receive(event)
    }

    /// A text of the shell itself, in the pager where it is long.
    func page(_ text: String) {
        record(.text(text))
        inner.page(text)
    }

    private func output(_ figure: Figure) -> NotebookOutput {
        pictures += 1
        guard pictures <= Self.mostPictures else { return .figure(text: PlainText.text(figure), svg: nil, png: nil) }
        let svg = (try? PictureFile.data(figure, .svg)).map { String(decoding: $0, as: UTF8.self) }
        return .figure(text: PlainText.text(figure), svg: svg, png: svg == nil ? nil : try? PictureFile.data(figure, .png))
    }

    func finish() { inner.finish() }

    /// Called on another thread.
    var lastProgress: String? { lock.withLock { progress } }
}
