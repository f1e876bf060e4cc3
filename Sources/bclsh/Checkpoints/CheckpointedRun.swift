import BCLScript
import Foundation
import Interpreter
import Runs
import Workbench

/// Runs a script so that it can go on after whatever ends it: writes checkpoints when they are due, and before it leaves.
final class CheckpointedRun {
    /// Where minibatches are counted: a loop may train without 'train' and 'observe'.
    private static let longestWait = 600.0

    private let interval: CheckpointInterval
    private let folder: CheckpointFolder
    /// Whether the folder was named by the user, and stays.
    private let keepsFolder: Bool
    private let session: Session
    private let workbench: Workbench
    private let point: ResumePoint?
    private var notes: RunNotes
    private var log: OutputLog?
    private let began = Date()

    // What is due, and when; the clock is looked at from another thread.
    private let lock = NSLock()
    private var next: Date
    private var timer: DispatchSourceTimer?
    private var sinceLast = 0
    private var hasWritten: Bool
    /// The checkpoint that is being written while the run goes on.
    private var pending: Pending?

    private final class Pending: @unchecked Sendable {
        let notes: RunNotes
        let isDone = DispatchSemaphore(value: 0)
        /// Set before it is done.
        var error: Error?

        init(_ notes: RunNotes) { self.notes = notes }
    }

    // What went wrong.
    private var dueSince: Date?
    private var notBefore = Date.distantPast
    private var told: Set<String> = []
    /// A change of the files, say, that keeps the run from going on.
    private(set) var refusal: Failure?

    /// Without an interval this is a plain run.
    static func make(_ options: CheckpointOptions, _ point: ResumePoint?, _ notes: RunNotes, _ session: Session, _ workbench: Workbench) -> CheckpointedRun? {
        options.checkpoint.map { CheckpointedRun($0, options, point, notes, session, workbench) }
    }

    private init(_ interval: CheckpointInterval, _ options: CheckpointOptions, _ point: ResumePoint?, _ notes: RunNotes, _ session: Session, _ workbench: Workbench) {
        (self.interval, self.session, self.workbench, self.point) = (interval, session, workbench, point)
        folder = point?.folder ?? options.checkpointTo.map { CheckpointFolder($0) } ?? .named(after: notes.scriptName)
        keepsFolder = options.checkpointTo != nil
        self.notes = point?.notes ?? notes
        hasWritten = point != nil
        next = Date() + 1
        if point == nil, folder.hasCheckpoint {
            leave("there is a run to go on with in '\(folder.path)'", hint: "'bclsh resume \(options.checkpointTo ?? folder.path)' goes on with it, and so does --resume; or name another folder", status: ExitStatus.cantCreate)
        }
        if let problem = folder.take() { leave("--checkpoint: \(problem)", status: ExitStatus.cantCreate) }
        folder.removeMark()
    }

    /// Takes over under which id the run is recorded.
    /// - Returns: where it can be resumed from.
    func note(run: RunRecord) -> String {
        (notes.run, notes.began) = (run.id, run.started)
        return folder.path
    }

    /// The sink that keeps what the run prints.
    func sink(around shown: OutputSink) -> OutputSink {
        log = OutputLog(folder.output, length: point?.notes.outputLength ?? 0, shown: shown)
        guard let log else { leave("--checkpoint: '\(folder.output)' can't be written, or what the run had printed is gone from it", status: ExitStatus.cantCreate) }
        return log
    }

    // MARK: - Running

    func execute(_ source: SourceFile, sink: OutputSink, kind: Analysis.Kind) -> Session.Outcome {
        Interrupts.connectCheckpoints(session.interrupt)
        session.didSuspend = { [unowned self] in try take($0) }
        session.evaluator.mayPause = { [unowned self] in Interrupts.leaving != 0 || Date() >= notBefore }
        workbench.didObserve = { [unowned self] in didObserve() }
        startClock()
        defer { timer?.cancel() }
        guard let point else {
            ResumePoint.note("checkpoints go to \(folder.path)")
            return session.execute(source, sink: sink, kind: kind)
        }
        Checkpoint.prepare(session)
        return session.execute(source, sink: sink, kind: kind) { [self] in
            do { return try point.checkpoint.restore(session, workbench) } catch {
                refusal = (error as? ScriptFailureConvertible)?.failure ?? error as? Failure ?? Failure(.internalError, "\(error)")
                throw error
            }
        }
    }

    /// The run is over, and its results are written.
    func finish() {
        try? settle()
        folder.finish(keeps: keepsFolder)
    }

    /// What a user types to go on.
    var command: String { "bclsh resume \(keepsFolder ? folder.path : String(folder.path.dropFirst(CheckpointFolder.standard.count + 1)))" }

    /// What there is to say of a run that was stopped.
    var remedy: String {
        try? settle()
        return hasWritten ? "\(command) goes on from its checkpoint of \(Self.clock(notes.written))" : "it had not come to where a checkpoint can be taken"
    }

    /// The script has failed, perhaps on something outside of it, such as a full disk.
    func noteFailure() {
        try? settle()
        if hasWritten { ResumePoint.note("its last checkpoint stays: where the cause lies outside of the script, mend it, and \(command) goes on") }
    }

    private static func clock(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "HH:mm:ss"
        return formatter.string(from: date)
    }

    // MARK: - When

    private func startClock() {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + 0.25, repeating: 0.25)
        timer.setEventHandler { [unowned self] in
            if lock.withLock({ Date() >= next }) { session.interrupt.requestPause() }
        }
        timer.resume()
        self.timer = timer
    }

    private func didObserve() {
        sinceLast += 1
        notes.minibatches += 1
        // The first one is taken early: what can't be saved is told at once, not after an hour.
        if !hasWritten, pending == nil, told.isEmpty { session.interrupt.requestPause() }
        if case .minibatches(let count) = interval.kind, sinceLast >= count { session.interrupt.requestPause() }
    }

    private func wait() {
        session.interrupt.requestPause(false)
        (sinceLast, dueSince) = (0, nil)
        var seconds = Self.longestWait
        if case .seconds(let interval) = interval.kind { seconds = interval }
        lock.withLock { next = Date() + seconds }
    }

    // MARK: - Taking one

    /// - Throws: `Interrupted` where the run is to leave.
    private func take(_ position: Position) throws {
        let start = Date()
        do {
            do { try settle() } catch { tellFailure(error) }
            try write(position)
            if Interrupts.leaving != 0 { try settle() }
            wait()
        } catch let problem as CheckpointProblem {
            miss(problem, start)
            // A moment later it may be possible.
            if problem.isPassing, Interrupts.leaving != 0 { return }
        } catch {
            tellFailure(error)
            wait()
        }
        if Interrupts.leaving != 0 { throw Interrupted() }
    }

    private func write(_ position: Position) throws {
        var now = notes
        now.sequence += 1
        now.written = Date()
        now.seconds = (point?.notes.seconds ?? 0) + Date().timeIntervalSince(began)
        now.outputLength = log?.length ?? 0
        let draft = try Checkpoint.Draft(position, session, workbench, notes: try now.encoded())
        let (pending, path, log) = (Pending(now), folder.file(now.sequence), log)
        self.pending = pending
        DispatchQueue.global().async {
            // What the checkpoint counts on is on the disk before it.
            log?.flush()
            do { try draft.write(to: path) } catch { pending.error = error }
            pending.isDone.signal()
        }
    }

    /// Waits for the checkpoint that is being written.
    /// - Throws: why it could not be.
    private func settle() throws {
        guard let pending else { return }
        pending.isDone.wait()
        self.pending = nil
        if let error = pending.error { throw error }
        (notes.sequence, notes.written, notes.seconds, notes.outputLength) = (pending.notes.sequence, pending.notes.written, pending.notes.seconds, pending.notes.outputLength)
        hasWritten = true
    }

    private func miss(_ problem: CheckpointProblem, _ start: Date) {
        let message = "no checkpoint can be taken: \(problem.holder) can't be saved: \(problem.reason)" + (problem.remedy.map { "\n  hint: \($0)" } ?? "")
        guard problem.isPassing else {
            tell(message)
            return wait()
        }
        // Tried again at the places that follow, for at most a tenth of the time.
        notBefore = Date() + 10 * Date().timeIntervalSince(start)
        let since = dueSince ?? start
        dueSince = since
        if Date().timeIntervalSince(since) > 10 { tell(message) }
    }

    private func tellFailure(_ error: Error) { tell("a checkpoint can't be written: \(CheckpointFolder.message(error)); the run goes on\(hasWritten ? ", and the last checkpoint stands" : "")") }
    private func tell(_ message: String) { if told.insert(message).inserted { ResumePoint.note(message) } }
}
