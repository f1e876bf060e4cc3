import BCLScript

/// Values for a script's `param`s that come from outside (`--set lr=0.1`), as text.
public final class Settings {
    public var texts: [String: String] = [:]
    /// What each `param` was in the last run, in order: the configuration to record.
    public var used: [(name: String, value: Value)] = []

    /// Reads a text as the kind of value that the default is.
    static func parse(_ text: String, like standard: Value) -> Value? {
        switch standard {
        case .string: return .text(text)
        case .bool: return text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .int: return Int(text).map { .int($0) }
        case .float: return Double(text).flatMap { $0.isNaN ? nil : .float($0) }
        case .none: return Int(text).map { .int($0) } ?? Double(text).map { .float($0) } ?? (text == "none" ? Value.none : .text(text))
        case .list(let list):
            let inner = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
            if inner.allSatisfy(\.isWhitespace) { return .items([]) }
            let parts = inner.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
            let items = parts.map { parse($0, like: list.items.first ?? .none) }
            return items.contains { $0 == nil } ? nil : .items(items.compactMap { $0 })
        default: return nil
        }
    }

    func value(of name: String, standard: Value) throws -> Value {
        guard let text = texts[name] else { return standard }
        guard let value = Self.parse(text, like: standard) else {
            throw Failure(.badParameterValue, "'\(name)' is set to '\(text)' from outside, but its default is \(standard.phrase)",
                          hint: "give it a value like \(Describer.string(standard, quoted: true))")
        }
        return value
    }
}

extension Substring {
    var trimmed: String {
        var view = self
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }
}

final class ParamStep: Step {
    let name: Identifier
    let place: Place
    let node: Node
    let settings: Settings

    init(_ name: Identifier, _ place: Place, _ node: Node, _ settings: Settings, _ span: Span, _ unit: CodeUnit) {
        self.name = name
        self.place = place
        self.node = node
        self.settings = settings
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        let standard = try node.eval(frame)
        do {
            let value = try settings.value(of: name.text, standard: standard)
            settings.used.removeAll { $0.name == name.text }
            settings.used.append((name.text, value))
            place.declare(value, frame, unit.globals)
        } catch { throw unit.located(error, name.span) }
        return .next
    }
}
