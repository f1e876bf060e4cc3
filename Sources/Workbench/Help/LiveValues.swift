import BCLScript
import Interpreter

/// What completion can say of values that are there: a session's names, and the members of what they hold.
struct LiveValues {
    private let session: Session
    private let help: Help

    init(_ session: Session, _ help: Help) {
        self.session = session
        self.help = help
    }

    /// The session's names, with their values in short.
    var names: [Completion.Item] {
        session.scope.variables.values.sorted { $0.name < $1.name }.compactMap { variable in
            switch variable.kind {
            case .function, .method:
                return Completion.Item(label: variable.name, kind: .function, detail: variable.signature?.description ?? "", help: nil)
            default:
                guard let value = session.value(of: variable.name) else { return nil }
                return Completion.Item(label: variable.name, kind: value.isCallable ? .function : .variable, detail: Self.summary(value), help: nil)
            }
        }
    }

    /// The value of `name.field.field` that ends at a token; nil where it is no such chain, or no value.
    /// - Parameter hidden: whether a name means something else in the text.
    func value(endingAt end: Int, in tokens: [Token], hidden: (String) -> Bool) -> Value? {
        var path: [String] = []
        var index = end
        while index >= 0, case .name(let name) = tokens[index].kind {
            path.insert(name, at: 0)
            guard index >= 1, tokens[index - 1].kind == .symbol(.dot) else { break }
            index -= 2
        }
        guard index >= 0, case .name = tokens[index].kind, let first = path.first, !hidden(first) else { return nil }
        return session.thread.sync {
            var current = self.session.value(of: first)
            for name in path.dropFirst() {
                guard let value = current else { return nil }
                current = self.field(name, of: value)
            }
            return current
        }
    }

    private func field(_ name: String, of value: Value) -> Value? {
        if case .record(let record) = value, let entry = record.entries[name] { return entry }
        if case .host(let host) = value {
            if let member = host.members.members[name] {
                guard case .property(let get) = member.action else { return nil }
                return try? get(value, session.evaluator)
            }
            return try? host.field(name)
        }
        return nil
    }

    func members(of value: Value) -> [Completion.Item] {
        var items: [Completion.Item] = []
        var known = Set<String>()
        var table = MemberTable.empty
        switch value {
        case .record(let record):
            items = record.entries.map { Completion.Item(label: $0, kind: .property, detail: Self.summary($1), help: nil) }
        case .host(let host):
            table = host.members
            items = host.fieldNames.map { name in
                Completion.Item(label: name, kind: .property, detail: (try? host.field(name)).flatMap { $0 }.map(Self.summary) ?? "", help: nil)
            }
        default: break
        }
        if let own = MemberTable.language.first(where: { $0.type == value.typeName }) { table = own.table }
        items = items.filter { known.insert($0.label).inserted }
        items += table.names.filter { known.insert($0).inserted }.compactMap { name in
            guard let member = table.members[name] else { return nil }
            if case .property = member.action { return Completion.Item(label: name, kind: .property, detail: member.form, help: Help.Entry([member.form], member.doc)) }
            return Completion.Item(label: name, kind: .method, detail: member.form, help: Help.Entry([member.form], member.doc))
        }
        return items
    }

    /// "float 0.03", "<network ...>"
    static func summary(_ value: Value) -> String {
        var describer = Describer(quoted: true, mostItems: 8)
        describer.write(value)
        let text = describer.text.split(separator: "\n").first.map(String.init) ?? ""
        if case .host = value { return text }
        return "\(value.typeName) \(text)"
    }
}

extension Value {
    var isCallable: Bool {
        if case .host(let host) = self { return host is Callable }
        return false
    }
}
