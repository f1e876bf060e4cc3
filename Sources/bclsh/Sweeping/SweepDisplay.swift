import BCLScript
import Foundation
import Runs
import Sweeps

/// A sweep as it goes on: a table that is drawn over itself on a terminal, else a line for each run that ends.
final class SweepDisplay {
    private let isLive = Terminal.isTerminal(STDERR_FILENO)
    private var shownLines = 0
    private var lastDrawn = Date.distantPast

    func begin(_ sweep: LocalSweep, jobs: Int, threads: Int) {
        let before = sweep.doneBefore > 0 ? ", \(sweep.doneBefore) of them done already" : ""
        write("sweep \(sweep.plan.id): \(sweep.plan.cells.count) run\(sweep.plan.cells.count == 1 ? "" : "s")\(before), \(jobs) at once with \(threads) thread\(threads == 1 ? "" : "s") each\n")
    }

    func ended(_ cell: SweepPlan.Cell, _ outcome: LocalSweep.Outcome, _ sweep: LocalSweep) {
        clear()
        let place = "[\(sweep.done)/\(sweep.plan.cells.count)] \(cell.label)"
        switch outcome {
        case .done(let state):
            let acc = state.acc.map { ", ACC \(RunWords.percent($0)) %" } ?? ""
            if !isLive { write("\(place): done in \(RunWords.length(state.seconds))\(acc), run \(state.number)\n") }
        case .willBeTriedAgain(let reason): write("\(place): failed: \(reason); it is tried once more\n")
        case .failed(let reason, _): write("\(place): failed: \(reason)\n")
        case .interrupted: write("\(place): interrupted\n")
        }
    }

    func look(_ sweep: LocalSweep) {
        guard isLive, Date().timeIntervalSince(lastDrawn) > 0.25 else { return }
        lastDrawn = Date()
        let width = Terminal.width - 1
        let left = sweep.timeLeft.map { ", \(RunWords.length($0)) left" } ?? ""
        let failed = sweep.failures.isEmpty ? "" : ", \(sweep.failures.count) failed"
        var lines = ["\(sweep.done) of \(sweep.plan.cells.count) done, \(sweep.running.count) running\(failed)\(left)"]
        let room = max(1, Terminal.height - 3)
        for job in sweep.running.prefix(room) {
            lines.append("  \(job.cell.label)  \(RunWords.length(Date().timeIntervalSince(job.started).rounded()))  \(LocalSweep.lastLine(of: job.log))")
        }
        if sweep.running.count > room { lines.append("  and \(sweep.running.count - room) more") }
        clear()
        write(lines.map { Self.cut($0, width) + "\n" }.joined())
        shownLines = lines.count
    }

    func clear() {
        guard shownLines > 0 else { return }
        write("\u{1B}[\(shownLines)A\r\u{1B}[J")
        shownLines = 0
    }

    private static func cut(_ line: String, _ width: Int) -> String {
        var (result, used) = ("", 0)
        for character in line where character.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value) }) {
            let next = used + displayWidth(String(character))
            guard next <= width else { break }
            (result, used) = (result + String(character), next)
        }
        return result
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// How often the user, or the system, asked to stop.
final class StopRequests: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    private var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.add() }
            source.resume()
            sources.append(source)
        }
    }

    private func add() { lock.withLock { count += 1 } }
    var presses: Int { lock.withLock { count } }
}
