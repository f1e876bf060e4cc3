import BCLScript
import Foundation

/// Python's format mini-language for values in strings.
enum Formatting {
    static func apply(_ spec: FormatSpec, to value: Value) throws -> String {
        if spec == FormatSpec() { return Describer.string(value) }
        let body: String
        var isNumber = true
        switch (spec.type, value) {
        case (nil, .int), ("d", .int): body = grouped(String(try integer(value)), spec)
        case ("x", .int): body = String(try integer(value), radix: 16)
        case ("d", .float(let number)) where number.rounded() == number && abs(number) < 1e15: body = grouped(String(Int(number)), spec)
        case ("d", _), ("x", _): throw Failure(.badFormat, "the format '\(spec.type!)' needs an int, not \(value.phrase)")
        case ("f", _), ("e", _), ("g", _), ("%", _): body = try real(value, spec)
        case (nil, .float(let number)): body = spec.precision == nil ? grouped(Describer.float(number), spec) : try real(value, spec)
        case (nil, .host(let host)) where spec.precision != nil:
            guard try host.number() != nil else { fallthrough }
            body = try real(value, spec)
        case ("s", _), (nil, _):
            var text = Describer.string(value)
            if let precision = spec.precision { text = String(text.prefix(precision)) }
            body = text
            isNumber = false
        default: throw Failure(.badFormat, "this format does not fit \(value.phrase)")
        }
        return pad(isNumber ? signed(body, spec) : body, spec, isNumber)
    }

    private static func integer(_ value: Value) throws -> Int {
        if case .int(let number) = value { return number }
        throw Failure(.badFormat, "this format needs an int, not \(value.phrase)")
    }

    private static func real(_ value: Value, _ spec: FormatSpec) throws -> String {
        let number: Double
        switch value {
        case .int(let value): number = Double(value)
        case .float(let value): number = value
        case .bool(let value): number = value ? 1 : 0
        case .none: return "none"  // a metric that is not defined yet
        case .host(let host):
            guard let value = try host.number() else { fallthrough }
            number = value
        default: throw Failure(.badFormat, "the format '\(spec.type.map(String.init) ?? "")' needs a number, not \(value.phrase)")
        }
        guard number.isFinite else { return Describer.float(number) }
        let precision = spec.precision ?? 6
        switch spec.type {
        case "e": return String(format: "%.\(precision)e", number)
        case "g", nil: return grouped(String(format: "%.\(max(1, precision))g", number), spec)
        case "%": return grouped(String(format: "%.\(precision)f", number * 100), spec) + "%"
        default: return grouped(String(format: "%.\(precision)f", number), spec)
        }
    }

    private static func grouped(_ text: String, _ spec: FormatSpec) -> String {
        guard spec.grouping else { return text }
        let sign = text.hasPrefix("-") ? "-" : ""
        let rest = text.dropFirst(sign.count)
        let whole = rest.prefix { $0.isNumber }
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return sign + result + rest.dropFirst(whole.count)
    }

    private static func signed(_ text: String, _ spec: FormatSpec) -> String {
        spec.sign == "-" || text.hasPrefix("-") ? text : String(spec.sign) + text
    }

    private static func pad(_ text: String, _ spec: FormatSpec, _ isNumber: Bool) -> String {
        let missing = spec.width - displayWidth(text)
        guard missing > 0 else { return text }
        if spec.zeroPadded, spec.align == nil, isNumber {
            let sign = text.first.map { "+- ".contains($0) } == true ? String(text.first!) : ""
            return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
        }
        let fill = { (count: Int) in String(repeating: spec.fill, count: count) }
        switch spec.align ?? (isNumber ? ">" : "<") {
        case "<": return text + fill(missing)
        case "^": return fill(missing / 2) + text + fill(missing - missing / 2)
        default: return fill(missing) + text
        }
    }
}
