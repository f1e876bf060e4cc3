import BCLScript
import Figures
import Foundation
import Interpreter
import TerminalGraphics

/// Shows a program's output on standard output, and its progress on standard error: a bar on a terminal, else a line for each piece of work that is done.
final class ConsoleSink: OutputSink {
    private let showsBar = Terminal.isTerminal(STDERR_FILENO)
    private let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDERR_FILENO))
    private var started: (label: String, at: Date, done: Int)?
    private var barIsShown = false
    /// Whether what is higher than the screen goes to the pager.
    private let pages: Bool
    /// Set up when the first figure is to be drawn; nil where there is no terminal.
    private lazy var figures = Terminal.profile().map(TerminalFigures.init)

    init(pages: Bool = false) { self.pages = pages }

    func receive(_ event: Event) {
        switch event {
        case .text(let text): write(text)
        case .shown(let value): show(Describer.string(value, quoted: true).split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        case .figure(let figure): show(figures?.lines(figure) ?? PlainText.lines(figure), isPlain: figures?.profile.pictures == .characters || !figure.hasImages)
        case .progress(let progress): show(progress)
        case .warning(let diagnostic):
            clearBar()
            error(renderer.render(diagnostic) + "\n")
        }
    }

    /// A text that may be longer than the screen.
    func page(_ text: String) { show(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) }

    func finish() {
        clearBar()
        fflush(stdout)
    }

    private func write(_ text: String) {
        clearBar()
        print(text)
        fflush(stdout)
    }

    private func show(_ lines: [String], isPlain: Bool = true) {
        if pages, isPlain, lines.count >= Terminal.height, Pager.show(lines, before: clearBar) { return }
        write(lines.joined(separator: "\n"))
    }

    private func error(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    private func clearBar() {
        guard barIsShown else { return }
        error("\r\u{1B}[K")
        barIsShown = false
    }

    private func show(_ progress: Interpreter.Progress) {
        if started?.label != progress.label { started = (progress.label, Date(), progress.done) }
        let seconds = Date().timeIntervalSince(started?.at ?? Date())
        if progress.isFinished {
            clearBar()
            started = nil
            // At a prompt nothing else tells that there was training.
            if !showsBar || pages { error("\(progress.label): \(progress.total) \(progress.unit)\(progress.detail.isEmpty ? "" : ", \(progress.detail)")\n") }
            return
        }
        guard showsBar else { return }
        let line = ProgressLine(progress, seconds: seconds, before: started?.done ?? 0).text(width: Terminal.width - 1)
        error("\r\(line)\u{1B}[K")
        barIsShown = true
    }
}

/// "task 1/5 [######----] 87/144 minibatches  312/s  0:02 left  loss 0.31"
struct ProgressLine {
    private let progress: Interpreter.Progress
    private let seconds: Double
    private let before: Int

    /// - Parameter before: what was done when the seconds began: a run may go on from a checkpoint.
    init(_ progress: Interpreter.Progress, seconds: Double, before: Int = 0) {
        self.progress = progress
        self.seconds = seconds
        self.before = before
    }

    func text(width: Int) -> String {
        let rate = seconds > 0 ? Double(progress.done - before) / seconds : 0
        var tail = " \(progress.done)/\(progress.total) \(progress.unit)"
        if rate > 0, seconds > 0.3 {
            let left = Int(min(Double(progress.total - progress.done) / rate, 1e7).rounded(.up))
            tail += String(format: rate < 10 ? "  %.1f/s  " : "  %.0f/s  ", rate)
            tail += clock(left) + " left"
        }
        if !progress.detail.isEmpty { tail += "  \(progress.detail)" }
        let room = min(30, width - progress.label.count - tail.count - 3)
        guard room >= 5 else { return String((progress.label + tail).prefix(max(0, width))) }
        let full = progress.total > 0 ? room * progress.done / progress.total : 0
        return "\(progress.label) [" + String(repeating: "#", count: full) + String(repeating: "-", count: room - full) + "]" + tail
    }

    private func clock(_ seconds: Int) -> String {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        if hours > 0 { return String(format: "%d:%02d:%02d", hours, minutes, rest) }
        return String(format: "%d:%02d", minutes, rest)
    }
}
