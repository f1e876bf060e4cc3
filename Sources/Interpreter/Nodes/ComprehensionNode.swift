import BCLScript

/// `[element for x in xs if condition]`.
final class ComprehensionNode: Node {
    struct Clause {
        let head: LoopHead
        let conditions: [Node]
    }

    let element: Node
    let clauses: [Clause]

    init(_ element: Node, _ clauses: [Clause], _ span: Span, _ unit: CodeUnit) {
        self.element = element
        self.clauses = clauses
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        var items: [Value] = []
        do { try collect(from: 0, frame, into: &items) } catch { throw noted(error, .collected(items)) }
        return .items(items)
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        guard case .collected(var items) = try plan.next() else { throw plan.misfit }
        do { try resume(from: 0, frame, plan, into: &items) } catch { throw noted(error, .collected(items)) }
        return .items(items)
    }

    private func collect(from index: Int, _ frame: Frame, into items: inout [Value]) throws {
        guard index < clauses.count else { return try add(try element.eval(frame), to: &items) }
        let clause = clauses[index]
        _ = try clause.head.forEach(frame) { try turn(clause, index, frame, into: &items) }
    }

    private func resume(from index: Int, _ frame: Frame, _ plan: Resumption, into items: inout [Value]) throws {
        guard index < clauses.count else { return try add(try element.resume(frame, plan), to: &items) }
        let clause = clauses[index]
        _ = try clause.head.resumeEach(frame, plan, first: {
            try resume(from: index + 1, frame, plan, into: &items)
            return .next
        }) { try turn(clause, index, frame, into: &items) }
    }

    /// One item of a clause.
    @inline(__always)
    private func turn(_ clause: Clause, _ index: Int, _ frame: Frame, into items: inout [Value]) throws -> Flow {
        for condition in clause.conditions where !(try condition.test(frame)) { return .next }
        try collect(from: index + 1, frame, into: &items)
        return .next
    }

    @inline(__always)
    private func add(_ value: Value, to items: inout [Value]) throws {
        items.append(value)
        if items.count > Limits.mostElements { throw located(Limits.tooManyElements(items.count)) }
    }
}
