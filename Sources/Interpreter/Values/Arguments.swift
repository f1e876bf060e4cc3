import BCLScript

/// What a call passes, in the order of the signature's parameters. All builtins unpack through it, so that all say the same when a type is wrong.
public struct Arguments {
    public let signature: Signature
    public let values: [Value]

    public init(_ signature: Signature, _ values: [Value]) {
        self.signature = signature
        self.values = values
    }

    /// Arranges positional and named values by the signature's parameters.
    public static func bind(_ signature: Signature, positional: [Value], named: [(String, Value)]) throws -> Arguments {
        if named.isEmpty {
            let plain = signature.parameters.count - 1
            if !signature.isVariadic, positional.count == plain + 1 { return Arguments(signature, positional) }
            if signature.isVariadic, plain == 0 { return Arguments(signature, [.items(positional)]) }
        }
        if let problem = signature.problem(positional: positional.count, keywords: named.map(\.0)) {
            throw Failure(problem.code, problem.message, hint: problem.hint)
        }
        let plain = signature.isVariadic ? signature.parameters.count - 1 : signature.parameters.count
        var values = Array(positional.prefix(plain))
        values += repeatElement(.unset, count: signature.parameters.count - values.count)
        if plain < signature.parameters.count { values[plain] = .items(Array(positional.dropFirst(plain))) }
        for (name, value) in named { if let index = signature.index(of: name) { values[index] = value } }
        return Arguments(signature, values)
    }

    public subscript(_ index: Int) -> Value { index < values.count ? values[index] : .unset }
    public func has(_ index: Int) -> Bool { !self[index].isUnset }

    public func name(_ index: Int) -> String { index < signature.parameters.count ? signature.parameters[index].name : "argument \(index + 1)" }

    /// The error for an argument of the wrong kind.
    public func wrong(_ index: Int, wanted: String) -> Failure {
        Failure(.wrongType, "'\(name(index))' of \(signature.name) must be \(wanted), not \(self[index].phrase)", hint: "its signature is \(signature.description)", argument: place(index))
    }

    /// The error for an argument of the right kind with a value that makes no sense.
    public func bad(_ index: Int, _ why: String, hint: String? = nil) -> Failure {
        Failure(.badValue, "'\(name(index))' of \(signature.name) \(why)", hint: hint, argument: place(index))
    }

    private func place(_ index: Int) -> Failure.Argument { Failure.Argument(signature: signature, index: index) }

    // MARK: - Typed access

    public func int(_ index: Int, default standard: Int? = nil, in range: ClosedRange<Int>? = nil) throws -> Int {
        let value: Int
        switch self[index] {
        case .unset where standard != nil: return standard!
        case .int(let number): value = number
        case .float(let number) where number.rounded() == number && abs(number) < 1e15:
            throw Failure(.wrongType, "'\(name(index))' of \(signature.name) must be an int, not a float", hint: "write \(Int(number)), or int(x)", argument: place(index))
        default: throw wrong(index, wanted: "an int")
        }
        if let range, !range.contains(value) { throw bad(index, Self.outside(range, value)) }
        return value
    }

    private static func outside(_ range: ClosedRange<Int>, _ value: Int) -> String {
        if range.upperBound == Int.max { return "must be at least \(range.lowerBound), not \(value)" }
        return "must be from \(range.lowerBound) to \(range.upperBound), not \(value)"
    }

    public func optionalInt(_ index: Int, in range: ClosedRange<Int>? = nil) throws -> Int? {
        switch self[index] {
        case .unset, .none: return nil
        default: return try int(index, in: range)
        }
    }

    public func double(_ index: Int, default standard: Double? = nil) throws -> Double {
        switch self[index] {
        case .unset where standard != nil: return standard!
        case .int(let number): return Double(number)
        case .float(let number): return number
        case .host(let value):
            if let number = try value.number() { return number }
            throw wrong(index, wanted: "a number")
        default: throw wrong(index, wanted: "a number")
        }
    }

    public func string(_ index: Int, default standard: String? = nil) throws -> String {
        switch self[index] {
        case .unset where standard != nil: return standard!
        case .string(let value): return value.text
        default: throw wrong(index, wanted: "a string")
        }
    }

    public func bool(_ index: Int, default standard: Bool? = nil) throws -> Bool {
        switch self[index] {
        case .unset where standard != nil: return standard!
        case .bool(let value): return value
        default: throw wrong(index, wanted: "true or false")
        }
    }

    public func list(_ index: Int) throws -> [Value] {
        guard case .list(let value) = self[index] else { throw wrong(index, wanted: "a list") }
        return value.items
    }

    public func record(_ index: Int) throws -> RecordValue {
        guard case .record(let value) = self[index] else { throw wrong(index, wanted: "a record") }
        return value
    }

    public func callable(_ index: Int) throws -> Callable {
        guard case .host(let value) = self[index], let callable = value as? Callable else { throw wrong(index, wanted: "a function") }
        return callable
    }

    /// A host value of a certain class.
    public func host<T: HostValue>(_ index: Int, _ type: T.Type, _ wanted: String) throws -> T {
        guard case .host(let value) = self[index], let result = value as? T else { throw wrong(index, wanted: wanted) }
        return result
    }
}
