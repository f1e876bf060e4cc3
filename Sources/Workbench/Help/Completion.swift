import BCLScript
import Interpreter

/// What could stand at a place in a text that is being typed.
public struct Completion {
    public struct Item {
        public enum Kind: Sendable { case keyword, function, verb, method, property, variable, parameter, event }
        public let label: String
        public let kind: Kind
        /// A signature or type, beside the label.
        public let detail: String
        public let help: Help.Entry?
        /// Whether it belongs to this place or this text, not to the language everywhere.
        public let isNear: Bool

        public init(label: String, kind: Kind, detail: String, help: Help.Entry?, isNear: Bool = true) {
            self.isNear = isNear
            self.label = label
            self.kind = kind
            self.detail = detail
            self.help = help
        }

        /// One line about it, for lists.
        public var summary: String {
            let text = help?.text.replacing("`", with: "").split(separator: "\n").first.map(String.init) ?? ""
            return text.isEmpty ? detail : text
        }
    }

    /// What is replaced: the part of a word before the place.
    public let replaced: Span
    public let items: [Item]

    /// - Parameter offset: in bytes.
    public static func at(_ offset: Int, in source: SourceFile, _ session: Session) -> Completion {
        Finder(source, offset, session).find()
    }

    private struct Finder {
        let offset: Int
        let session: Session
        let help: Help
        let comments: [Comment]
        let tokens: [Token]
        /// Tokens that end before the word at the place.
        let before: [Token]
        let word: Span

        init(_ source: SourceFile, _ offset: Int, _ session: Session) {
            let lexed = Lexer.lex(source)
            self.offset = offset
            self.session = session
            help = Help(session)
            comments = lexed.comments
            tokens = lexed.tokens
            let current = lexed.tokens.first { token in
                guard token.span.start < offset, offset <= token.span.end else { return false }
                switch token.kind {
                case .name, .keyword: return true
                default: return false
                }
            }
            word = current.map { Span($0.span.start, offset) } ?? Span(offset, offset)
            let start = word.start
            before = lexed.tokens.filter { $0.span.end <= start && $0.kind != .end && !($0.kind == .newline && $0.span.start >= start) }
        }

        func find() -> Completion {
            guard !isInText else { return Completion(replaced: word, items: []) }
            if let last = before.last {
                if last.kind == .symbol(.dot) {
                    let live = LiveValues(session, help)
                    if let value = live.value(endingAt: before.count - 2, in: before, hidden: { visible.find($0) != nil }) { return Completion(replaced: word, items: live.members(of: value)) }
                    return Completion(replaced: word, items: members(of: typeOfBase(before.count - 2)))
                }
                if last.kind == .name("on"), startsStatement(before.count - 1) { return Completion(replaced: word, items: events) }
                switch last.kind {
                // A new name is being declared, or a number is being written.
                case .keyword(.let), .keyword(.def): return Completion(replaced: word, items: [])
                case .int, .float: if last.span.end == word.start { return Completion(replaced: word, items: []) }
                case .name("method"), .name("param"): if startsStatement(before.count - 1) { return Completion(replaced: word, items: []) }
                default: break
                }
            }
            if let rest = restOfSentence { return Completion(replaced: word, items: rest) }
            return Completion(replaced: word, items: keywordArguments + firstWords + names + words)
        }

        private var isInText: Bool {
            if comments.contains(where: { $0.span.start < offset && offset <= $0.span.end }) { return true }
            return tokens.contains { token in
                guard token.span.start < offset, offset < token.span.end else { return false }
                if case .string = token.kind { return true }
                return false
            }
        }

        private func startsStatement(_ index: Int) -> Bool {
            guard index > 0 else { return true }
            switch before[index - 1].kind {
            case .newline, .symbol(.semicolon), .symbol(.leftBrace), .symbol(.rightBrace): return true
            default: return false
            }
        }

        private var visible: VisibleNames { VisibleNames(tokens, before: word.start) { typeOfCall($0) } }

        private func typeOfCall(_ name: String) -> String? {
            if let builtin = session.registry.builtins[name] { return builtin.returns }
            if session.loader.library.files[name] != nil { return "learner" }
            // A method of this text, whatever its place.
            for (index, token) in tokens.enumerated() where token.kind == .name("method") && index + 1 < tokens.count {
                if tokens[index + 1].kind == .name(name) { return "learner" }
            }
            return nil
        }

        // MARK: - Members

        private func typeOfBase(_ index: Int) -> String? {
            guard index >= 0 else { return nil }
            switch before[index].kind {
            case .string: return "string"
            case .name(let name):
                guard index > 0, before[index - 1].kind == .symbol(.dot) else { return visible.find(name)?.type }
                // `net.weights.`, `me.net.`, `me.replay.`
                return ["weights": "weights", "net": "network", "bench": "benchmark", "replay": "memory", "evaluation": "memory"][name]
            case .symbol(.rightParen):
                var (level, position) = (0, index)
                while position >= 0 {
                    if before[position].kind == .symbol(.rightParen) { level += 1 }
                    if before[position].kind == .symbol(.leftParen) { level -= 1 }
                    if level == 0 { break }
                    position -= 1
                }
                guard position > 0, case .name(let callee) = before[position - 1].kind else { return nil }
                return position > 1 && before[position - 2].kind == .symbol(.dot) ? nil : typeOfCall(callee)
            default: return nil
            }
        }

        private func members(of type: String?) -> [Item] {
            var items: [Item] = []
            var known = Set<String>()
            for (typeName, table) in Reference.types where type == nil || type == typeName {
                for name in table.names {
                    guard let member = table.members[name], known.insert(name).inserted else { continue }
                    var kind = Item.Kind.method
                    if case .property = member.action { kind = .property }
                    items.append(Item(label: name, kind: kind, detail: "\(typeName)\(member.form)", help: help.entry(forMember: name, of: type)))
                }
            }
            if type == "learner" { items += learnerState.filter { known.insert($0.label).inserted } }
            return items
        }

        /// The parameters of the method that made the learner whose name is before the dot, as far as they can be told.
        private var learnerState: [Item] {
            guard before.count >= 2, case .name(let name) = before[before.count - 2].kind else { return [] }
            for (index, token) in tokens.enumerated() where token.kind == .name(name) && index + 2 < tokens.count && tokens[index + 1].kind == .symbol(.equal) {
                guard case .name(let callee) = tokens[index + 2].kind else { continue }
                return parameters(of: callee).map { Item(label: $0, kind: .property, detail: "parameter of \(callee)", help: nil) }
            }
            return []
        }

        // MARK: - Names

        private func parameters(of callee: String) -> [String] {
            if let own = visible.find(callee) { return own.parameters }
            return session.loader.signature(of: callee)?.parameters.filter { !$0.isVariadic }.map(\.name) ?? []
        }

        /// `lr=` inside the parentheses of a call.
        private var keywordArguments: [Item] {
            var level = 0
            for index in before.indices.reversed() {
                switch before[index].kind {
                case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace): level += 1
                case .symbol(.leftBracket), .symbol(.leftBrace):
                    if level == 0 { return [] }
                    level -= 1
                case .symbol(.leftParen):
                    if level > 0 { level -= 1; continue }
                    guard index > 0, case .name(let callee) = before[index - 1].kind, before.last?.kind == .symbol(.leftParen) || before.last?.kind == .symbol(.comma) else { return [] }
                    // Names that are given already.
                    let given = Set(before[(index + 1)...].indices.compactMap { position -> String? in
                        guard case .name(let name) = before[position].kind, position + 1 < before.count, before[position + 1].kind == .symbol(.equal) else { return nil }
                        return name
                    })
                    let names = index > 1 && before[index - 2].kind == .symbol(.dot) ? memberParameters(callee) : parameters(of: callee)
                    return names.dropFirst(positional(behind: index)).filter { !given.contains($0) }.map { Item(label: "\($0)=", kind: .parameter, detail: "parameter of \(callee)", help: nil) }
                default: break
                }
            }
            return []
        }

        /// Behind a value in a sentence: the connective that comes next, then the verb's options. nil where a value is to come.
        private var restOfSentence: [Item]? {
            guard let last = before.last, let start = sentenceStart, case .name(let verb) = before[start].kind, let form = session.registry.verbs[verb],
                  start + 1 < before.count, visible.find(verb) == nil else { return nil }
            switch last.kind {
            case .name, .string, .int, .float, .symbol(.rightParen), .symbol(.rightBracket), .keyword(.none), .keyword(.yes), .keyword(.no): break
            default: return nil
            }
            if case .symbol(.equal) = before[start + 1].kind { return nil }
            if case .symbol(.dot) = before[start + 1].kind { return nil }
            if case .symbol(.leftParen) = before[start + 1].kind, !before[start + 1].spaceBefore { return nil }
            var level = 0
            var said = Set<String>()
            for token in before[(start + 1)...] {
                switch token.kind {
                case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): level += 1
                case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace): level -= 1
                case .name(let word) where level == 0: said.insert(word)
                case .keyword(let word) where level == 0: said.insert(word.rawValue)
                case .symbol(.equal) where level == 0:
                    // `epochs=`: what comes behind it is a value.
                    break
                default: break
                }
            }
            guard level == 0 else { return nil }
            if case .name(let word) = last.kind, form.slots.contains(where: { $0.connective == word }) { return nil }
            let next = Self.next(in: form, after: said)
            if !next.isEmpty { return next.map { Item(label: $0, kind: .keyword, detail: form.description, help: help.entry(for: verb)) } }
            let slots = Set(form.slots.map(\.parameter))
            let options = parameters(of: verb).filter { !slots.contains($0) && !said.contains($0) }
            return options.map { Item(label: "\($0)=", kind: .parameter, detail: "option of \(verb)", help: nil) }
        }

        /// Words that can come next in a sentence: connectives, and words that stand for themselves; up to the first that has to be there.
        private static func next(in form: VerbForm, after said: Set<String>) -> [String] {
            var words: [String] = []
            for slot in form.slots {
                let own = slot.connective.map { [$0] } ?? slot.words
                guard !own.isEmpty else { continue }
                if own.contains(where: said.contains) { words = [] } else {
                    words += own
                    if slot.isRequired { break }
                }
            }
            return words
        }

        /// Behind a verb alone: its words that may come first, such as `step phase`.
        private var firstWords: [Item] {
            guard let last = before.last, case .name(let verb) = last.kind, startsStatement(before.count - 1), let form = session.registry.verbs[verb] else { return [] }
            let optional = form.slots.prefix { !$0.isRequired || !$0.words.isEmpty }
            return optional.flatMap(\.words).map { Item(label: $0, kind: .keyword, detail: form.description, help: help.entry(for: verb)) }
        }

        /// Where the statement at the place starts, if no bracket is open in it.
        private var sentenceStart: Int? {
            var level = 0
            for index in before.indices.reversed() {
                switch before[index].kind {
                case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace): level += 1
                case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace):
                    guard level > 0 else { return nil }
                    level -= 1
                default: break
                }
                if level == 0, startsStatement(index) {
                    if case .newline = before[index].kind { return nil }
                    return index
                }
            }
            return nil
        }

        /// Arguments by position that are complete, behind an opening parenthesis.
        private func positional(behind open: Int) -> Int {
            var (level, count, isNamed) = (0, 0, false)
            for token in before[(open + 1)...] {
                switch token.kind {
                case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): level += 1
                case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace): level -= 1
                case .symbol(.equal) where level == 0: isNamed = true
                case .symbol(.comma) where level == 0:
                    if !isNamed { count += 1 }
                    isNamed = false
                default: break
                }
            }
            return count
        }

        private func memberParameters(_ name: String) -> [String] {
            for (_, member) in help.members(named: name) { if case .method(let signature, _) = member.action { return signature.parameters.map(\.name) } }
            return []
        }

        private var names: [Item] {
            let own = visible.all
            var known = Set(own.map(\.text))
            var items = own.map { name -> Item in
                let isFunction = name.kind == .function || name.kind == .method
                return Item(label: name.text, kind: isFunction ? .function : .variable,
                            detail: isFunction ? "\(name.text)(\(name.parameters.joined(separator: ", ")))" : name.type ?? "", help: nil)
            }
            items += LiveValues(session, help).names.filter { known.insert($0.label).inserted }
            for builtin in session.registry.builtins.values.sorted(by: { $0.name < $1.name }) where known.insert(builtin.name).inserted {
                items.append(Item(label: builtin.name, kind: builtin.verb == nil ? .function : .verb, detail: builtin.verb?.description ?? builtin.signature.description, help: help.entry(for: builtin.name), isNear: false))
            }
            for name in session.loader.library.files.keys.sorted() where known.insert(name).inserted {
                items.append(Item(label: name, kind: .function, detail: session.loader.signature(of: name)?.description ?? "", help: help.entry(for: name), isNear: false))
            }
            return items
        }

        private var words: [Item] {
            let contextual = startsStatement(before.count) ? KeywordHelp.contextual.keys.sorted() : []
            return (Keyword.allCases.map(\.rawValue) + contextual).map { Item(label: $0, kind: .keyword, detail: KeywordHelp.entry(for: $0)?.form ?? "", help: help.keyword($0), isNear: false) }
        }

        private var events: [Item] {
            session.registry.events.values.sorted { $0.name < $1.name }.map {
                Item(label: $0.name, kind: .event, detail: "on \($0.name)(\($0.parameters.joined(separator: ", ")))", help: help.event($0.name))
            }
        }
    }
}
