import BCLScript
import Continual
import Engine
import Interpreter

/// A learner's training in steps: where it is, the update that is stopped, and the way back.
///
/// A place inside an update is remembered as the learner before the minibatch and the number of statements since: to come back to it, the learner is
/// restored and the statements run again, which gives the same bits.
final class LearnerStepping {
    /// Variables of a stopped call that a cell has set, to be set again on the way back.
    private struct Edit {
        let statements: Int
        let apply: (Stepper) throws -> Void
    }

    /// A place that `back` can return to.
    private struct Position {
        let cursor: TrainingCursor?
        let before: LearnerCheckpoint
        /// Statements of the update that were reached; 0: between two minibatches.
        let statements: Int
        let edits: [Edit]
    }

    private unowned let learner: Learner
    private(set) var cursor: TrainingCursor?
    private(set) var stepper: Stepper?
    /// The learner before the update that is stopped.
    private var before: LearnerCheckpoint?
    /// `cursor` with the order of its epoch drawn: the unit that is stopped.
    private var running: TrainingCursor?
    private var edits: [Edit] = []
    private var history: [Position] = []
    private static let mostPositions = 500
    private static let mostBytes = 1 << 30
    /// Training depth that the stopped update had.
    private var depth = 0
    /// Weights and variables where the last step began, for what it has changed.
    private var lastWeights: Tensor?
    private var lastLocals: [(name: String, value: Value)] = []
    /// What the learner is like where it is stopped, to see whether a cell changes it.
    private var atStop: LearnerCheckpoint?

    /// Whether `continue` goes on to the end of all tasks, as `train` was asked to, or to the end of this one.
    private(set) var isTraining = false
    /// Not where a search trains it: nobody goes on with such a learner.
    var isOnItsOwn = true

    init(_ learner: Learner) { self.learner = learner }

    deinit { stepper?.abandon() }

    var isStopped: Bool { stepper != nil }
    /// Between two minibatches, with nothing that `back` could lead to.
    var isResting: Bool { stepper == nil && history.isEmpty }

    /// Where a checkpoint was taken.
    func restore(_ cursor: TrainingCursor, isTraining: Bool) { (self.cursor, self.isTraining) = (cursor, isTraining) }

    // MARK: - Where training goes on

    /// Starts a new stretch of training.
    /// - Throws: `Failure` where an update is stopped.
    func begin(_ cursor: TrainingCursor) throws {
        try checkNotStopped("training")
        self.cursor = cursor
        history = []
        isTraining = true
    }

    /// Starts with what `observe` or `end_task` gives; what was going on before goes on behind it.
    func begin(_ given: TrainingCursor.Given) throws {
        if case .end = given { try checkNotStopped("the end of a task") } else { try checkNotStopped("another minibatch") }
        cursor = TrainingCursor(given: given, within: cursor)
    }

    /// Without a stretch that goes on: the tasks of the learner's benchmark behind the last one that it was trained on.
    func beginIfNeeded(_ tasks: [TaskValue]?) throws {
        if let tasks {
            try checkNotStopped("another task")
            if let task = cursor?.task, tasks.first === task { return }
            (cursor, isTraining) = (TrainingCursor(tasks), false)
            return
        }
        if let cursor, !cursor.isDone { return }
        guard case .host(let host)? = learner.state("bench"), let bench = host as? BenchmarkValue else {
            throw Failure(.notReady, "there is nothing to step through: \(learner.method.name) has no parameter 'bench'", hint: "name a task: step L on bench[0]")
        }
        let next = (learner.lastTask ?? -1) + 1
        let tasks = bench.taskValues
        guard next < tasks.count else { throw Failure(.notReady, "the learner has seen all \(tasks.count) tasks of its benchmark", hint: "name one to go through it again: step L on bench[0]") }
        (cursor, isTraining) = (TrainingCursor(Array(tasks[next...])), false)
    }

    func checkNotStopped(_ what: String) throws {
        guard let stepper else { return }
        throw Failure(.notReady, "\(what) can't begin: an update of the learner is stopped at \(stepper.activation?.location.description ?? "its start")",
                      hint: "'continue' goes on with it, 'step batch' ends its minibatch, 'back' takes the last step back")
    }

    // MARK: - Steps

    enum Extent {
        case statement, phase, batch, task, entry(String), everything
    }

    /// Goes on as far as asked. Where a breakpoint or the extent is reached inside an update, it stays stopped there.
    /// - Parameters:
    ///   - remembers: whether `back` can return to where it was, and the step is looked at.
    ///   - pauses: whether the run may step out between two minibatches, for a checkpoint.
    func go(_ extent: Extent, _ evaluator: Evaluator, _ workbench: Workbench, remembers: Bool, pauses: Bool = false, progress: (TrainingCursor) -> Void) throws {
        evaluator.willGoOn()
        try noteChanges(workbench)
        // What `back` keeps of the place between two minibatches serves the update that starts there too.
        var known: LearnerCheckpoint?
        if remembers {
            let position = try self.position(workbench)
            if position.statements == 0 { known = position.before }
            remember(position)
            startLooking(workbench)
        }
        let task = cursor?.index
        var safe: SafePoint?
        while stepper != nil || cursor?.isDone == false {
            if stepper == nil {
                do { try evaluator.checkInterrupt() } catch { throw giveUp(error, evaluator, workbench) }
                if try !enter(extent, known, &safe, evaluator, workbench, progress) {
                    known = nil
                    if isOver(extent, since: task) { return }
                    if pauses { try evaluator.checkSuspension() }
                    continue
                }
                known = nil
            }
            switch try advance(to: target(extent), evaluator, workbench) {
            case .stopped: return evaluator.didStop(stepper?.activation)
            case .failed(let error):
                // Half an update is none: the learner is as it was before the minibatch.
                let before = self.before
                leave()
                try before?.restore(learner, workbench.streams)
                evaluator.didStop(nil)
                throw giveUp(error, evaluator, workbench)
            case .finished:
                if let running { finish(running, progress) }
                leave()
                evaluator.didStop(nil)
                if isOver(extent, since: task) { return }
                if pauses { try evaluator.checkSuspension() }
            }
        }
    }

    /// Begins the next unit: with a stepper where it may stop inside, else it runs whole.
    /// - Returns: whether it was begun and has not run.
    private func enter(_ extent: Extent, _ known: LearnerCheckpoint?, _ safe: inout SafePoint?, _ evaluator: Evaluator, _ workbench: Workbench,
                       _ progress: (TrainingCursor) -> Void) throws -> Bool {
        guard var next = cursor else { return false }
        let stops = mayStop(extent, evaluator)
        let before = stops ? try known ?? LearnerCheckpoint(learner, workbench.streams) : nil
        if !stops, evaluator.isInteractive, safe?.isDue ?? true { safe = SafePoint(learner, next, known, workbench.streams) }
        guard let unit = try next.next(workbench.streams) else { return false }
        guard stops else {
            do { try workbench.run(unit, learner, evaluator) } catch {
                try goBack(to: safe, evaluator, workbench)
                throw giveUp(error, evaluator, workbench, isRestored: safe != nil)
            }
            finish(next, progress)
            return false
        }
        (self.before, running, edits) = (before, next, [])
        stepper = makeStepper(unit, evaluator, workbench)
        return true
    }

    // MARK: - Where a minibatch fails

    /// Makes the learner what it was before the minibatch that has failed: from a safe point the minibatches since run again, in silence.
    private func goBack(to safe: SafePoint?, _ evaluator: Evaluator, _ workbench: Workbench) throws {
        guard let safe, let end = cursor else { return }
        // It was asked to stop; that is what happens.
        evaluator.interrupt.clear()
        try safe.checkpoint.restore(learner, workbench.streams)
        guard end.given == nil else { return }
        cursor = safe.cursor
        do {
            try evaluator.silently {
                while let now = cursor, !now.isAt(end) {
                    var next = now
                    guard let unit = try next.next(workbench.streams) else { return }
                    try workbench.run(unit, learner, evaluator)
                    finish(next) { _ in }
                }
            }
        } catch {
            // Asked to stop once more, or the method does not do the same again: the safe point is whole.
            cursor = safe.cursor
            try safe.checkpoint.restore(learner, workbench.streams)
        }
    }

    /// The error of a minibatch, with what is left of it. Training goes on with that minibatch; one that was given is over.
    private func giveUp(_ error: Error, _ evaluator: Evaluator, _ workbench: Workbench, isRestored: Bool = true) -> Error {
        guard let place = cursor else { return error }
        if isOnItsOwn { workbench.stepped = learner }
        if place.given != nil { cursor = place.around }
        guard evaluator.isInteractive, isOnItsOwn else { return error }
        let remark = isRestored ? "the learner is as it was before \(place)" : "\(place) is half done: the learner could not be kept as it was before"
        if error is Interrupted {
            evaluator.print("\(remark)\(isRestored && place.given == nil ? "; 'continue' goes on" : "")")
            return error
        }
        return (error as? ScriptError)?.noting(remark) ?? error
    }

    /// The unit at this place is done. A task's end that nothing handles is no unit of its own.
    private func finish(_ place: TrainingCursor, _ progress: (TrainingCursor) -> Void) {
        var place = place
        let isGiven = place.given != nil
        place.advance()
        progress(place)
        if !isGiven, place.isAtTaskEnd, !learner.handles("task_end") { place.advance() }
        cursor = place
    }

    /// Whether a step of this extent may stop within a unit.
    private func mayStop(_ extent: Extent, _ evaluator: Evaluator) -> Bool {
        switch extent {
        case .statement, .phase, .entry: return true
        case .batch, .task, .everything: return evaluator.breakpoints.contains { $0.method == learner.method.name }
        }
    }

    private func target(_ extent: Extent) -> Stepper.Target {
        switch extent {
        case .statement: return .statement
        case .phase: return .phaseEnd
        case .entry(let phase): return .phase(phase)
        case .batch, .task, .everything: return .end
        }
    }

    /// Whether the extent is reached now that a unit is done.
    private func isOver(_ extent: Extent, since index: Int?) -> Bool {
        guard let cursor, !cursor.isDone else { return true }
        switch extent {
        case .statement, .phase, .batch: return true
        case .task, .entry: return cursor.index != index
        case .everything: return false
        }
    }

    private func makeStepper(_ unit: TrainingCursor.Unit, _ evaluator: Evaluator, _ workbench: Workbench) -> Stepper {
        let threads = Threads.count
        depth = 0
        let learner = learner
        return Stepper(learner.method, evaluator, prepare: { try? Threads.set(threads) }) {
            try workbench.run(unit, learner, evaluator)
        }
    }

    private func advance(to target: Stepper.Target, _ evaluator: Evaluator, _ workbench: Workbench) throws -> Stepper.Outcome {
        guard let stepper else { return .finished }
        swap(&depth, &workbench.trainingDepth)
        defer { swap(&depth, &workbench.trainingDepth) }
        let outcome = stepper.advance(to: target)
        if case .stopped = outcome { atStop = try LearnerCheckpoint(learner, workbench.streams) } else { atStop = nil }
        return outcome
    }

    // MARK: - The way back

    private func position(_ workbench: Workbench) throws -> Position {
        if let stepper, let before { return Position(cursor: cursor, before: before, statements: stepper.statements, edits: edits) }
        return Position(cursor: cursor, before: try LearnerCheckpoint(learner, workbench.streams), statements: 0, edits: [])
    }

    private func remember(_ position: Position) {
        history.append(position)
        var bytes = 0
        var seen = Set<ObjectIdentifier>()
        for (index, old) in history.enumerated().reversed() {
            if seen.insert(ObjectIdentifier(old.before)).inserted { bytes += old.before.byteCount }
            if bytes > Self.mostBytes || history.count - index > Self.mostPositions, index < history.count - 1 {
                history.removeFirst(index + 1)
                return
            }
        }
    }

    /// Takes the last step back: weights, memories and random streams are as before it, bit for bit.
    func back(_ evaluator: Evaluator, _ workbench: Workbench) throws {
        guard let position = history.popLast() else { throw Failure(.notReady, "there is no step to take back") }
        leave()
        try position.before.restore(learner, workbench.streams)
        cursor = position.cursor
        try returnInto(position.statements, position.before, position.edits, evaluator, workbench)
        evaluator.didStop(stepper?.activation)
    }

    /// Gives the stopped update up; the learner is left as it is.
    private func leave() {
        stepper?.abandon()
        (stepper, before, running, edits, atStop) = (nil, nil, nil, [], nil)
    }

    /// From before a minibatch to a statement inside of it, in silence.
    private func returnInto(_ statements: Int, _ before: LearnerCheckpoint, _ edits: [Edit], _ evaluator: Evaluator, _ workbench: Workbench) throws {
        guard statements > 0, var next = cursor, let unit = try next.next(workbench.streams) else { return }
        stepper = makeStepper(unit, evaluator, workbench)
        (self.before, running) = (before, next)
        try evaluator.silently {
            for edit in edits {
                try reach(edit.statements, evaluator, workbench)
                if let stepper { try edit.apply(stepper) }
            }
            try reach(statements, evaluator, workbench)
        }
        self.edits = edits
        // An edit has changed the learner since it was looked at.
        if !edits.isEmpty { atStop = try LearnerCheckpoint(learner, workbench.streams) }
    }

    private func reach(_ statements: Int, _ evaluator: Evaluator, _ workbench: Workbench) throws {
        guard let stepper, stepper.statements < statements else { return }
        switch try advance(to: .statementNumber(statements), evaluator, workbench) {
        case .stopped: return
        case .failed(let error): throw error
        case .finished: throw Failure(.internalError, "the update ended before it came back to where it was")
        }
    }

    /// A cell has set a variable of the stopped call.
    func didSet(_ name: String, to value: Value) {
        guard let stepper else { return }
        edits.append(Edit(statements: stepper.statements) { stepper in _ = stepper.activations.reversed().first { $0.set(name, to: value) } })
    }

    /// Keeps what cells have done to the learner while it was stopped.
    private func noteChanges(_ workbench: Workbench) throws {
        guard let stepper, let atStop else { return }
        let now = try LearnerCheckpoint(learner, workbench.streams)
        guard try !now.isEqual(to: atStop) else { return }
        let learner = learner
        let streams = workbench.streams
        edits.append(Edit(statements: stepper.statements) { _ in try now.restore(learner, streams) })
    }

    // MARK: - Files

    /// The place as a file holds it; nil where training has not begun.
    func saved() throws -> SavedPosition? {
        if cursor?.given != nil {
            throw Failure(.notReady, "the learner can't be saved here: it is stopped in what 'end_task' or 'observe' gave it", hint: "'step batch' ends that; then save")
        }
        guard let cursor, !cursor.isDone, case .host(let host)? = learner.state("bench"), let bench = host as? BenchmarkValue,
              cursor.tasks.allSatisfy({ task in bench.taskValues.contains { $0 === task } }) else { return nil }
        guard edits.isEmpty else {
            throw Failure(.notReady, "the learner can't be saved here: the stopped update was changed by hand", hint: "'step batch' ends its minibatch; then save")
        }
        return SavedPosition(cursor, statements: stepper?.statements ?? 0)
    }

    /// The learner before the update that is stopped, which is what a file holds then.
    var checkpoint: LearnerCheckpoint? { stepper == nil ? nil : before }

    func restore(_ position: SavedPosition?, _ evaluator: Evaluator, _ workbench: Workbench) throws {
        leave()
        history = []
        cursor = nil
        guard let position, case .host(let host)? = learner.state("bench"), let bench = host as? BenchmarkValue else { return }
        cursor = try position.cursor(bench)
        if position.statements > 0 { try returnInto(position.statements, try LearnerCheckpoint(learner, workbench.streams), [], evaluator, workbench) }
    }

    // MARK: - What a step did

    private func startLooking(_ workbench: Workbench) {
        workbench.memoryLog.entries = []
        lastLocals = stepper?.activation?.locals ?? []
        lastWeights = try? learner.network.map { try $0.weights.detach().clone() }
    }

    /// What has changed since the last step began.
    func changes(_ workbench: Workbench) throws -> StepChanges {
        defer { workbench.memoryLog.entries = nil }
        let old = lastLocals
        let changed = (stepper?.activation?.locals ?? []).filter { local in !old.contains { $0.name == local.name && $0.value.isSame(as: local.value) } }
        return try StepChanges(learner, since: lastWeights, variables: changed, workbench.memoryLog.entries ?? [])
    }
}
