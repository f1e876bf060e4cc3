import BCLScript

/// Runs a body of the host (one minibatch of training) statement by statement: it stops before one, and goes on when it is told to.
public final class Stepper {
    /// How far to run.
    public enum Target {
        /// To the next statement.
        case statement
        /// To the end of the running phase; outside of one, to the end of the next.
        case phaseEnd
        /// To where this phase starts.
        case phase(String)
        /// To the statement of this number, passing over breakpoints: for coming back to a place.
        case statementNumber(Int)
        /// To the end.
        case end
    }

    public enum Outcome {
        case stopped
        case finished
        case failed(Error)
    }

    /// Why it stands where it stands.
    public private(set) var breakpoint: Breakpoint?
    /// What went wrong in a breakpoint's condition.
    public private(set) var conditionProblem: Diagnostic?
    /// Statements reached so far; the last of them has not run yet.
    public private(set) var statements = 0
    /// The calls that are stopped, outermost first.
    public private(set) var activations: [Activation] = []
    /// Which of them `where` and `locals` show: the innermost, unless someone went up.
    public var selected = 0
    public var phases: [String] { context.phases }
    public var activation: Activation? { activations.isEmpty ? nil : activations[min(max(0, selected), activations.count - 1)] }

    private unowned let evaluator: Evaluator
    private let method: MethodValue
    private var coroutine: Coroutine!
    private var context = Evaluator.Context()
    private var target = Target.statement
    private var enteredPhase = false
    private var startDepth = 0
    private var isAbandoned = false
    private var failure: Error?

    /// - Parameters:
    ///   - method: whose breakpoints count.
    ///   - prepare: called first on the body's own thread.
    public init(_ method: MethodValue, _ evaluator: Evaluator, prepare: @escaping () -> Void, body: @escaping () throws -> Void) {
        self.evaluator = evaluator
        self.method = method
        coroutine = Coroutine { [unowned self] in
            if self.isAbandoned { return }
            prepare()
            do { try body() } catch { self.failure = error }
        }
    }

    public var isFinished: Bool { coroutine.isFinished }

    /// Runs on to the target or the next breakpoint.
    public func advance(to target: Target) -> Outcome {
        self.target = target
        (breakpoint, conditionProblem) = (nil, nil)
        (enteredPhase, startDepth) = (false, context.phases.count)
        let outer = evaluator.stepper
        evaluator.stepper = self
        swap(&context, &evaluator.context)
        coroutine.resume()
        swap(&context, &evaluator.context)
        evaluator.stepper = outer
        guard isFinished else {
            selected = activations.count - 1
            return .stopped
        }
        activations = []
        if let failure { return .failed(failure) }
        return .finished
    }

    /// Ends a body that is stopped: nothing of it runs any more.
    public func abandon() {
        guard !isFinished else { return }
        isAbandoned = true
        _ = advance(to: .end)
    }

    // MARK: - Called by the evaluator, on the body's thread

    func enter(_ closure: Closure, _ frame: Frame) { activations.append(Activation(closure, frame)) }
    func leave() { activations.removeLast() }

    func reached(_ step: Step, _ frame: Frame) throws {
        if isAbandoned { throw Interrupted() }
        guard let activation = activations.last, activation.frame === frame else { return }
        activation.step = step
        statements += 1
        guard stops(at: step) else { return }
        coroutine.pause()
        if isAbandoned { throw Interrupted() }
    }

    private func stops(at step: Step) -> Bool {
        let depth = evaluator.phases.count
        switch target {
        case .statementNumber(let number): return statements >= number
        case .statement: break
        default:
            if let hit = breakpointHit(at: step) {
                breakpoint = hit
                return true
            }
        }
        switch target {
        case .statement: return true
        case .phase(let name): return (step as? PhaseStep)?.name == name
        case .phaseEnd:
            if startDepth > 0 { return depth < startDepth }
            if depth > 0 { enteredPhase = true }
            return enteredPhase && depth == 0
        case .statementNumber, .end: return false
        }
    }

    private func breakpointHit(at step: Step) -> Breakpoint? {
        guard !evaluator.breakpoints.isEmpty, let activation = activations.last else { return nil }
        return evaluator.breakpoints.first { candidate in
            guard candidate.matches(step, method: method.name, in: method.location.source) else { return false }
            guard let condition = candidate.condition else { return true }
            do { return try evaluator.evaluate(condition, activation).truth ?? false } catch {
                conditionProblem = (error as? ScriptError)?.report ?? error as? Diagnostic ?? Diagnostic(.internalError, "\(error)", at: nil)
                return true
            }
        }
    }
}
