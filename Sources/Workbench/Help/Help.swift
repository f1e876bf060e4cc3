import BCLScript
import Interpreter

/// What can be said about a name of the language, its library or its types: for editors and the prompt.
public struct Help {
    public struct Entry {
        /// How it is written: a signature, a sentence, a keyword's form.
        public let forms: [String]
        public let text: String
        public var example: String?

        public init(_ forms: [String], _ text: String, example: String? = nil) {
            self.forms = forms
            self.text = text
            self.example = example
        }

        public var markdown: String {
            let code = "```bcl\n\(forms.joined(separator: "\n"))\n```"
            return code + (text.isEmpty ? "" : "\n\n\(text)") + (example.map { "\n\n```bcl\n\($0)\n```" } ?? "")
        }
    }

    private let registry: Registry
    private let loader: ModuleLoader

    public init(_ session: Session) {
        registry = session.registry
        loader = session.loader
    }

    /// A builtin, a verb or a method of the standard library.
    public func entry(for name: String) -> Entry? {
        if let builtin = registry.builtins[name] {
            let form = builtin.signature.description + (builtin.returns.map { "  # \("aeiou".contains($0.first ?? "x") ? "an" : "a") \($0)" } ?? "")
            return Entry([form] + (builtin.verb.map { [$0.description] } ?? []), builtin.doc, example: builtin.example)
        }
        guard let declared = loader.declaration(of: name) else { return nil }
        return entry(for: declared)
    }

    /// A word of the language.
    public func keyword(_ word: String) -> Entry? { KeywordHelp.entry(for: word).map { Entry([$0.form], $0.doc) } }

    public func event(_ name: String) -> Entry? {
        registry.events[name].map { Entry(["on \($0.name)(\($0.parameters.joined(separator: ", ")))"], $0.doc) }
    }

    /// A name that a file declares, with the comment above its declaration.
    public func entry(for variable: Variable) -> Entry { entry(for: variable, documentation: loader.documentation(of: variable)) }

    /// The comment above a declaration in a file that was read.
    public func documentation(of variable: Variable) -> String? { loader.documentation(of: variable) }

    public func entry(for variable: Variable, documentation comment: String?) -> Entry {
        let form: String
        switch variable.kind {
        case .function: form = "def \(variable.signature?.description ?? variable.name)"
        case .method: form = "method \(variable.signature?.description ?? variable.name)"
        case .parameter: form = "\(variable.name)  # a parameter"
        case .loop: form = "\(variable.name)  # set by a loop"
        case .setting, .variable: form = line(of: variable)
        case .imported: form = variable.signature?.description ?? variable.name
        }
        // The formulas in a method's comment are lined up.
        return Entry([form], comment.map { $0.contains("\n") ? "```text\n\($0)\n```" : $0 } ?? "")
    }

    /// The line that declares it, where that is short.
    private func line(of variable: Variable) -> String {
        let source = variable.source
        let text = source.text(source.lineSpan(source.line(at: variable.identifier.span.start))).drop(while: \.isWhitespace)
        return text.utf8.count <= 80 ? String(text) : variable.name
    }

    /// Members of that name, with the types that have them.
    public func members(named name: String, of type: String? = nil) -> [(type: String, member: Member)] {
        Reference.types.compactMap { known, table in
            guard type == nil || known == type else { return nil }
            return table.members[name].map { (known, $0) }
        }
    }

    public func entry(forMember name: String, of type: String? = nil) -> Entry? {
        let found = members(named: name, of: type)
        if found.isEmpty { return nil }
        var texts: [(types: [String], member: Member)] = []
        for (type, member) in found {
            if let index = texts.firstIndex(where: { $0.member.doc == member.doc }) { texts[index].types.append(type) } else { texts.append(([type], member)) }
        }
        let text = texts.count == 1 && type != nil ? texts[0].member.doc : texts.map { "*\($0.types.joined(separator: ", "))*: \($0.member.doc)" }.joined(separator: "\n\n")
        var forms: [String] = []
        for (_, member) in found where !forms.contains(member.form) { forms.append(member.form) }
        return Entry(forms, text)
    }
}
