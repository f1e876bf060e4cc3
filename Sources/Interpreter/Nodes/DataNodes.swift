import BCLScript

final class StringNode: Node {
    enum Part {
        case text(String)
        case value(Node, FormatSpec)
    }

    let parts: [Part]
    init(_ parts: [Part], _ span: Span, _ unit: CodeUnit) {
        self.parts = parts
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        var text = ""
        for index in parts.indices { try add(index, frame, nil, to: &text) }
        return .text(text)
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        guard case .operands(let known) = try plan.next(), known.count == 2, case .string(let before) = known[0], case .int(let place) = known[1], parts.indices.contains(place) else { throw plan.misfit }
        var text = before.text
        try add(place, frame, plan, to: &text)
        for index in parts.indices.dropFirst(place + 1) { try add(index, frame, nil, to: &text) }
        return .text(text)
    }

    @inline(__always)
    private func add(_ index: Int, _ frame: Frame, _ plan: Resumption?, to text: inout String) throws {
        switch parts[index] {
        case .text(let plain): text += plain
        case .value(let node, let spec):
            let value: Value
            do { value = try plan.map { try node.resume(frame, $0) } ?? node.eval(frame) } catch { throw noted(error, .operands([.text(text), .int(index)])) }
            do {
                text += try Formatting.apply(spec, to: value)
                try Limits.checkText(text.utf8.count)
            } catch { throw node.located(error) }
        }
    }
}

final class ListNode: Node {
    let items: [Node]
    init(_ items: [Node], _ span: Span, _ unit: CodeUnit) {
        self.items = items
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value { .items(try Operands.values(items, frame)) }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value { .items(try Operands.resume(items, frame, plan)) }
}

final class RecordNode: Node {
    let entries: [(String, Node)]
    init(_ entries: [(String, Node)], _ span: Span, _ unit: CodeUnit) {
        self.entries = entries
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        .record(RecordValue(Array(zip(entries.map(\.0), try Operands.values(entries.map(\.1), frame)))))
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        .record(RecordValue(Array(zip(entries.map(\.0), try Operands.resume(entries.map(\.1), frame, plan)))))
    }
}

/// Expressions that are evaluated one after the other.
enum Operands {
    /// - Parameter callee: what they are arguments of: kept with the values before the one in which a checkpoint is taken.
    @inline(__always)
    static func values(_ nodes: [Node], _ frame: Frame, after callee: Value? = nil) throws -> [Value] {
        // Most calls have one argument or two.
        switch nodes.count {
        case 0: return []
        case 1: do { return [try nodes[0].eval(frame)] } catch { throw kept(error, callee, []) }
        case 2:
            let first: Value
            do { first = try nodes[0].eval(frame) } catch { throw kept(error, callee, []) }
            do { return [first, try nodes[1].eval(frame)] } catch { throw kept(error, callee, [first]) }
        default: return try many(nodes, frame, callee)
        }
    }

    private static func many(_ nodes: [Node], _ frame: Frame, _ callee: Value?) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(nodes.count)
        do { for node in nodes { values.append(try node.eval(frame)) } } catch { throw kept(error, callee, values) }
        return values
    }

    @inline(never)
    private static func kept(_ error: Error, _ callee: Value?, _ values: [Value]) -> Error { noted(error, .operands((callee.map { [$0] } ?? []) + values)) }

    static func resume(_ nodes: [Node], _ frame: Frame, _ plan: Resumption) throws -> [Value] {
        guard case .operands(var values) = try plan.next(), values.count < nodes.count else { throw plan.misfit }
        do {
            values.append(try nodes[values.count].resume(frame, plan))
            for node in nodes.dropFirst(values.count) { values.append(try node.eval(frame)) }
        } catch { throw noted(error, .operands(values)) }
        return values
    }
}

final class RangeNode: Node {
    let start: Node
    let end: Node
    init(_ start: Node, _ end: Node, _ span: Span, _ unit: CodeUnit) {
        self.start = start
        self.end = end
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        let (a, b) = try bounds(frame)
        return .host(RangeValue(a, b))
    }

    func bounds(_ frame: Frame) throws -> (Int, Int) {
        func bound(_ node: Node) throws -> Int {
            let value = try node.eval(frame)
            guard case .int(let number) = value else {
                throw node.located(Failure(.wrongType, "a range goes from int to int, not \(value.phrase)"))
            }
            return number
        }
        return (try bound(start), try bound(end))
    }
}

final class IndexNode: Node {
    enum Item {
        case at(Node)
        case slice(Node?, Node?, Node?)
    }

    let base: Node
    let items: [Item]
    init(_ base: Node, _ items: [Item], _ span: Span, _ unit: CodeUnit) {
        self.base = base
        self.items = items
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        try element(of: try base.eval(frame), frame)
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value { try element(of: try base.resume(frame, plan), frame) }

    @inline(__always)
    private func element(of value: Value, _ frame: Frame) throws -> Value {
        if items.count == 1, case .at(let node) = items[0] {
            let index = try node.eval(frame)
            if case .list(let list) = value, case .int(let position) = index, position >= 0, position < list.items.count { return list.items[position] }
            do { return try Access.index(value, [.at(index)]) } catch { throw located(error) }
        }
        let values = try indexes(frame)
        do { return try Access.index(value, values) } catch { throw located(error) }
    }

    func indexes(_ frame: Frame) throws -> [IndexValue] {
        try items.map { item in
            switch item {
            case .at(let node): return .at(try node.eval(frame))
            case .slice(let start, let end, let step):
                let stride = try bound(step, frame) ?? 1
                if stride == 0 { throw located(Failure(.badValue, "the step of a slice can't be zero")) }
                return .slice(start: try bound(start, frame), end: try bound(end, frame), step: stride)
            }
        }
    }

    private func bound(_ node: Node?, _ frame: Frame) throws -> Int? {
        guard let node else { return nil }
        let value = try node.eval(frame)
        switch value {
        case .int(let number): return number
        case .none: return nil
        default: throw node.located(Failure(.wrongType, "the bounds of a slice are ints, not \(value.phrase)"))
        }
    }
}

final class FieldNode: Node {
    let base: Node
    let name: Identifier
    /// The property of the last value's type: a place in a script mostly meets values of one type.
    private var cachedTable: MemberTable?
    private var cachedProperty: ((Value, Evaluator) throws -> Value)?

    init(_ base: Node, _ name: Identifier, _ span: Span, _ unit: CodeUnit) {
        self.base = base
        self.name = name
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        try field(of: try base.eval(frame), frame)
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value { try field(of: try base.resume(frame, plan), frame) }
    @inline(__always)
    private func field(of value: Value, _ frame: Frame) throws -> Value {
        if case .host(let host) = value {
            let table = host.members
            if table === cachedTable, let get = cachedProperty { do { return try get(value, frame.evaluator) } catch { throw located(error, at: name.span) } }
            if case .property(let get)? = table.members[name.text]?.action { (cachedTable, cachedProperty) = (table, get) }
        }
        do { return try Access.field(value, name.text, frame.evaluator) } catch { throw located(error, at: name.span) }
    }
}

/// A function value: takes the cells of what it captures with it.
final class ClosureNode: Node {
    let code: FunctionCode
    init(_ code: FunctionCode, _ span: Span, _ unit: CodeUnit) {
        self.code = code
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value { .host(code.close(over: frame)) }
}
