import BCLScript
import Engine
import Figures
import Interpreter

/// A tensor as a value of the language.
final class TensorValue: HostValue {
    let tensor: Tensor
    /// Of logits of several heads: the columns that some of them lack.
    let gaps: Loss.Gaps?

    init(_ tensor: Tensor, gaps: Loss.Gaps? = nil) { (self.tensor, self.gaps) = (tensor, gaps) }

    static func value(_ tensor: Tensor) -> Value { .host(TensorValue(tensor)) }

    override var typeName: String { "tensor" }
    override var members: MemberTable { TensorMembers.table }

    override func describe(_ describer: inout Describer) { describer.write(TensorText.text(tensor)) }

    /// Its elements, and below them type, shape, place and statistics.
    override func figure() throws -> Figure? {
        .text("\(try TensorText.body(tensor))\n\(tensor.summary) on \(tensor.device)  \(try TensorStatistics.text(tensor))")
    }

    // MARK: - Elements

    override func length() throws -> Int? {
        guard let first = tensor.shape.first else { throw Failure(.wrongType, "a tensor of one number has no length") }
        return first
    }

    override func makeIterator() throws -> ValueIterator? {
        guard let count = tensor.shape.first else { return nil }
        var next = 0
        return { [tensor] in
            guard next < count else { return nil }
            next += 1
            return TensorValue.value(try tensor.select(0, next - 1))
        }
    }

    override func index(_ items: [IndexValue]) throws -> Value? { Self.value(try TensorIndexing.get(tensor, items)) }

    override func setIndex(_ items: [IndexValue], to value: Value) throws -> Bool {
        try TensorIndexing.set(tensor, items, to: value)
        return true
    }

    override func number() throws -> Double? { tensor.count == 1 ? try tensor.item() : nil }
    override var truth: Bool? { tensor.count == 1 ? (try? tensor.item()).map { $0 != 0 } : nil }
    override func isEqual(to other: HostValue) -> Bool {
        guard let other = other as? TensorValue else { return false }
        return (try? tensor.isEqual(to: other.tensor)) ?? false
    }

    // MARK: - Operators

    override func binary(_ operation: BinaryOperator, _ other: Value, reversed: Bool) throws -> Value? {
        if case .host(let host) = other, let right = (host as? TensorValue)?.tensor {
            let (a, b) = reversed ? (right, tensor) : (tensor, right)
            switch operation {
            case .add: return Self.value(try a.add(b))
            case .subtract: return Self.value(try a.sub(b))
            case .multiply: return Self.value(try a.mul(b))
            case .divide: return Self.value(try a.div(b))
            case .floorDivide: return Self.value(try a.floorDivide(b))
            case .remainder: return Self.value(try a.remainder(b))
            case .power: return Self.value(try a.pow(b))
            case .matmul: return Self.value(try a.matmul(b))
            }
        }
        guard let scalar = Self.scalar(other) else { return nil }
        switch operation {
        case .add: return Self.value(try tensor.add(scalar))
        case .multiply: return Self.value(try tensor.mul(scalar))
        case .subtract: return Self.value(reversed ? try tensor.subtracted(from: scalar) : try tensor.sub(scalar))
        case .divide: return Self.value(reversed ? try tensor.dividing(scalar) : try tensor.div(scalar))
        case .power: return Self.value(reversed ? try tensor.exponent(of: scalar) : try tensor.pow(scalar))
        case .floorDivide: return reversed ? nil : Self.value(try tensor.floorDivide(scalar))
        case .remainder: return reversed ? nil : Self.value(try tensor.remainder(scalar))
        case .matmul: return nil
        }
    }

    override func compare(_ operation: ComparisonOperator, _ other: Value, reversed: Bool) throws -> Value? {
        if case .host(let host) = other, let right = (host as? TensorValue)?.tensor {
            let (a, b) = reversed ? (right, tensor) : (tensor, right)
            switch operation {
            case .equal: return Self.value(try a.eq(b))
            case .notEqual: return Self.value(try a.ne(b))
            case .less: return Self.value(try a.lt(b))
            case .lessEqual: return Self.value(try a.le(b))
            case .greater: return Self.value(try a.gt(b))
            case .greaterEqual: return Self.value(try a.ge(b))
            case .isIn, .isNotIn: return nil
            }
        }
        guard let scalar = Self.scalar(other) else { return nil }
        switch operation {
        case .equal: return Self.value(try tensor.eq(scalar))
        case .notEqual: return Self.value(try tensor.ne(scalar))
        case .less: return Self.value(reversed ? try tensor.gt(scalar) : try tensor.lt(scalar))
        case .lessEqual: return Self.value(reversed ? try tensor.ge(scalar) : try tensor.le(scalar))
        case .greater: return Self.value(reversed ? try tensor.lt(scalar) : try tensor.gt(scalar))
        case .greaterEqual: return Self.value(reversed ? try tensor.le(scalar) : try tensor.ge(scalar))
        case .isIn, .isNotIn: return nil
        }
    }

    override func unary(_ operation: UnaryOperator) throws -> Value? {
        switch operation {
        case .minus: return Self.value(try tensor.neg())
        case .plus: return .host(self)
        case .not: return nil
        }
    }

    static func scalar(_ value: Value) -> Scalar? {
        switch value {
        case .int(let number): return .int(number)
        case .float(let number): return .float(number)
        case .bool(let flag): return .int(flag ? 1 : 0)
        default: return nil
        }
    }
}
