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
        try collect(from: 0, frame, into: &items)
        return .items(items)
    }

    private func collect(from index: Int, _ frame: Frame, into items: inout [Value]) throws {
        guard index < clauses.count else {
            items.append(try element.eval(frame))
            if items.count > Limits.mostElements { throw located(Limits.tooManyElements(items.count)) }
            return
        }
        let clause = clauses[index]
        _ = try clause.head.forEach(frame) {
            for condition in clause.conditions where !(try condition.test(frame)) { return .next }
            try collect(from: index + 1, frame, into: &items)
            return .next
        }
    }
}
