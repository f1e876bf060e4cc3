import BCLScript
import Figures

/// Runs compiled programs. One evaluator belongs to one session and is used by one thread at a time.
public final class Evaluator {
    public let registry: Registry
    public let interrupt: InterruptToken
    /// Where output of the running cell goes.
    public internal(set) var sink: OutputSink
    let signal: UnsafeMutablePointer<Int32>
    /// What belongs to one stack of calls; an update that is stopped keeps its own.
    struct Context {
        var depth = 0
        /// Of these, the calls that a checkpoint's place can lead back into.
        var reentrant = 0
        /// Above zero inside a minibatch: a first Ctrl-C then waits for its end.
        var shielded = 0
        var phases: [String] = []
    }
    var context = Context()
    /// Names of the running phases, outermost first.
    public var phases: [String] { context.phases }
    /// What runs statement by statement at the moment.
    var stepper: Stepper? { didSet { updateWatch() } }
    /// Where training stops, in order of their numbers.
    public var breakpoints: [Breakpoint] = []
    /// The update that the names of a cell may look into, if one is stopped.
    public var stopped: (() -> Stepper?) = { nil }
    /// Evaluates an expression with the names that a stopped call sees.
    var evaluate: (String, Activation) throws -> Value = { _, _ in .none }
    /// Called around the running of a stopped update; the session keeps the names of its cells in step with it.
    public internal(set) var willGoOn: () -> Void = {}
    public internal(set) var didStop: (Activation?) -> Void = { _ in }
    /// Told of each variable of a stopped call that a cell has set.
    public var didSetLocal: ((String, Value) -> Void)?
    /// Whether somebody is there to go on after a stop; otherwise a breakpoint only tells that it was passed.
    public var isInteractive = false
    /// How a method's instance is made; the host gives its own kind of learner.
    public var makeInstance: (MethodValue, Frame) -> MethodInstance = { MethodInstance($0, $1) }
    /// What `show` makes of a value; nil for its text. The host may know more figures.
    public var figure: (Value) throws -> Figure? = { if case .host(let host) = $0 { return try host.figure() } else { return nil } }
    /// Runs a body with gradients off; the host sets it.
    public var withoutGradients: (() throws -> Void) throws -> Void = { try $0() }

    /// Statements and turns of loops that may still run before the evaluator stops as if interrupted; nil for no bound.
    public var stepsLeft: Int? { didSet { if (stepsLeft == nil) != (oldValue == nil) { updateWatch() } } }

    private func updateWatch() { interrupt.watch(stepsLeft != nil || stepper != nil) }

    /// Asked before the run steps out at a place that it can come back to; false: not now.
    public var mayPause: () -> Bool = { true }

    /// Takes the `test` blocks of the file that is running; nil outside of `bclsh test`.
    var collectTest: ((TestCase) -> Void)?

    /// Calls inside calls. A frame of script takes about 1 KB of native stack for each nesting of an expression; 256 MB hold this many with room to spare.
    public static let deepest = 2000

    public init(registry: Registry, interrupt: InterruptToken, sink: OutputSink) {
        self.registry = registry
        self.interrupt = interrupt
        self.sink = sink
        signal = interrupt.level
    }

    public func emit(_ event: Event) { sink.receive(event) }
    public func print(_ text: String) { emit(.text(text)) }

    /// Shows a value in full: its figure where it has one.
    public func show(_ value: Value) throws {
        guard case .host(let host) = value, let figure = try host.figure() else { return emit(.shown(value)) }
        if case .stack(let parts) = figure { for part in parts { emit(.figure(part)) } } else { emit(.figure(figure)) }
    }

    // MARK: - Calls

    /// Calls any callable value with arguments by position, as builtins such as `map` and the training loop do.
    public func call(_ callee: Callable, _ positional: [Value], _ named: [(String, Value)] = []) throws -> Value {
        let arguments = try Arguments.bind(callee.signature, positional: positional, named: named)
        return try invoke(callee, arguments)
    }

    /// - Parameter reentrancy: 1 for a call that a checkpoint's place can lead back into, else 0.
    func invoke(_ callee: Callable, _ arguments: Arguments, reentrancy: Int = 0) throws -> Value {
        guard context.depth < Self.deepest else {
            throw Failure(.recursionLimit, "calls are nested more than \(Self.deepest) deep", hint: "does a function call itself without an end?")
        }
        context.depth += 1
        context.reentrant += reentrancy
        defer {
            context.depth -= 1
            context.reentrant -= reentrancy
        }
        return try callee.invoke(arguments, self)
    }

    // MARK: - Interrupts and phases

    /// Polled before each statement when the signal word is not zero.
    func poll() throws {
        if let left = stepsLeft {
            guard left > 0 else { throw Interrupted() }
            stepsLeft = left - 1
        }
        let level = signal.pointee & 3
        if level >= 2 || (level == 1 && context.shielded == 0) { throw Interrupted() }
    }

    /// Runs a body whose output nobody needs to see again.
    public func silently<T>(_ body: () throws -> T) rethrows -> T {
        let outer = sink
        sink = CollectingSink()
        defer { sink = outer }
        return try body()
    }

    func withoutStepping<T>(_ body: () throws -> T) rethrows -> T {
        let outer = stepper
        stepper = nil
        defer { stepper = outer }
        return try body()
    }

    /// Polled before each statement of a block.
    @inline(never)
    func poll(_ step: Step, _ frame: Frame) throws {
        try poll()
        if interrupt.isPauseRequested { try suspendIfPossible() }
        if let stepper { try stepper.reached(step, frame) }
    }

    /// For loops of the host: stops here if somebody asked.
    public func checkInterrupt() throws { if signal.pointee != 0 { try poll() } }

    /// A stretch that a single Ctrl-C does not cut in two, such as a minibatch.
    public func shielded<T>(_ body: () throws -> T) rethrows -> T {
        context.shielded += 1
        defer { context.shielded -= 1 }
        return try body()
    }

    func phase(_ name: String, _ body: () throws -> Flow) rethrows -> Flow {
        context.phases.append(name)
        defer { context.phases.removeLast() }
        return try body()
    }
}
