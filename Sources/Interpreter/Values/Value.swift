import BCLScript

/// Any value of the language. Nine bytes, so that numbers travel in registers; everything larger is an object.
public enum Value {
    /// No value yet: a global before its `let` has run, or an argument that was left out. Never seen by scripts.
    case unset
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(StringValue)
    case list(ListValue)
    case record(RecordValue)
    /// Functions, ranges, and all that the host brings: tensors, networks, benchmarks, learners.
    case host(HostValue)
    /// A variable that an inner function shares. Lives in frame slots only.
    case cell(Cell)

    public static func text(_ text: String) -> Value { .string(StringValue(text)) }
    public static func items(_ items: [Value]) -> Value { .list(ListValue(items)) }

    /// What messages call it: "int", "list", "tensor".
    public var typeName: String {
        switch self {
        case .unset, .none: return "none"
        case .bool: return "bool"
        case .int: return "int"
        case .float: return "float"
        case .string: return "string"
        case .list: return "list"
        case .record: return "record"
        case .host(let value): return value.typeName
        case .cell(let cell): return cell.value.typeName
        }
    }

    /// With an article, for sentences: "an int".
    public var phrase: String {
        if case .none = self { return "none" }
        let name = typeName
        return ("aeiou".contains(name.first ?? "x") ? "an " : "a ") + name
    }

    /// As in Python: zero, none and what is empty are false. nil where a value has no truth (a tensor of many elements).
    public var truth: Bool? {
        switch self {
        case .unset, .none: return false
        case .bool(let value): return value
        case .int(let value): return value != 0
        case .float(let value): return value != 0
        case .string(let value): return !value.text.isEmpty
        case .list(let value): return !value.items.isEmpty
        case .record(let value): return !value.entries.isEmpty
        case .host(let value): return value.truth
        case .cell(let cell): return cell.value.truth
        }
    }

    var isOutput: Bool {
        if case .host(let host) = self { return host.isOutput }
        return false
    }

    var isList: Bool {
        if case .list = self { return true }
        return false
    }

    var isUnset: Bool {
        if case .unset = self { return true }
        return false
    }
}

public final class StringValue {
    public let text: String
    public init(_ text: String) { self.text = text }
}

public final class ListValue {
    public var items: [Value]
    public init(_ items: [Value]) { self.items = items }

    deinit {
        guard items.contains(where: Dismantling.holdsOthers) else { return }
        Dismantling.free(&items)
    }
}

public final class Cell {
    public var value: Value
    public init(_ value: Value) { self.value = value }

    deinit {
        guard Dismantling.holdsOthers(value) else { return }
        var taken = [value]
        value = .none
        Dismantling.free(&taken)
    }
}
