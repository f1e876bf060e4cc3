import BCLScript

/// The arguments of a call as compiled: positional nodes, then named ones.
struct CallArguments {
    let positional: [Node]
    let named: [(Identifier, Node)]

    var isPlain: Bool { named.isEmpty }

    func evaluate(_ frame: Frame) throws -> (positional: [Value], named: [(String, Value)]) {
        (try positional.map { try $0.eval(frame) }, try named.map { ($0.text, try $1.eval(frame)) })
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

    init(_ callee: Node, _ arguments: CallArguments, _ span: Span, _ unit: CodeUnit) {
        self.callee = callee
        self.arguments = arguments
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let value = try callee.eval(frame)
        guard case .host(let host) = value, let callable = host as? Callable else { throw notCallable(value) }
        let bound: Arguments
        let owner = callable.signatureOwner
        if let owner, owner === cachedOwner, let order = cachedOrder {
            bound = Arguments(callable.signature, try values(order, frame))
        } else if let order = arguments.order(for: callable.signature) {
            cachedOwner = owner
            cachedOrder = order
            bound = Arguments(callable.signature, try values(order, frame))
        } else {
            let (positional, named) = try arguments.evaluate(frame)
            do { bound = try Arguments.bind(callable.signature, positional: positional, named: named) } catch { throw located(error) }
        }
        return try invoke(callable, bound, frame)
    }

    private func values(_ order: [Int?], _ frame: Frame) throws -> [Value] {
        // Arguments run in the order in which they are written, whatever the order of the parameters.
        if arguments.isPlain, order.count == arguments.positional.count { return try arguments.positional.map { try $0.eval(frame) } }
        let given = try arguments.positional.map { try $0.eval(frame) } + arguments.named.map { try $1.eval(frame) }
        return order.map { $0.map { given[$0] } ?? .unset }
    }

    private func invoke(_ callable: Callable, _ bound: Arguments, _ frame: Frame) throws -> Value {
        do { return try frame.evaluator.invoke(callable, bound) } catch {
            let error = located(error, at: arguments.place(of: error, callable.signature))
            if let script = error as? ScriptError, let frameName = callable.traceName {
                script.add(ScriptError.Frame(what: frameName, location: Location(unit.source, span)))
            }
            throw error
        }
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

    init(_ base: Node, _ name: Identifier, _ arguments: CallArguments, _ span: Span, _ unit: CodeUnit) {
        self.base = base
        self.name = name
        self.arguments = arguments
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let value = try base.eval(frame)
        let table = Access.members(of: value)
        if table === cachedTable, let cached = cachedMethod, !isShadowed(value) {
            let values: [Value]
            if isInOrder {
                values = try arguments.positional.map { try $0.eval(frame) }
            } else {
                let given = try arguments.positional.map { try $0.eval(frame) } + arguments.named.map { try $1.eval(frame) }
                values = cached.order.map { $0.map { given[$0] } ?? .unset }
            }
            let bound = Arguments(cached.signature, values)
            do { return try cached.run(value, bound, frame.evaluator) } catch { throw located(error, at: arguments.place(of: error, cached.signature)) }
        }
        if case .method(let signature, let run)? = table.members[name.text]?.action, !isShadowed(value) {
            if let order = arguments.order(for: signature) {
                cachedTable = table
                cachedMethod = (signature, order, run)
                isInOrder = arguments.isPlain && order.count == arguments.positional.count
            }
            let (positional, named) = try arguments.evaluate(frame)
            do { return try run(value, try Arguments.bind(signature, positional: positional, named: named), frame.evaluator) } catch {
                throw located(error, at: arguments.place(of: error, signature))
            }
        }
        return try callField(value, frame)
    }

    /// A record's own entry comes before the methods of records.
    private func isShadowed(_ value: Value) -> Bool {
        guard case .record(let record) = value else { return false }
        return record.entries[name.text] != nil
    }

    private func callField(_ value: Value, _ frame: Frame) throws -> Value {
        let field: Value
        do { field = try Access.field(value, name.text, frame.evaluator) } catch { throw located(error, at: name.span) }
        guard case .host(let host) = field, let callable = host as? Callable else {
            throw located(Failure(.notCallable, "'.\(name.text)' is \(field.phrase), which can't be called"), at: name.span)
        }
        let (positional, named) = try arguments.evaluate(frame)
        do { return try frame.evaluator.call(callable, positional, named) } catch {
            let error = located(error)
            if let script = error as? ScriptError, let frameName = callable.traceName {
                script.add(ScriptError.Frame(what: frameName, location: Location(unit.source, span)))
            }
            throw error
        }
    }
}
