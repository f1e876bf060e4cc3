import Foundation

/// A parameter's value, as far as JSON has a form for it; networks, benchmarks and numbers that are not finite are their text.
public enum RunValue: Codable, Equatable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    case list([RunValue])
    case record([String: RunValue])

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() { self = .none }
        else if let value = try? container.decode(Bool.self) { self = .bool(value) }
        else if let value = try? container.decode(Int.self) { self = .int(value) }
        else if let value = try? container.decode(Double.self) { self = .double(value) }
        else if let value = try? container.decode(String.self) { self = .text(value) }
        else if let value = try? container.decode([RunValue].self) { self = .list(value) }
        else { self = .record(try container.decode([String: RunValue].self)) }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): if value.isFinite { try container.encode(value) } else { try container.encode("\(value)") }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .record(let values): try container.encode(values)
        }
    }

    /// For JSONSerialization.
    public var json: Any {
        switch self {
        case .none: return NSNull()
        case .bool(let value): return value
        case .int(let value): return value
        case .double(let value): return value.isFinite ? value : "\(value)"
        case .text(let value): return value
        case .list(let values): return values.map(\.json)
        case .record(let values): return values.mapValues(\.json)
        }
    }

    /// What a filter compares, where that is a number.
    public var number: Double? {
        switch self {
        case .int(let value): return Double(value)
        case .double(let value): return value
        default: return nil
        }
    }

    /// What a table shows and a filter compares.
    public var text: String {
        switch self {
        case .none: return "none"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return "\(value)"
        case .double(let value): return Self.short(value)
        case .text(let value): return value
        case .list(let values): return "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .record(let values): return "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    private static func short(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") && abs(value) < 1e15 ? String(text.dropLast(2)) : text
    }
}
