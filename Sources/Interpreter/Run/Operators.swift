import BCLScript
import Foundation

/// Arithmetic and comparison of values. Integers are checked: what overflows or divides by zero is an error.
public enum Operators {
    public static func binary(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        switch (left, right) {
        case (.int(let a), .int(let b)): return try integers(operation, a, b)
        case (.float(let a), .float(let b)): return try floats(operation, a, b, left, right)
        case (.int(let a), .float(let b)): return try floats(operation, Double(a), b, left, right)
        case (.float(let a), .int(let b)): return try floats(operation, a, Double(b), left, right)
        case (.string(let a), .string(let b)) where operation == .add:
            try Limits.checkText(a.text.utf8.count + b.text.utf8.count)
            return .text(a.text + b.text)
        case (.list(let a), .list(let b)) where operation == .add:
            try Limits.checkElements(a.items.count + b.items.count)
            return .items(a.items + b.items)
        case (.string(let a), .int(let n)), (.int(let n), .string(let a)):
            guard operation == .multiply else { break }
            return .text(String(repeating: a.text, count: try repetitions(n, of: a.text.utf8.count, Limits.longestText, Limits.tooLongText)))
        case (.list(let a), .int(let n)), (.int(let n), .list(let a)):
            guard operation == .multiply else { break }
            let count = try repetitions(n, of: a.items.count, Limits.mostElements, Limits.tooManyElements)
            return .items(Array(repeatElement(a.items, count: count).joined()))
        case (.host(let a), _):
            if let result = try a.binary(operation, right, reversed: false) { return result }
            if case .host(let b) = right, let result = try b.binary(operation, left, reversed: true) { return result }
        case (_, .host(let b)):
            if let result = try b.binary(operation, left, reversed: true) { return result }
        default: break
        }
        throw mismatch(operation.rawValue, left, right)
    }

    /// Repetition may not be a way to fill the memory.
    private static func repetitions(_ count: Int, of length: Int, _ limit: Int, _ tooLarge: (Int) -> Failure) throws -> Int {
        guard count > 0, length > 0 else { return 0 }
        let (total, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow, total <= limit else { throw tooLarge(overflow ? Int.max : total) }
        return count
    }

    private static func integers(_ operation: BinaryOperator, _ a: Int, _ b: Int) throws -> Value {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = a.addingReportingOverflow(b)
        case .subtract: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .divide:
            guard b != 0 else { throw zero("division") }
            return .float(Double(a) / Double(b))
        case .floorDivide:
            guard b != 0 else { throw zero("division") }
            result = a.dividedReportingOverflow(by: b)
            if !result.overflow, a % b != 0, (a < 0) != (b < 0) { return .int(result.partialValue - 1) }
        case .remainder:
            guard b != 0 else { throw zero("remainder of a division") }
            if b == -1 { return .int(0) }  // Int.min % -1 traps
            let rest = a % b
            return .int(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
        case .power: return try power(a, b)
        case .matmul: throw mismatch("@", .int(a), .int(b))
        }
        guard !result.overflow else {
            throw Failure(.overflow, "the result of \(a) \(operation.rawValue) \(b) does not fit an int", hint: "make one side a float: \(a).0")
        }
        return .int(result.partialValue)
    }

    private static func power(_ a: Int, _ b: Int) throws -> Value {
        if b < 0 {
            guard a != 0 else { throw zero("negative power") }
            return .float(pow(Double(a), Double(b)))
        }
        var result = 1
        var base = a
        var exponent = b
        while exponent > 0 {
            if exponent & 1 == 1 {
                let (product, overflow) = result.multipliedReportingOverflow(by: base)
                if overflow { throw tooLarge(a, b) }
                result = product
            }
            exponent >>= 1
            if exponent > 0 {
                let (square, overflow) = base.multipliedReportingOverflow(by: base)
                if overflow { throw tooLarge(a, b) }
                base = square
            }
        }
        return .int(result)
    }

    private static func tooLarge(_ a: Int, _ b: Int) -> Failure {
        Failure(.overflow, "the result of \(a) ** \(b) does not fit an int", hint: "make one side a float: \(a).0")
    }

    private static func zero(_ what: String) -> Failure { Failure(.divisionByZero, "\(what) by zero") }

    private static func floats(_ operation: BinaryOperator, _ a: Double, _ b: Double, _ left: Value, _ right: Value) throws -> Value {
        switch operation {
        case .add: return .float(a + b)
        case .subtract: return .float(a - b)
        case .multiply: return .float(a * b)
        case .divide:
            guard b != 0 else { throw zero("division") }
            return .float(a / b)
        case .floorDivide:
            guard b != 0 else { throw zero("division") }
            return .float((a / b).rounded(.down))
        case .remainder:
            guard b != 0 else { throw zero("remainder of a division") }
            let rest = fmod(a, b)
            return .float(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
        case .power:
            let result = pow(a, b)
            if result.isNaN, !a.isNaN, !b.isNaN { throw Failure(.badValue, "a negative number has no real power \(Describer.float(b))") }
            return .float(result)
        case .matmul: throw mismatch("@", left, right)
        }
    }

    static func mismatch(_ sign: String, _ left: Value, _ right: Value) -> Failure {
        var hint: String?
        switch (sign, left, right) {
        case ("+", .string, _): hint = "put it into the string: \"{x}\", or use str(x)"
        case ("+", _, .string): hint = "put it into the string: \"{x}\", or use str(x)"
        case (_, .none, _), (_, _, .none): hint = "one side has no value; did a function not return one?"
        default: break
        }
        return Failure(.wrongType, "'\(sign)' does not work on \(left.phrase) and \(right.phrase)", hint: hint)
    }

    public static func unary(_ operation: UnaryOperator, _ value: Value) throws -> Value {
        switch (operation, value) {
        case (.minus, .int(let a)):
            guard a != Int.min else { throw Failure(.overflow, "the negative of \(a) does not fit an int") }
            return .int(-a)
        case (.minus, .float(let a)): return .float(-a)
        case (.plus, .int), (.plus, .float): return value
        case (.not, _): return .bool(!(try truth(value)))
        case (_, .host(let host)): if let result = try host.unary(operation) { return result }
        default: break
        }
        throw Failure(.wrongType, "'\(operation.rawValue)' does not work on \(value.phrase)")
    }

    public static func truth(_ value: Value) throws -> Bool {
        if case .bool(let result) = value { return result }
        guard let result = value.truth else {
            throw Failure(.wrongType, "\(value.phrase) of several elements is neither true nor false", hint: "use any(x) or all(x)")
        }
        return result
    }

    public static func compare(_ operation: ComparisonOperator, _ left: Value, _ right: Value) throws -> Value {
        switch operation {
        case .isIn: return .bool(try contains(right, left))
        case .isNotIn: return .bool(!(try contains(right, left)))
        default: break
        }
        if case .host(let a) = left, let result = try a.compare(operation, right, reversed: false) { return result }
        if case .host(let b) = right, let result = try b.compare(operation, left, reversed: true) { return result }
        switch operation {
        case .equal: return .bool(equal(left, right))
        case .notEqual: return .bool(!equal(left, right))
        default: return .bool(try ordered(operation, left, right))
        }
    }

    public static func equal(_ left: Value, _ right: Value) -> Bool { Equality.holds(left, right) }

    private static func ordered(_ operation: ComparisonOperator, _ left: Value, _ right: Value) throws -> Bool {
        switch (left, right) {
        case (.int(let a), .int(let b)): return test(operation, a, b)
        case (.float(let a), .float(let b)): return test(operation, a, b)
        case (.int(let a), .float(let b)): return test(operation, sign(a, b), 0)
        case (.float(let a), .int(let b)): return test(operation, 0, sign(b, a))
        case (.string(let a), .string(let b)): return test(operation, a.text, b.text)
        case (.list(let a), .list(let b)):
            guard let (x, y) = Equality.firstDifference(a, b) else { return test(operation, 0, 0) }
            if case .list(let x) = x, case .list(let y) = y { return test(operation, x.items.count, y.items.count) }
            return try ordered(operation, x, y)
        default: throw mismatch(operation.rawValue, left, right)
        }
    }

    /// -1, 0 or 1 as the int is less, equal or greater, without rounding it; not a number where the float is none.
    private static func sign(_ a: Int, _ b: Double) -> Double {
        guard let whole = Int(exactly: b.rounded(.down)) else { return Double(a) < b ? -1 : Double(a) > b ? 1 : .nan }
        return a < whole ? -1 : a > whole ? 1 : b > b.rounded(.down) ? -1 : 0
    }

    private static func test<T: Comparable>(_ operation: ComparisonOperator, _ a: T, _ b: T) -> Bool {
        switch operation {
        case .less: return a < b
        case .lessEqual: return a <= b
        case .greater: return a > b
        default: return a >= b
        }
    }

    public static func contains(_ container: Value, _ item: Value) throws -> Bool {
        switch (container, item) {
        case (.list(let list), _): return list.items.contains { equal($0, item) }
        case (.record(let record), .string(let key)): return record.entries[key.text] != nil
        case (.record, _): return false
        case (.string(let text), .string(let part)): return part.text.isEmpty || text.text.contains(part.text)
        case (.host(let host), _):
            if let result = try host.contains(item) { return result }
            if let next = try host.makeIterator() {
                while let element = try next() { if equal(element, item) { return true } }
                return false
            }
        default: break
        }
        throw mismatch("in", item, container)
    }
}
