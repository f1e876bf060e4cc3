import BCLScript
import Foundation

/// Writes values as text, as `print` and the prompt show them. Bounded in depth and length, so that a list that holds itself ends.
public struct Describer {
    public private(set) var text = ""
    /// Strings with quotes, as inside a list.
    public var quoted: Bool
    private var depth = 0
    private let mostItems: Int
    private static let deepest = 20

    public init(quoted: Bool = false, mostItems: Int = 1000) {
        self.quoted = quoted
        self.mostItems = mostItems
    }

    public static func string(_ value: Value, quoted: Bool = false) -> String {
        var describer = Describer(quoted: quoted)
        describer.write(value)
        return describer.text
    }

    public mutating func write(_ part: String) { text += part }

    public mutating func write(_ value: Value) {
        switch value {
        case .unset, .none: text += "none"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .float(let value): text += Self.float(value)
        case .string(let value): text += quoted ? Self.quote(value.text) : value.text
        case .list(let list): write(list.items, between: "[", "]")
        case .record(let record): write(record)
        case .host(let value): value.describe(&self)
        case .cell(let cell): write(cell.value)
        }
    }

    public mutating func write(_ items: [Value], between open: String, _ close: String) {
        nested(open + "..." + close) { describer in
            describer.text += open
            for (index, item) in items.prefix(describer.mostItems).enumerated() {
                if index > 0 { describer.text += ", " }
                if describer.isFull { break }
                describer.write(item)
            }
            if items.count > describer.mostItems { describer.text += ", ... (\(items.count) in all)" }
            describer.text += close
        }
    }

    private mutating func write(_ record: RecordValue) {
        nested("{...}") { describer in
            describer.text += "{"
            for (index, (key, value)) in record.entries.enumerated() {
                if index > 0 { describer.text += ", " }
                if describer.isFull { break }
                describer.text += Self.quote(key) + ": "
                describer.write(value)
            }
            describer.text += "}"
        }
    }

    /// Lists that share parts can have a text that is exponentially larger than they are.
    private var isFull: Bool { text.utf8.count > Limits.longestDescription }

    private mutating func nested(_ short: String, _ body: (inout Describer) -> Void) {
        guard depth < Self.deepest else {
            text += short
            return
        }
        let outer = quoted
        quoted = true
        depth += 1
        body(&self)
        depth -= 1
        quoted = outer
    }

    /// The shortest text that reads back as the same number, with a mark that it is no integer.
    public static func float(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return value.description
    }

    public static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\\", "\"", "{", "}": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
