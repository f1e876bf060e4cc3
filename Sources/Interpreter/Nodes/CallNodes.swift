import BCLScript

/// The arguments of a call as compiled: positional nodes, then named ones.
struct CallArguments {
    let positional: [Node]
    let named: [(Identifier, Node)]
    /// All of them in the order in which they are written.
    private let nodes: [Node]

    init(positional: [Node], named: [(Identifier, Node)]) {
        (self.positional, self.named) = (positional, named)
        nodes = positional + named.map(\.1)
    }

    var isPlain: Bool { named.isEmpty }

    /// Their values, in the order in which they are written.
    /// - Parameter callee: what is called: kept with the values so far where a checkpoint is taken in one of them.
    @inline(__always)
    func values(_ frame: Frame, _ callee: Value) throws -> [Value] { try Operands.values(nodes, frame, after: callee) }

    /// The same where a checkpoint was taken in one of them.
    /// - Parameter known: the callee and the values before that one.
    func resume(_ frame: Frame, _ plan: Resumption, _ known: [Value]) throws -> [Value] {
        var all = known
        guard !known.isEmpty, known.count <= nodes.count else { throw plan.misfit }
        do {
            all.append(try nodes[known.count - 1].resume(frame, plan))
            for node in nodes.dropFirst(known.count) { all.append(try node.eval(frame)) }
        } catch { throw noted(error, .operands(all)) }
        return Array(all.dropFirst())
    }

    /// Values in the written order with the names of those that have one.
    func split(_ given: [Value]) -> (positional: [Value], named: [(String, Value)]) {
        (Array(given.prefix(positional.count)), zip(named, given.dropFirst(positional.count)).map { ($0.0.text, $1) })
    }

    /// The place of the argument that a failure is about, if it is one of this call's.
    func place(of error: Error, _ signature: Signature) -> Span? {
        guard let failure = (error as? Failure) ?? (error as? ScriptFailureConvertible)?.failure, let argument = failure.argument,
              argument.signature === signature, argument.index < signature.parameters.count else { return nil }
        let parameter = signature.parameters[argument.index]
        if let (_, node) = named.first(where: { $0.0.text == parameter.name }) { return node.span }
        if argument.index < positional.count, !parameter.isVariadic { return positional[argument.index].span }
        return nil
    }

    /// Where in `named` the parameters of a signature find their value; nil where binding needs the general way.
    func order(for signature: Signature) -> [Int?]? {
        guard !signature.isVariadic,
              signature.problem(positional: positional.count, keywords: named.map(\.0.text)) == nil else { return nil }
        var order = [Int?](repeating: nil, count: signature.parameters.count)
        for index in positional.indices { order[index] = index }
        for (index, (name, _)) in named.enumerated() {
            if let parameter = signature.index(of: name.text) { order[parameter] = positional.count + index }
        }
        return order
    }
}

/// `callee(arguments)`.
final class CallNode: Node {
    let callee: Node
    let arguments: CallArguments
    /// The binding of the last callee's signature: a call site mostly meets the same callee.
    private var cachedOwner: AnyObject?
    private var cachedOrder: [Int?]?
    /// 1 where a checkpoint's place can lead back into the call, else 0.
    private let reentrancy: Int

    init(_ callee: Node, _ arguments: CallArguments, isReentrant: Bool, _ span: Span, _ unit: CodeUnit) {
        self.callee = callee
        self.arguments = arguments
        reentrancy = isReentrant ? 1 : 0
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let value = try callee.eval(frame)
        guard case .host(let host) = value, let callable = host as? Callable else { throw notCallable(value) }
        return try call(callable, try arguments.values(frame, value), frame)
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        switch try plan.next() {
        case .operands(let known):
            guard case .host(let host)? = known.first, let callable = host as? Callable else { throw plan.misfit }
            return try call(callable, try arguments.resume(frame, plan, known), frame)
        case .call(let closure, let inner): return try traced(closure) { try frame.evaluator.resume(closure, inner, plan) }
        case .builtin(let name, let state):
            guard let builtin = frame.evaluator.registry.builtins[name] else { throw plan.misfit }
            return try traced(builtin) { try frame.evaluator.resume(builtin: name, state, plan) }
        default: throw plan.misfit
        }
    }

    /// - Parameter given: in the order in which they are written, whatever the order of the parameters.
    @inline(__always)
    private func call(_ callable: Callable, _ given: [Value], _ frame: Frame) throws -> Value {
        let bound: Arguments
        let owner = callable.signatureOwner
        if let owner, owner === cachedOwner, let order = cachedOrder {
            bound = Arguments(callable.signature, arranged(given, order))
        } else if let order = arguments.order(for: callable.signature) {
            cachedOwner = owner
            cachedOrder = order
            bound = Arguments(callable.signature, arranged(given, order))
        } else {
            let (positional, named) = arguments.split(given)
            do { bound = try Arguments.bind(callable.signature, positional: positional, named: named) } catch { throw located(error) }
        }
        return try traced(callable) { try frame.evaluator.invoke(callable, bound, reentrancy: reentrancy) }
    }

    @inline(__always)
    private func arranged(_ given: [Value], _ order: [Int?]) -> [Value] {
        if arguments.isPlain, order.count == given.count { return given }
        return order.map { $0.map { given[$0] } ?? .unset }
    }

    @inline(__always)
    private func traced(_ callable: Callable, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw traced(error, callable, arguments) }
    }

    private func notCallable(_ value: Value) -> Error {
        var hint: String?
        if case .none = value { hint = "the value is none" }
        return callee.located(Failure(.notCallable, "\(value.phrase) can't be called", hint: hint))
    }
}

/// `base.name(arguments)`: finds the method of the base's type without making a function value of it.
final class MemberCallNode: Node {
    let base: Node
    let name: Identifier
    let arguments: CallArguments
    private var cachedTable: MemberTable?
    private var cachedMethod: (signature: Signature, order: [Int?], run: (Value, Arguments, Evaluator) throws -> Value)?
    /// Whether the arguments stand in the parameters' order, all of them by position.
    private var isInOrder = false

    /// 1 where a checkpoint's place can lead back into the call, else 0.
    private let reentrancy: Int

    init(_ base: Node, _ name: Identifier, _ arguments: CallArguments, isReentrant: Bool, _ span: Span, _ unit: CodeUnit) {
        self.base = base
        self.name = name
        self.arguments = arguments
        reentrancy = isReentrant ? 1 : 0
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let value = try base.eval(frame)
        if Access.members(of: value) === cachedTable, let cached = cachedMethod, !isShadowed(value) {
            let given = try arguments.values(frame, value)
            let bound = Arguments(cached.signature, isInOrder ? given : cached.order.map { $0.map { given[$0] } ?? .unset })
            do { return try cached.run(value, bound, frame.evaluator) } catch { throw located(error, at: arguments.place(of: error, cached.signature)) }
        }
        return try call(value, frame) { try arguments.values(frame, value) }
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        switch try plan.next() {
        case .operands(let known):
            guard let value = known.first else { throw plan.misfit }
            return try call(value, frame) { try arguments.resume(frame, plan, known) }
        case .call(let closure, let inner):
            do { return try frame.evaluator.resume(closure, inner, plan) } catch { throw traced(error, closure, nil) }
        default: throw plan.misfit
        }
    }

    /// The general way.
    /// - Parameter given: evaluates the arguments; what is called is known before them.
    private func call(_ value: Value, _ frame: Frame, _ given: () throws -> [Value]) throws -> Value {
        let table = Access.members(of: value)
        if case .method(let signature, let run)? = table.members[name.text]?.action, !isShadowed(value) {
            if let order = arguments.order(for: signature) {
                cachedTable = table
                cachedMethod = (signature, order, run)
                isInOrder = arguments.isPlain && order.count == arguments.positional.count
            }
            let (positional, named) = arguments.split(try given())
            do { return try run(value, try Arguments.bind(signature, positional: positional, named: named), frame.evaluator) } catch {
                throw located(error, at: arguments.place(of: error, signature))
            }
        }
        return try callField(value, frame, given)
    }

    /// A record's own entry comes before the methods of records.
    private func isShadowed(_ value: Value) -> Bool {
        guard case .record(let record) = value else { return false }
        return record.entries[name.text] != nil
    }

    private func callField(_ value: Value, _ frame: Frame, _ given: () throws -> [Value]) throws -> Value {
        let field: Value
        do { field = try Access.field(value, name.text, frame.evaluator) } catch { throw located(error, at: name.span) }
        guard case .host(let host) = field, let callable = host as? Callable else {
            throw located(Failure(.notCallable, "'.\(name.text)' is \(field.phrase), which can't be called"), at: name.span)
        }
        let (positional, named) = arguments.split(try given())
        do {
            return try frame.evaluator.invoke(callable, try Arguments.bind(callable.signature, positional: positional, named: named), reentrancy: reentrancy)
        } catch { throw traced(error, callable, nil) }
    }
}

extension Node {
    /// An error out of a call, with the call's place.
    @inline(never)
    fileprivate final func traced(_ error: Error, _ callable: Callable, _ arguments: CallArguments?) -> Error {
        let error = located(error, at: arguments?.place(of: error, callable.signature))
        if let script = error as? ScriptError, let frameName = callable.traceName {
            script.add(ScriptError.Frame(what: frameName, location: Location(unit.source, span)))
        }
        return error
    }
}
