import BCLScript

class BinaryNode: Node {
    let left: Node
    let right: Node
    let operation: BinaryOperator

    init(_ operation: BinaryOperator, _ left: Node, _ right: Node, _ span: Span, _ unit: CodeUnit) {
        self.operation = operation
        self.left = left
        self.right = right
        super.init(span, unit)
    }

    override func eval(_ frame: Frame) throws -> Value { try slow(try left.eval(frame), try right.eval(frame)) }

    @inline(never)
    final func slow(_ a: Value, _ b: Value) throws -> Value {
        do { return try Operators.binary(operation, a, b) } catch { throw located(error) }
    }
}

/// The operators of inner loops get a class of their own, with the number cases in line.
final class AddNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value {
        let a = try left.eval(frame)
        let b = try right.eval(frame)
        if case .int(let x) = a, case .int(let y) = b {
            let (sum, overflow) = x.addingReportingOverflow(y)
            if !overflow { return .int(sum) }
        } else if case .float(let x) = a, case .float(let y) = b {
            return .float(x + y)
        }
        return try slow(a, b)
    }
}

final class SubtractNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value {
        let a = try left.eval(frame)
        let b = try right.eval(frame)
        if case .int(let x) = a, case .int(let y) = b {
            let (difference, overflow) = x.subtractingReportingOverflow(y)
            if !overflow { return .int(difference) }
        } else if case .float(let x) = a, case .float(let y) = b {
            return .float(x - y)
        }
        return try slow(a, b)
    }
}

final class MultiplyNode: BinaryNode {
    override func eval(_ frame: Frame) throws -> Value {
        let a = try left.eval(frame)
        let b = try right.eval(frame)
        if case .int(let x) = a, case .int(let y) = b {
            let (product, overflow) = x.multipliedReportingOverflow(by: y)
            if !overflow { return .int(product) }
        } else if case .float(let x) = a, case .float(let y) = b {
            return .float(x * y)
        }
        return try slow(a, b)
    }
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

/// `a < b`, `a < b <= c`.
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
        try condition.test(frame) ? try then.eval(frame) : try otherwise.eval(frame)
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
