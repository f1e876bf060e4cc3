import BCLScript
import Foundation

/// Functions of numbers. Where a host value (a tensor) is passed, its own method of the same name is used.
enum NumberBuiltins {
    static var all: [Builtin] {
        [
            unary("sqrt", "The square root, element by element for a tensor.", "assert sqrt(9) == 3.0") { $0 < 0 ? nil : $0.squareRoot() },
            unary("exp", "e to the power of x, element by element for a tensor.", "assert exp(0) == 1.0") { Foundation.exp($0) },
            unary("log", "The natural logarithm, element by element for a tensor.", "assert log(1) == 0.0") { $0 <= 0 ? nil : Foundation.log($0) },
            unary("tanh", "The hyperbolic tangent, element by element for a tensor.", "assert tanh(0) == 0.0") { Foundation.tanh($0) },
            Builtin("abs", [required("x")], topic: "numbers", doc: "The absolute value, element by element for a tensor.", example: "assert abs(-2) == 2") { arguments, evaluator in
                switch arguments[0] {
                case .int(let value):
                    guard value != Int.min else { throw Failure(.overflow, "the absolute value of \(value) does not fit an int") }
                    return .int(Swift.abs(value))
                case .float(let value): return .float(Swift.abs(value))
                default: return try ofHost("abs", arguments, evaluator)
                }
            },
            Builtin("round", [required("x"), optional("digits", "0")], topic: "numbers", doc: "The nearest int, or the nearest float with so many digits behind the point; halves go to the even neighbour.",
                    example: "assert round(2.6) == 3 and round(3.14159, 2) == 3.14") { arguments, evaluator in
                if case .host(let host) = arguments[0], try host.number() == nil { return try ofHost("round", arguments, evaluator) }
                let value = try arguments.double(0)
                if let digits = try arguments.optionalInt(1, in: 0...15) {
                    return .float(Double(String(format: "%.\(digits)f", value)) ?? value)
                }
                guard let result = Int(exactly: value.rounded(.toNearestOrEven)) else { throw arguments.bad(0, "does not fit an int: \(Describer.float(value))") }
                return .int(result)
            },
            Builtin("min", [variadic("values")], topic: "numbers", doc: "The smallest of several values, or of one list's elements.", example: "assert min(3, 1, 2) == 1") { arguments, evaluator in
                try extreme("min", .less, arguments, evaluator)
            },
            Builtin("max", [variadic("values")], topic: "numbers", doc: "The largest of several values, or of one list's elements.", example: "assert max([3, 1, 2]) == 3") { arguments, evaluator in
                try extreme("max", .greater, arguments, evaluator)
            },
            Builtin("sum", [required("xs")], topic: "numbers", doc: "The sum of a list's elements, or of all elements of a tensor.", example: "assert sum([1, 2, 3]) == 6") { arguments, evaluator in
                if let result = try memberResult("sum", arguments[0], evaluator) { return result }
                return try CoreBuiltins.elements(arguments[0]).reduce(.int(0)) { try Operators.binary(.add, $0, $1) }
            },
            Builtin("mean", [required("xs")], topic: "numbers", doc: "The mean of a list's elements, or of all elements of a tensor.", example: "assert mean([1, 2, 3]) == 2.0") { arguments, evaluator in
                if let result = try memberResult("mean", arguments[0], evaluator) { return result }
                let items = try CoreBuiltins.elements(arguments[0])
                guard !items.isEmpty else { throw arguments.bad(0, "is empty: there is no mean") }
                return try Operators.binary(.divide, try items.reduce(.int(0)) { try Operators.binary(.add, $0, $1) }, .int(items.count))
            },
            Builtin("any", [required("xs")], returns: "bool", topic: "numbers", doc: "Whether at least one element is true.", example: "assert any([false, true])") { arguments, evaluator in
                if let result = try memberResult("any", arguments[0], evaluator) { return result }
                return .bool(try CoreBuiltins.elements(arguments[0]).contains { try Operators.truth($0) })
            },
            Builtin("all", [required("xs")], returns: "bool", topic: "numbers", doc: "Whether all elements are true.", example: "assert all([true, 1])") { arguments, evaluator in
                if let result = try memberResult("all", arguments[0], evaluator) { return result }
                return .bool(try CoreBuiltins.elements(arguments[0]).allSatisfy { try Operators.truth($0) })
            },
        ]
    }

    private static func unary(_ name: String, _ doc: String, _ example: String, _ f: @escaping (Double) -> Double?) -> Builtin {
        Builtin(name, [required("x")], topic: "numbers", doc: doc, example: example) { arguments, evaluator in
            if case .host = arguments[0] { return try ofHost(name, arguments, evaluator) }
            let value = try arguments.double(0)
            guard let result = f(value) else { throw arguments.bad(0, "is \(Describer.float(value)), for which \(name) is not defined") }
            return .float(result)
        }
    }

    private static func ofHost(_ name: String, _ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        if let result = try memberResult(name, arguments[0], evaluator) { return result }
        throw arguments.wrong(0, wanted: "a number")
    }

    /// The host value's own method of that name, called without arguments.
    private static func memberResult(_ name: String, _ value: Value, _ evaluator: Evaluator) throws -> Value? {
        guard case .host(let host) = value, case .method(let signature, let run)? = host.members.members[name]?.action else { return nil }
        return try run(value, try Arguments.bind(signature, positional: [], named: []), evaluator)
    }

    private static func extreme(_ name: String, _ operation: ComparisonOperator, _ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        var values = try arguments.list(0)
        if values.count == 1 {
            if let result = try memberResult(name, values[0], evaluator) { return result }
            values = try CoreBuiltins.elements(values[0])
        }
        guard var best = values.first else { throw Failure(.badValue, "\(name) of nothing is not defined") }
        for value in values.dropFirst() where try Operators.truth(try Operators.compare(operation, value, best)) { best = value }
        return best
    }
}
