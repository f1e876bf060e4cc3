/// The names of one function while it is being resolved: its blocks, its frame slots and what it captures.
final class FunctionScope {
    /// nil for the top level of a program.
    let literal: FunctionLiteral?
    let parent: FunctionScope?
    private var blocks: [[String: Variable]] = [[:]]
    private var spans: [Span]
    private var captureIndex: [ObjectIdentifier: Int] = [:]
    private(set) var captures: [FunctionLiteral.Capture] = []
    var slotCount = 0
    /// Of the top level: the variables of its blocks.
    private(set) var locals: [Variable] = []
    /// Names of a method's body that stand further below: its handlers may use them, its own statements not yet.
    var hoisted: [String: Variable] = [:]

    init(_ literal: FunctionLiteral?, parent: FunctionScope?) {
        self.literal = literal
        self.parent = parent
        spans = [literal?.span ?? Span(0, Int.max)]
    }

    var isInBlock: Bool { blocks.count > 1 }

    func push(_ span: Span) {
        blocks.append([:])
        spans.append(span)
    }

    func pop() {
        blocks.removeLast()
        spans.removeLast()
    }

    func declared(_ name: String) -> Variable? { blocks[blocks.count - 1][name] }
    func declare(_ variable: Variable) {
        blocks[blocks.count - 1][variable.name] = variable
        variable.block = spans[spans.count - 1]
        if let literal { literal.locals.append(variable) } else if !variable.isGlobal { locals.append(variable) }
    }

    func newSlot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    func find(_ name: String) -> Variable? {
        for block in blocks.reversed() { if let variable = block[name] { return variable } }
        return nil
    }

    var visibleNames: [String] { blocks.flatMap(\.keys) }

    /// Index of an outer variable among the captures; each function between here and its home captures it too.
    func capture(_ variable: Variable, home: FunctionScope) -> Int {
        if let known = captureIndex[ObjectIdentifier(variable)] { return known }
        variable.isCaptured = true
        if parent === home || parent == nil { captures.append(.local(variable)) }
        else { captures.append(.outer(index: parent!.capture(variable, home: home), variable)) }
        captureIndex[ObjectIdentifier(variable)] = captures.count - 1
        return captures.count - 1
    }
}
