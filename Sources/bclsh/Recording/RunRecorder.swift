import BCLScript
import Engine
import Figures
import Foundation
import Interpreter
import Runs
import Workbench

/// Writes a run into the store, and into a record file where one was asked for: when it starts, now and then while it goes on, and when it ends.
/// A store that can't be written never stops a run: there is a warning, and the result goes to standard output.
final class RunRecorder: OutputSink {
    struct Places {
        /// nil for no store.
        var store: String?
        /// nil for no record file.
        var file: String?
        var sweep: (id: String, cell: Int)?
        /// The result is written to a file in any case (`--json`).
        var hasResultFile = false
        var isNowhere: Bool { store == nil && file == nil }
    }

    private let inner: ConsoleSink
    private let session: Session
    private let workbench: Workbench
    private let places: Places
    private let renderer = DiagnosticRenderer(colour: false)
    private(set) var record: RunRecord
    private var log: RunLog
    private var saved: [String] = []
    private let start = Date()
    /// Seconds that it ran before it was resumed.
    private let secondsBefore: Double
    private let isResumed: Bool
    private var number: Int?
    private var store: RunStore?
    private var storeHasFailed = false
    private var nextProgress: Date
    /// Between two writes while it runs; a hundred times what one takes, where that is more.
    private static let pause = 10.0

    /// A run up to where it goes on.
    struct Before {
        let id: String
        let started: Double
        let seconds: Double
        let printed: String
    }

    /// - Parameters:
    ///   - earlier: the run that is resumed; nil for one of its own.
    init(_ inner: ConsoleSink, _ session: Session, _ workbench: Workbench, script: SourceFile, seed: Int, places: Places, continuing earlier: Before? = nil) {
        (self.inner, self.session, self.workbench, self.places, log) = (inner, session, workbench, places, RunLog(beginning: earlier?.printed ?? ""))
        let machine = RunMachine(threads: session.thread.sync { Threads.count }, device: workbench.device.description)
        let versions = RunVersions(bclsh: Version.number, torch: Torch.version, cuda: Torch.cudaVersion)
        let command = ["bclsh"] + CommandLine.arguments.dropFirst()
        record = RunRecord(script: SourceText(name: script.name, bytes: script.bytes), seed: seed, versions: versions, machine: machine, command: command,
                           directory: FileManager.default.currentDirectoryPath, id: earlier?.id ?? RunID.make(), started: earlier?.started ?? Date().timeIntervalSince1970)
        (record.sweep, record.sweepCell) = (places.sweep?.id, places.sweep?.cell)
        secondsBefore = earlier?.seconds ?? 0
        isResumed = earlier != nil
        nextProgress = Date().addingTimeInterval(Self.pause)
    }

    /// Where the run can be resumed from; it is written with what comes next.
    var checkpoint: String? {
        get { record.checkpoint }
        set { record.checkpoint = newValue }
    }

    // MARK: - From start to end

    func begin() {
        // Before the run, --json has to show its learners too.
        workbench.keepLearners()
        workbench.didSave = { [unowned self] path in saved.append(path) }
        guard !places.isNowhere else { return }
        // One that is resumed stays as it was recorded until it really goes on.
        if isResumed { nextProgress = start } else { write(isLast: false) }
    }

    /// The script had errors: nothing of it ran.
    func discard() {
        if let file = places.file { unlink(file) }
        if let path = places.store { unlink("\(SharedFolder.inbox(of: path))/\(record.id).json") }
        guard let number, let path = places.store, let store = try? open(path) else { return }
        try? store.delete([number])
        store.close()
    }

    /// - Parameter problem: what stopped it.
    func finish(_ state: RunState, exitStatus: Int32, problem: Diagnostic? = nil) {
        update()
        (record.state, record.exitStatus, record.ended) = (state, Int(exitStatus), record.updated)
        if let problem {
            record.error = renderer.render(problem)
            log.add(renderer.render(problem))
            record.log = log.text
        }
        guard !places.isNowhere else { return }
        write(isLast: true)
    }

    /// The run's number in the store; nil where it is in none.
    var storedNumber: Int? { storeHasFailed ? nil : number }

    // MARK: - Output

    func receive(_ event: Event) {
        switch event {
        case .text(let text): log.add(text)
        case .shown(let value): log.add(Describer.string(value, quoted: true))
        case .figure(let figure): log.add(PlainText.text(figure))
        case .warning(let diagnostic): log.add(renderer.render(diagnostic))
        case .progress: break
        }
        inner.receive(event)
        if !places.isNowhere, Date() >= nextProgress { writeProgress() }
    }

    private func writeProgress() {
        let start = Date()
        update()
        write(isLast: false)
        nextProgress = Date().addingTimeInterval(max(Self.pause, 100 * Date().timeIntervalSince(start)))
    }

    // MARK: - Writing

    private func update() {
        let now = Date()
        (record.updated, record.seconds) = (now.timeIntervalSince1970, secondsBefore + now.timeIntervalSince(start))
        record.log = log.text
        record.parameters = session.settings.used.map { NamedValue($0.name, RunValue($0.value)) }
        let library = session.loader.library.folder.map { $0 + "/" }
        record.files = session.loader.importedFiles.map { file in
            let inside = library.flatMap { file.name.hasPrefix($0) ? SourceText.library + file.name.dropFirst($0.count) : nil }
            return SourceText(name: inside ?? file.name, bytes: file.bytes)
        }
        let (learners, leftOut) = workbench.allLearners(in: session)
        (record.learners, record.learnersLeftOut) = (learners.map(LearnerRecord.init), leftOut)
        record.searches = workbench.searches.map { RunValue(.record($0)) }
        record.machine.device = workbench.device.description
        record.machine.accelerator = workbench.device.isCUDA ? RunMachine.acceleratorName : nil
        var seen = Set<String>()
        record.artefacts = saved.compactMap { path in
            let whole = path.hasPrefix("/") ? path : record.directory + "/" + path
            guard seen.insert(whole).inserted else { return nil }
            var status = stat()
            return stat(whole, &status) == 0 ? SavedFile(path: whole, bytes: Int(status.st_size)) : nil
        }
    }

    /// A first failure is told at once, so that nobody waits for hours in the belief that a run is recorded; a later one with the end.
    private func write(isLast: Bool) {
        var isKept = false
        if let file = places.file {
            do {
                try RecordFile.write(record, to: file)
                isKept = true
            } catch { warn("this run's record file can't be written: \((error as? StoreProblem)?.message ?? "\(error)")", nil) }
        }
        if let path = places.store {
            do {
                if SharedFolder.holds(path) { try SharedFolder.leave(record, for: path) } else {
                    let store = try open(path)
                    number = try store.save(record)
                    if isLast { store.close() }
                }
                (isKept, storeHasFailed) = (true, false)
            } catch {
                let problem = error as? StoreProblem
                if !storeHasFailed { warn("this run is not recorded: \(problem?.message ?? "\(error)")", (problem?.remedy).map { "\($0); --no-store and BCL_STORE=none record nothing" }) }
                storeHasFailed = true
            }
        }
        guard isLast, !isKept, !places.hasResultFile, !record.learners.isEmpty else { return }
        warn("the run is in no store: its result is on standard output", nil)
        print(ResultFile(record).text)
    }

    /// Kept from the start to the end, so that its files are not made anew each time.
    private func open(_ path: String) throws -> RunStore {
        if let store, store.isInPlace { return store }
        let opened = try RunStore(path, isForWriting: true)
        store = opened
        return opened
    }

    private func warn(_ message: String, _ hint: String?) {
        inner.finish()
        FileHandle.standardError.write(Data("bclsh: warning: \(message)\n\(hint.map { "  hint: \($0)\n" } ?? "")".utf8))
    }
}

extension LearnerRecord {
    init(_ learner: LearnerSummary) {
        self.init(name: learner.name, isNamed: learner.isNamed, method: learner.method, seed: Int(truncatingIfNeeded: learner.seed), parameters: learner.parameters.map { NamedValue($0, RunValue($1)) },
                  accuracy: learner.accuracy, accuracies: learner.accuracies, lca: learner.lca, minibatches: learner.minibatches, losses: LossSeries(learner.losses))
    }
}

extension RunValue {
    /// Values that JSON has no form for (nan, networks) become their text.
    init(_ value: Value) {
        switch value {
        case .none, .unset: self = .none
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .float(let number): self = number.isFinite ? .double(number) : .text(Describer.float(number))
        case .string(let text): self = .text(text.text)
        case .list(let list): self = .list(list.items.map(RunValue.init))
        case .record(let record): self = .record(Dictionary(record.entries.map { ($0, RunValue($1)) }, uniquingKeysWith: { $1 }))
        case .host, .cell: self = .text(Describer.string(value))
        }
    }
}
