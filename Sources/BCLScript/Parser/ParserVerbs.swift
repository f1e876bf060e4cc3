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

    mutating func verb(_ form: VerbForm) throws -> Statement {
        let name = Identifier(form.name, current.span)
        advance()
        var arguments: [Argument] = []
        // Behind an optional slot that was left out, arguments are passed by name.
        var skipped = false
        for slot in form.slots {
            if let connective = slot.connective {
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
            arguments.append(Argument(keyword: keyword, value: try value(of: slot, form)))
            while slot.isVariadic, accept(.comma) { arguments.append(Argument(keyword: nil, value: try expression())) }
        }
        while isFurtherArgument(), let keyword = keywordArgumentName() {
            arguments.append(Argument(keyword: keyword, value: try expression()))
            _ = accept(.comma)
        }
        if !endsSentence() { try wrongForm(form, "here should be the end of the statement, found \(describe(current))") }
        let span = name.span.union(previous.span)
        let callee = try make(.name(NameUse(name)), name.span)
        let call = try make(.call(callee, arguments), span, [callee] + arguments.map(\.value))
        return Statement(.verb(call, form), span)
    }

    private mutating func value(of slot: VerbForm.Slot, _ form: VerbForm) throws -> Expression {
        if let words = slot.words, case .name(let word) = current.kind {
            guard words.isEmpty || words.contains(word) else {
                let near = Suggestion.nearest(to: word, among: words).map { ": did you mean '\($0)'?" } ?? ""
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

    /// Connectives can be words of the language (`for`).
    private func atWord(_ word: String) -> Bool { atName(word) || current.kind == Keyword(rawValue: word).map { .keyword($0) } }

    private func isFurtherArgument() -> Bool {
        guard ahead(1).kind == .symbol(.equal) else { return false }
        switch current.kind {
        case .name, .keyword: return true
        default: return false
        }
    }

    private func endsSentence() -> Bool { at(.newline) || at(.end) || atSymbol(.semicolon) || atSymbol(.rightBrace) }

    private mutating func wrongForm(_ form: VerbForm, _ message: String) throws -> Never {
        if atSymbol(.colon), let foreign = foreignHint() { try refuse(foreign) }
        report(.wrongVerbForm, message, current.span, hint: "the sentence reads '\(form.description)'")
        throw Bail()
    }
}
