/// Verbs: statements that read like sentences, and become calls.
extension Parser {
    /// Whether the name here starts a sentence rather than an expression: `show x` against `show(x)`, `show = 1` or `show - 1`.
    func startsVerb(_ form: VerbForm) -> Bool {
        let next = ahead(1)
        if form.isWordSentence {
            if case .name = next.kind { return true }
            return false
        }
        switch next.kind {
        // Alone on its line it is a sentence too, complete or not: as a value of no use there.
        case .newline, .end, .symbol(.semicolon), .symbol(.rightBrace): return true
        case .int, .float, .string, .name: return true
        case .keyword(let word): return [.yes, .no, .none, .not, .if].contains(word)
        case .symbol(.leftParen), .symbol(.leftBracket): return next.spaceBefore
        case .symbol(.leftBrace): return true
        case .symbol(.minus), .symbol(.plus): return next.spaceBefore && !next.spaceAfter
        default: return false
        }
    }

    /// What 'let', '=' and 'return' take: `let a = adapt me for bench[0] steps=5` too.
    mutating func sentenceOrExpression() throws -> Expression {
        guard case .name(let text) = current.kind, let form = verbs[text], !form.isWordSentence else { return try expression() }
        switch ahead(1).kind {
        case .name, .int, .float, .string: return try sentence(form)
        default: return try expression()
        }
    }

    mutating func verb(_ form: VerbForm) throws -> Statement {
        let call = try sentence(form)
        return Statement(.verb(call, form), call.span)
    }

    private mutating func sentence(_ form: VerbForm) throws -> Expression {
        let name = Identifier(form.name, current.span)
        advance()
        var arguments: [Argument] = []
        // Behind an optional slot that was left out, arguments are passed by name.
        var skipped = false
        var names: Argument?
        for (index, slot) in form.slots.enumerated() {
            if let word = word(of: slot) {
                let keyword = skipped ? Identifier(slot.parameter, current.span) : nil
                arguments.append(Argument(keyword: keyword, value: try make(.string([.text(word)]), current.span)))
                advance()
                continue
            }
            // "step phase": the learner is left out.
            if slot.connective == nil, !slot.isRequired, form.slots[(index + 1)...].contains(where: { word(of: $0) != nil || starts($0) }) {
                skipped = true
                continue
            }
            if let connective = slot.connective, !(slot.mayBeBare && isString) {
                guard atWord(connective) else {
                    if slot.isRequired { try wrongForm(form, "here should be '\(connective)', found \(describe(current))") }
                    skipped = true
                    continue
                }
                advance()
            } else if endsSentence() || isFurtherArgument() {
                if slot.isRequired { try wrongForm(form, "'\(form.name)' needs \(slot.parameter)") }
                skipped = true
                continue
            }
            if endsSentence() { try wrongForm(form, "'\(previous.span.end > 0 ? source.text(previous.span) : form.name)' needs \(slot.parameter) behind it") }
            let keyword = skipped ? Identifier(slot.parameter, current.span) : nil
            if slot.isNamed, isFurtherArgument() {
                arguments.append(Argument(keyword: keyword, value: try namedValues()))
                continue
            }
            let value = try value(of: slot, form)
            arguments.append(Argument(keyword: keyword, value: value))
            if let parameter = slot.names { names = Argument(keyword: Identifier(parameter, value.span), value: try written(value, collected: slot.isCollected)) }
            while slot.isVariadic, accept(.comma) { arguments.append(Argument(keyword: nil, value: try expression())) }
        }
        while isFurtherArgument(), let keyword = keywordArgumentName() {
            arguments.append(Argument(keyword: keyword, value: try expression()))
            _ = accept(.comma)
        }
        if let names, !arguments.contains(where: { $0.keyword?.text == names.keyword?.text }) { arguments.append(names) }
        if !endsSentence() { try wrongForm(form, "here should be the end of the statement, found \(describe(current))") }
        let span = name.span.union(previous.span)
        let callee = try make(.name(NameUse(name)), name.span)
        return try make(.call(callee, arguments), span, [callee] + arguments.map(\.value))
    }

    private mutating func value(of slot: VerbForm.Slot, _ form: VerbForm) throws -> Expression {
        if slot.takesOnlyWords, case .name(let word) = current.kind {
            guard slot.words.isEmpty || slot.words.contains(word) else {
                let near = Suggestion.nearest(to: word, among: slot.words).map { ": did you mean '\($0)'?" } ?? ""
                try wrongForm(form, "'\(form.name)' can't '\(word)'\(near)")
            }
            let span = current.span
            advance()
            return try make(.string([.text(word)]), span)
        }
        let first = try expression()
        guard slot.isCollected, atSymbol(.comma) else { return first }
        var items = [first]
        while accept(.comma) { items.append(try expression()) }
        return try make(.list(items), first.span.union(previous.span), items)
    }

    /// How values are written, as a list of strings.
    private mutating func written(_ value: Expression, collected: Bool) throws -> Expression {
        var parts = [value]
        // A list that was written with brackets starts with one.
        if collected, case .list(let items) = value.kind, let first = items.first, first.span.start == value.span.start { parts = items }
        let texts = try parts.map { try make(.string([.text(source.text($0.span))]), $0.span) }
        return try make(.list(texts), value.span, texts)
    }

    /// `break METHOD:"phase" if condition`, or a line's number for the phase: a call of the host's `breakpoint`, which gets the condition as text.
    mutating func breakpoint() throws -> Statement {
        let start = current.span
        advance()
        let method = try identifier("the name of a method")
        guard accept(.colon) else {
            report(.wrongVerbForm, "here should be ':' and a phase or a line", current.span, hint: Self.breakpointHint)
            throw Bail()
        }
        let place = try sum()
        var arguments = [Argument(keyword: nil, value: try make(.name(NameUse(method)), method.span)), Argument(keyword: nil, value: place)]
        if accept(.if) {
            let condition = try expression()
            arguments.append(Argument(keyword: nil, value: try make(.string([.text(source.text(condition.span))]), condition.span)))
        }
        let callee = try make(.name(NameUse(Identifier("breakpoint", start))), start)
        let call = try make(.call(callee, arguments), start.union(previous.span), [callee] + arguments.map(\.value))
        return Statement(.expression(call), call.span)
    }

    static let breakpointHint = "write 'break METHOD:\"phase\" if condition', or 'break METHOD:12' for a line"

    /// The word of a slot that stands here, if it is one and nothing makes it a value.
    private func word(of slot: VerbForm.Slot) -> String? {
        guard case .name(let text) = current.kind, slot.words.contains(text) else { return nil }
        switch ahead(1).kind {
        case .newline, .end, .symbol(.semicolon), .symbol(.rightBrace), .name: return text
        default: return nil
        }
    }

    private var isString: Bool {
        if case .string = current.kind { return true }
        return false
    }

    private func starts(_ slot: VerbForm.Slot) -> Bool { slot.connective.map { atWord($0) } ?? false }

    /// `lr=[0.1, 0.3], beta=[0.5]` as a record.
    private mutating func namedValues() throws -> Expression {
        let start = current.span
        var entries: [RecordEntry] = []
        while isFurtherArgument(), let name = keywordArgumentName() {
            if entries.contains(where: { $0.key.text == name.text }) { fail(.duplicateArgument, "'\(name.text)' is given twice", name.span) }
            entries.append(RecordEntry(key: name, value: try expression()))
            _ = accept(.comma)
        }
        return try make(.record(entries), start.union(previous.span), entries.map(\.value))
    }

    /// Connectives can be words of the language (`for`).
    private func atWord(_ word: String) -> Bool { atName(word) || current.kind == Keyword(rawValue: word).map { .keyword($0) } }

    private func isFurtherArgument() -> Bool {
        guard ahead(1).kind == .symbol(.equal) else { return false }
        switch current.kind {
        case .name, .keyword: return true
        default: return false
        }
    }

    private func startsValue() -> Bool {
        switch current.kind {
        case .name, .int, .float, .string: return true
        default: return false
        }
    }

    private func endsSentence() -> Bool { at(.newline) || at(.end) || atSymbol(.semicolon) || atSymbol(.rightBrace) }

    private mutating func wrongForm(_ form: VerbForm, _ message: String) throws -> Never {
        if !atSymbol(.equal), !atKeyword(.for), let foreign = foreignHint() { try refuse(foreign) }
        var hint = "the sentence reads '\(form.description)'"
        // "print len xs": whether the name is a function's is not known here.
        if form.slots.contains(where: \.isVariadic), case .name(let name) = previous.kind, startsValue() { hint += "; a call is written \(name)(\(source.text(current.span)))" }
        report(.wrongVerbForm, message, current.span, hint: hint)
        throw Bail()
    }
}
