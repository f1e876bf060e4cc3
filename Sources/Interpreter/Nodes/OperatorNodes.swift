import BCLScript

/// An operand that is read in place, without a call: a variable or an int that is written out.
enum Operand {
    case local(Int)
    case global(GlobalTable, Int)
    case int(Int)
    /// Anything else has to be evaluated.
    case computed

    init(_ node: Node) {
        switch node {
        case let node as LocalNode: self = .local(node.slot)
        case let node as GlobalNode: self = .global(node.globals, node.slot)
        case let node as ConstantNode: if case .int(let value) = node.value { self = .int(value) } else { self = .computed }
        default: self = .computed
        }
    }

    /// Its value, where that is an int.
    @inline(__always)
    func int(_ frame: Frame) -> Int? {
        switch self {
        case .local(let slot): if case .int(let value) = frame.slots[slot] { return value }
        case .global(let globals, let slot): if case .int(let value) = globals.values[slot] { return value }
        case .int(let value): return value
        case .computed: break
        }
        return nil
    }
}

class BinaryNode: Node {
    final let left: Node
    final let right: Node
    final let leftOperand: Operand
    final let rightOperand: Operand
    final let operation: BinaryOperator

    init(_ operation: BinaryOperator, _ left: Node, _ right: Node, _ span: Span, _ unit: CodeUnit) {
        self.operation = operation
        self.left = left
        self.right = right
        leftOperand = Operand(left)
        rightOperand = Operand(right)
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let (a, b) = try operands(frame)
        return try slow(a, b)
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        let values = try Operands.resume([left, right], frame, plan)
        return try slow(values[0], values[1])
    }

    @inline(__always)
    private final func operands(_ frame: Frame) throws -> (Value, Value) {
        let a: Value
        do { a = try left.eval(frame) } catch { throw noted(error, .operands([])) }
        do { return (a, try right.eval(frame)) } catch { throw noted(error, .operands([a])) }
    }

    @inline(never)
    final func slow(_ a: Value, _ b: Value) throws -> Value {
        do { return try Operators.binary(operation, a, b) } catch { throw located(error) }
    }

    /// The number cases of an operator of inner loops; what overflows goes the general way, to its message.
    @inline(__always)
    final func arithmetic(_ frame: Frame, _ ints: (Int, Int) -> (partialValue: Int, overflow: Bool), _ floats: (Double, Double) -> Double) throws -> Value {
        if let x = leftOperand.int(frame), let y = rightOperand.int(frame) {
            let (result, overflow) = ints(x, y)
            if !overflow { return .int(result) }
        }
        let (a, b) = try operands(frame)
        if case .int(let x) = a, case .int(let y) = b {
            let (result, overflow) = ints(x, y)
            if !overflow { return .int(result) }
        } else if case .float(let x) = a, case .float(let y) = b {
            return .float(floats(x, y))
        }
        return try slow(a, b)
    }
}

final class AddNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value { try arithmetic(frame, { $0.addingReportingOverflow($1) }, +) }
}

final class SubtractNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value { try arithmetic(frame, { $0.subtractingReportingOverflow($1) }, -) }
}

final class MultiplyNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value { try arithmetic(frame, { $0.multipliedReportingOverflow(by: $1) }, *) }
}

final class UnaryNode: Node {
    let operation: UnaryOperator
    let operand: Node

    init(_ operation: UnaryOperator, _ operand: Node, _ span: Span, _ unit: CodeUnit) {
        self.operation = operation
        self.operand = operand
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let value = try operand.eval(frame)
        do { return try Operators.unary(operation, value) } catch { throw located(error) }
    }
}

/// `a < b`.
final class SingleComparisonNode: Node {
    let operation: ComparisonOperator
    let left: Node
    let right: Node
    let leftOperand: Operand
    let rightOperand: Operand

    init(_ operation: ComparisonOperator, _ left: Node, _ right: Node, _ span: Span, _ unit: CodeUnit) {
        self.operation = operation
        self.left = left
        self.right = right
        leftOperand = Operand(left)
        rightOperand = Operand(right)
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        if let x = leftOperand.int(frame), let y = rightOperand.int(frame), let result = ComparisonNode.integers(operation, x, y) { return .bool(result) }
        let (a, b) = (try left.eval(frame), try right.eval(frame))
        if case .int(let x) = a, case .int(let y) = b, let result = ComparisonNode.integers(operation, x, y) { return .bool(result) }
        do { return try Operators.compare(operation, a, b) } catch { throw located(error) }
    }
}

/// `a < b <= c`.
final class ComparisonNode: Node {
    let first: Node
    let rest: [(ComparisonOperator, Node)]

    init(_ first: Node, _ rest: [(ComparisonOperator, Node)], _ span: Span, _ unit: CodeUnit) {
        self.first = first
        self.rest = rest
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        var left = try first.eval(frame)
        var result = Value.bool(true)
        for (index, (operation, node)) in rest.enumerated() {
            let right = try node.eval(frame)
            if case .int(let a) = left, case .int(let b) = right, let quick = Self.integers(operation, a, b) {
                result = .bool(quick)
            } else {
                do { result = try Operators.compare(operation, left, right) } catch { throw located(error) }
            }
            if index == rest.count - 1 { return result }
            do { guard try Operators.truth(result) else { return result } } catch { throw located(error) }
            left = right
        }
        return result
    }

    @inline(__always)
    static func integers(_ operation: ComparisonOperator, _ a: Int, _ b: Int) -> Bool? {
        switch operation {
        case .equal: return a == b
        case .notEqual: return a != b
        case .less: return a < b
        case .lessEqual: return a <= b
        case .greater: return a > b
        case .greaterEqual: return a >= b
        case .isIn, .isNotIn: return nil
        }
    }
}

final class LogicalNode: Node {
    let isAnd: Bool
    let left: Node
    let right: Node

    init(isAnd: Bool, _ left: Node, _ right: Node, _ span: Span, _ unit: CodeUnit) {
        self.isAnd = isAnd
        self.left = left
        self.right = right
        super.init(span, unit)
    }

    /// As in Python the result is one of the operands.
    override func eval(_ frame: Frame) throws -> Value {
        let value = try left.eval(frame)
        return try left.truth(of: value) == isAnd ? try right.eval(frame) : value
    }
}

final class ConditionalNode: Node {
    let condition: Node
    let then: Node
    let otherwise: Node

    init(_ condition: Node, _ then: Node, _ otherwise: Node, _ span: Span, _ unit: CodeUnit) {
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value {
        let holds = try condition.test(frame)
        do { return holds ? try then.eval(frame) : try otherwise.eval(frame) } catch { throw noted(error, .branch(holds ? 0 : 1)) }
    }

    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        guard case .branch(let index) = try plan.next() else { throw plan.misfit }
        do { return try (index == 0 ? then : otherwise).resume(frame, plan) } catch { throw noted(error, .branch(index)) }
    }
}

extension Node {
    @inline(__always)
    final func truth(of value: Value) throws -> Bool {
        if case .bool(let result) = value { return result }
        do { return try Operators.truth(value) } catch { throw located(error) }
    }

    @inline(__always)
    final func test(_ frame: Frame) throws -> Bool { try truth(of: try eval(frame)) }
}
