import BCLScript

/// When a run steps out, and how it goes on.
extension Evaluator {
    /// Whether all calls that run can be entered again: those of functions from statements of the script, not those that builtins make.
    public var canSuspend: Bool { context.depth == context.reentrant && context.shielded == 0 && stepper == nil }

    /// Polled where a run may step out, while somebody has asked for it.
    @inline(never)
    func suspendIfPossible() throws {
        guard canSuspend, mayPause() else { return }
        throw Suspension()
    }

    /// For builtins that run for long: steps out here if somebody asked. What they then throw goes through `suspended`.
    public func checkSuspension() throws {
        if interrupt.isPauseRequested { try suspendIfPossible() }
    }

    /// For builtins on their way out: what they need to go on.
    public func suspended(_ error: Error, _ builtin: String, _ state: @autoclosure () -> Value) -> Error { noted(error, .builtin(builtin, state())) }

    /// A stretch of script that can't be entered again, such as a method's body.
    func withoutSuspension<T>(_ body: () throws -> T) rethrows -> T {
        context.depth += 1
        defer { context.depth -= 1 }
        return try body()
    }

    // MARK: - The way back

    /// A frame for the program's own blocks.
    public func frame(_ slotCount: Int) -> Frame { Frame(slotCount: slotCount, captures: [], self) }

    func resume(_ closure: Closure, _ frame: Frame, _ plan: Resumption) throws -> Value {
        context.depth += 1
        context.reentrant += 1
        defer {
            context.depth -= 1
            context.reentrant -= 1
        }
        return try closure.resume(frame, plan)
    }

    func resume(builtin name: String, _ state: Value, _ plan: Resumption) throws -> Value {
        guard let run = registry.builtins[name]?.goOn else { throw plan.misfit }
        context.depth += 1
        context.reentrant += 1
        defer {
            context.depth -= 1
            context.reentrant -= 1
        }
        return try run(state, plan, self)
    }

    /// Calls a function of the script from a builtin that can be entered again there.
    public func callReentrantly(_ callee: Callable, _ positional: [Value]) throws -> Value {
        try invoke(callee, try Arguments.bind(callee.signature, positional: positional, named: []), reentrancy: 1)
    }

    /// Goes on with the call that such a builtin was left in.
    public func resumeCall(_ plan: Resumption) throws -> Value {
        switch try plan.next() {
        case .call(let closure, let frame): return try resume(closure, frame, plan)
        case .builtin(let name, let state): return try resume(builtin: name, state, plan)
        default: throw plan.misfit
        }
    }
}
