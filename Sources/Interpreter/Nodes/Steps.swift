import BCLScript

/// An expression for its effect. The value is kept, for prompts that show it.
final class ExpressionStep: Step {
    let node: Node
    init(_ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        try finish(try node.eval(frame), frame)
        return .next
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        try finish(try node.resume(frame, plan), frame)
        return .next
    }
    @inline(__always)
    private func finish(_ value: Value, _ frame: Frame) throws {
        if case .host(let host) = value, host.isOutput { try frame.evaluator.show(.host(host)) }
    }
}

final class DeclareStep: Step {
    let place: Place
    let node: Node
    init(_ place: Place, _ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.place = place
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        place.declare(try node.eval(frame), frame, unit.globals)
        return .next
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        place.declare(try node.resume(frame, plan), frame, unit.globals)
        return .next
    }
}

/// `def` and `method`: the function's cell is there before its closure, so that the function can call itself.
final class FunctionStep: Step {
    let place: Place
    let code: FunctionCode
    init(_ place: Place, _ code: FunctionCode, _ span: Span, _ unit: CodeUnit) {
        self.place = place
        self.code = code
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        if case .localCell(let slot) = place { frame.slots[slot] = .cell(Cell(.unset)) }
        place.assign(.host(code.close(over: frame)), frame, unit.globals)
        return .next
    }
}

/// `let (a, b) = ...`
final class UnpackStep: Step {
    let places: [Place]
    let node: Node
    init(_ places: [Place], _ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.places = places
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        try Self.unpack(try node.eval(frame), into: places, frame, node)
        return .next
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        try Self.unpack(try node.resume(frame, plan), into: places, frame, node)
        return .next
    }

    static func unpack(_ value: Value, into places: [Place], _ frame: Frame, _ node: Node) throws {
        let items: [Value]
        do {
            let next = try Access.iterator(value)
            var taken: [Value] = []
            // One more than wanted is enough to see that there are too many.
            while taken.count <= places.count, let item = try next() { taken.append(item) }
            items = taken
        } catch {
            throw node.located(Failure(.wrongUnpacking, "\(value.phrase) can't be taken apart into \(places.count) names"))
        }
        guard items.count == places.count else {
            let found = items.count > places.count ? "more" : "\(items.count)"
            throw node.located(Failure(.wrongUnpacking, "\(places.count) names are to be set, but the value has \(found) element\(found == "1" ? "" : "s")"))
        }
        for (place, item) in zip(places, items) { place.declare(item, frame, node.unit.globals) }
    }
}

final class AssignStep: Step {
    let place: Place
    let node: Node
    init(_ place: Place, _ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.place = place
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        let value = try node.eval(frame)
        if case .local(let slot) = place { frame.slots[slot] = value }
        else { place.assign(value, frame, unit.globals) }
        return .next
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        place.assign(try node.resume(frame, plan), frame, unit.globals)
        return .next
    }
}

/// `x = x + y`, where y is read in place: the step that counting and summing loops take most often.
final class AddStep: Step {
    let place: Place
    let target: Operand
    let added: Operand
    /// The general way, for everything that is not a sum of ints that fits.
    let otherwise: AssignStep

    /// nil where the assignment is of another form.
    init?(_ place: Place, _ node: Node, _ span: Span, _ unit: CodeUnit) {
        guard let sum = node as? AddNode else { return nil }
        switch (place, sum.leftOperand) {
        case (.local(let slot), .local(let read)): guard slot == read else { return nil }
        case (.global(let slot), .global(let table, let read)): guard slot == read, table === unit.globals else { return nil }
        default: return nil
        }
        if case .computed = sum.rightOperand { return nil }
        self.place = place
        target = sum.leftOperand
        added = sum.rightOperand
        otherwise = AssignStep(place, node, span, unit)
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        if let x = target.int(frame), let y = added.int(frame) {
            let (sum, overflow) = x.addingReportingOverflow(y)
            if !overflow {
                // What is replaced is an int: there is nothing to release.
                switch place {
                case .local(let slot): (frame.slots + slot).initialize(to: .int(sum))
                case .global(let slot): (unit.globals.values + slot).initialize(to: .int(sum))
                default: break
                }
                return .next
            }
        }
        return try otherwise.run(frame)
    }
}

final class AssignFieldStep: Step {
    let base: Node
    let name: Identifier
    let operation: BinaryOperator?
    let node: Node
    init(_ base: Node, _ name: Identifier, _ operation: BinaryOperator?, _ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.base = base
        self.name = name
        self.operation = operation
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        let target = try base.eval(frame)
        do { return try set(target, try node.eval(frame), frame) } catch { throw noted(error, .operands([target])) }
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        guard case .operands(let known) = try plan.next(), known.count == 1 else { throw plan.misfit }
        do { return try set(known[0], try node.resume(frame, plan), frame) } catch { throw noted(error, .operands(known)) }
    }
    private func set(_ target: Value, _ value: Value, _ frame: Frame) throws -> Flow {
        var value = value
        do {
            if let operation { value = try Operators.binary(operation, try Access.field(target, name.text, frame.evaluator), value) }
            try Access.setField(target, name.text, to: value)
        } catch { throw unit.located(error, span) }
        return .next
    }
}

final class AssignIndexStep: Step {
    let target: IndexNode
    let operation: BinaryOperator?
    let node: Node
    init(_ target: IndexNode, _ operation: BinaryOperator?, _ node: Node, _ span: Span, _ unit: CodeUnit) {
        self.target = target
        self.operation = operation
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        let base = try target.base.eval(frame)
        let items = try target.indexes(frame)
        do { return try set(base, items, try node.eval(frame)) } catch { throw noted(error, .operands([base] + items.map(\.asValue))) }
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        guard case .operands(let known) = try plan.next(), let base = known.first else { throw plan.misfit }
        let items = known.dropFirst().compactMap(IndexValue.init)
        guard items.count == known.count - 1 else { throw plan.misfit }
        do { return try set(base, items, try node.resume(frame, plan)) } catch { throw noted(error, .operands(known)) }
    }
    private func set(_ base: Value, _ items: [IndexValue], _ value: Value) throws -> Flow {
        var value = value
        do {
            if let operation { value = try Operators.binary(operation, try Access.index(base, items), value) }
            try Access.setIndex(base, items, to: value)
        } catch { throw unit.located(error, span) }
        return .next
    }
}

final class AssertStep: Step {
    let condition: Node
    let message: Node?
    init(_ condition: Node, _ message: Node?, _ span: Span, _ unit: CodeUnit) {
        self.condition = condition
        self.message = message
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        if try condition.test(frame) { return .next }
        let text = try message.map { Describer.string(try $0.eval(frame)) }
        throw condition.located(Failure(.assertionFailed, text.map { "assertion failed: \($0)" } ?? "assertion failed: \(unit.source.text(condition.span))"))
    }
}

/// `on EVENT`: hands the handler to the learner that is being built.
final class HandlerStep: Step {
    let code: FunctionCode
    init(_ code: FunctionCode, _ span: Span, _ unit: CodeUnit) {
        self.code = code
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        guard let instance = frame.instance else {
            throw unit.located(Failure(.misplacedStatement, "'on \(code.name)' runs only while a learner is made"), span)
        }
        instance.handlers[code.name] = code.close(over: frame)
        return .next
    }
}

final class PhaseStep: Step {
    let name: String
    let body: StepList
    init(_ name: String, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.name = name
        self.body = body
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        try frame.evaluator.phase(name) { try body.run(frame) }
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        try frame.evaluator.phase(name) { try body.resume(frame, plan) }
    }
}

final class NoGradientStep: Step {
    let body: StepList
    init(_ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.body = body
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        var flow = Flow.next
        try frame.evaluator.withoutGradients { flow = try self.body.run(frame) }
        return flow
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        var flow = Flow.next
        try frame.evaluator.withoutGradients { flow = try self.body.resume(frame, plan) }
        return flow
    }
}
