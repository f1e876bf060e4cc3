import BCLScript
import Interpreter

/// Help as text for a terminal: about a name, a topic, or what there is.
public struct HelpPages {
    private let session: Session
    private let help: Help

    private let width: Int

    /// - Parameter width: columns that a line may take.
    public init(_ session: Session, width: Int = 100) {
        self.session = session
        self.width = max(30, width)
        help = Help(session)
    }

    private var registry: Registry { session.registry }

    // MARK: - Overview

    /// What there is, by topic: functions, methods, types.
    public var topics: String {
        var rows = Reference.topics(of: registry).map { topic in (topic, registry.builtins.values.filter { $0.topic == topic }.map(\.name).sorted()) }
        rows.append(("methods", session.loader.library.files.keys.sorted()))
        rows.append(("types", Reference.types.map(\.type)))
        rows.append(("events", registry.events.keys.sorted()))
        rows.append(("language", Keyword.allCases.map(\.rawValue).filter { help.keyword($0) != nil } + KeywordHelp.contextual.keys.sorted()))
        let widest = rows.map { $0.0.count }.max() ?? 0
        let lines = rows.map { topic, names in Self.wrapped(topic + String(repeating: " ", count: widest - topic.count + 2), names.joined(separator: ", "), width: width) }
        return lines.joined(separator: "\n") + "\n\n'help TOPIC' tells about each of its names, 'help NAME' about one."
    }

    public var topicNames: [String] { Reference.topics(of: registry) + ["methods", "types", "events", "topics"] }

    /// A text in lines below each other, behind a head on the first.
    public static func wrapped(_ head: String, _ text: String, width: Int = 100) -> String {
        var lines = [head]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count > width, lines[lines.count - 1].count > head.count { lines.append(String(repeating: " ", count: head.count)) }
            lines[lines.count - 1] += word + " "
        }
        return lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n")
    }

    // MARK: - A name

    /// What is known of a name: of the session, the library, the language; of a topic, a type, a member (`tensor.sum`, or of a value: `me.acc`). nil for none.
    public func page(for name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        if parts.count == 2 { return member(parts[1], of: parts[0]) }
        guard parts.count == 1 else { return nil }
        if let own = sessionName(name) { return own }
        if let entry = help.entry(for: name) { return text(entry) + examplesHint(name) }
        if let entry = help.event(name) ?? help.keyword(name) { return text(entry) }
        if let topic = topic(name) { return topic }
        if let (_, table) = Reference.types.first(where: { $0.type == name }) { return members(table, of: name) }
        guard let entry = help.entry(forMember: name) else { return nil }
        return text(entry)
    }

    /// "did you mean 'x'?" for a name that nothing is known of.
    public func suggestion(for name: String) -> String? {
        var known: [String] = Array(registry.builtins.keys) + Array(session.loader.library.files.keys) + Array(session.scope.variables.keys)
        known += topicNames + Array(registry.events.keys)
        for (type, table) in Reference.types { known += [type] + table.names }
        return Suggestion.nearest(to: name, among: known).map { "did you mean '\($0)'?" }
    }

    private func sessionName(_ name: String) -> String? {
        guard let variable = session.scope.variables[name] else { return nil }
        guard let value = session.value(of: name) else { return text(help.entry(for: variable, documentation: documentation(of: variable))) }
        switch variable.kind {
        case .function, .method: return text(help.entry(for: variable, documentation: documentation(of: variable)))
        default: break
        }
        if case .host(let host) = value, let builtin = host as? Builtin { return help.entry(for: builtin.name).map(text) }
        let table = Reference.types.first { $0.type == value.typeName }?.table
        let shown = "\(name): \(value.typeName)\n  \(LiveValues.summary(value))"
        return shown + (table.map { "\n\n" + members($0, of: value.typeName) } ?? "")
    }

    private func documentation(of variable: Variable) -> String? {
        help.documentation(of: variable) ?? Parser.parse(variable.source, verbs: registry.verbs).program.documentation(above: variable.identifier.span)
    }

    private func member(_ name: String, of owner: String) -> String? {
        let type = session.scope.variables[owner] != nil ? session.value(of: owner)?.typeName : owner
        guard let type, Reference.types.contains(where: { $0.type == type }) else { return nil }
        return help.entry(forMember: name, of: type).map(text)
    }

    private func members(_ table: MemberTable, of type: String) -> String {
        let rows = table.names.compactMap { table.members[$0] }.map { ($0.form, $0.doc) }
        return "members of a \(type):\n" + listed(rows)
    }

    private func topic(_ name: String) -> String? {
        var rows = registry.builtins.values.filter { $0.topic == name }.sorted { $0.name < $1.name }.map { ($0.verb?.description ?? $0.signature.description, $0.doc) }
        if name == "methods" { rows = session.loader.library.files.keys.sorted().map { ($0, session.loader.documentation(of: $0) ?? "") } }
        if name == "events" { rows = registry.events.values.sorted { $0.name < $1.name }.map { ("on \($0.name)(\($0.parameters.joined(separator: ", ")))", $0.doc) } }
        if name == "types" { rows = Reference.types.map { ($0.type, $0.table.names.prefix(8).joined(separator: ", ") + ($0.table.names.count > 8 ? ", ..." : "")) } }
        return rows.isEmpty ? nil : listed(rows)
    }

    private func listed(_ rows: [(String, String)]) -> String {
        rows.map { "  \($0)\n" + Self.wrapped("      ", $1, width: width) }.joined(separator: "\n")
    }

    private func text(_ entry: Help.Entry) -> String {
        var parts: [String] = []
        var paragraph: [Substring] = []
        func endParagraph() {
            if !paragraph.isEmpty { parts.append(Self.wrapped("  ", paragraph.joined(separator: " "), width: width)) }
            paragraph = []
        }
        // Lines of one paragraph are filled anew; what is indented (formulas) stays as it is.
        for line in entry.text.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("```") {
            if let first = line.first, first != " " {
                if line.hasPrefix("- ") { endParagraph() }
                paragraph.append(line)
            } else {
                endParagraph()
                parts.append(line.isEmpty ? "" : "  " + line)
            }
        }
        endParagraph()
        let body = parts.joined(separator: "\n")
        let example = entry.example.map { "\n\n  example:\n" + Self.indented($0, by: 4) } ?? ""
        return entry.forms.joined(separator: "\n") + (body.isEmpty ? "" : "\n" + body) + example
    }

    private func examplesHint(_ name: String) -> String { registry.builtins[name] == nil ? "\n\n  '??\(name)' shows its source, 'examples \(name)' how it is used." : "" }

    // MARK: - Examples

    /// Programs that run as they stand.
    public func examples(for name: String) -> String? {
        if let builtin = registry.builtins[name] { return builtin.example }
        let ofTopic = registry.builtins.values.filter { $0.topic == name }.sorted { $0.name < $1.name }
        if !ofTopic.isEmpty { return ofTopic.map { "# \($0.name)\n\($0.example)" }.joined(separator: "\n\n") }
        guard session.loader.library.files[name] != nil, session.loader.signature(of: name) != nil else { return nil }
        return """
            let bench = permuted(digits(), tasks=3, per_task=300)
            let me = \(name)(mlp(64, 64, 10), bench)
            for task in bench.tasks {
              train me on task
              evaluate me on bench
            }
            print me.acc, me.fm
            """
    }

    // MARK: - Source

    /// The text that defines a name: a method of the library, a function of the session, the method of a learner. For what is built in, what there is to say.
    public func source(of name: String) -> String? {
        if let variable = session.scope.variables[name] {
            switch variable.kind {
            case .function, .method, .imported: if let text = declaration(of: variable) { return text }
            default: break
            }
            if case .host(let learner as MethodInstance)? = session.value(of: name) { return Self.source(learner.method.location) }
            if case .host(let closure as Closure)? = session.value(of: name) { return Self.source(closure.location) }
            return nil
        }
        if let builtin = registry.builtins[name] {
            return help.entry(for: name).map { text($0) + "\n\n  built in, under the topic \(builtin.topic)" }
        }
        return session.loader.declaration(of: name).flatMap(declaration)
    }

    private static func source(_ location: Location) -> String { "# \(location.source.name)\n" + location.source.text(location.span) }

    /// The whole statement that declares a name, with the comments above it.
    private func declaration(of variable: Variable) -> String? {
        let program = Parser.parse(variable.source, verbs: registry.verbs).program
        for statement in program.statements {
            switch statement.kind {
            case .function(let literal), .method(let literal):
                guard literal.identifier.text == variable.name else { continue }
                let comment = program.documentation(above: literal.identifier.span).map { $0.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "#" : "# \($0)" }.joined(separator: "\n") + "\n" } ?? ""
                return "# \(variable.source.name)\n" + comment + variable.source.text(statement.span)
            default: continue
            }
        }
        return nil
    }

    private static func indented(_ text: String, by count: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
    }
}
