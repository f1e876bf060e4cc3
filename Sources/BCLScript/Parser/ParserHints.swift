/// Habits from Python, Julia, Swift and C, met with what to write instead.
extension Parser {
    struct ForeignHabit {
        let message: String
        let hint: String
        let span: Span
    }

    /// A statement that starts with a word of another language, as the words behind it show: `var x = 1`, `class A {`, `del x`.
    func foreignStatement() -> ForeignHabit? {
        guard case .name(let word) = current.kind, let (message, hint) = Self.foreignStatements[word] else { return nil }
        switch ahead(1).kind {
        case .name, .string, .int, .float, .symbol(.leftBrace), .symbol(.colon): break
        case .keyword(let next) where ![.and, .or, .in, .if, .for, .then, .else].contains(next): break
        case .newline, .end: guard word == "pass" else { return nil }
        default: return nil
        }
        return ForeignHabit(message: message ?? "'\(word)' is not part of the language", hint: hint, span: current.span)
    }

    static let elseIfWords: Set<String> = ["elif", "elsif", "elseif"]

    /// Reports the habit and gives the statement up.
    mutating func refuse(_ habit: ForeignHabit) throws -> Never {
        fail(.foreignSyntax, habit.message, habit.span, hint: habit.hint)
        throw Bail()
    }

    func elseIfHabit(_ token: Token) -> ForeignHabit {
        ForeignHabit(message: "'\(text(token))' is not part of the language", hint: "write '} else if condition {'", span: token.span)
    }

    private static let foreignStatements: [String: (message: String?, hint: String)] = {
        var all: [String: (String?, String)] = [:]
        func add(_ words: String..., message: String? = nil, hint: String) { for word in words { all[word] = (message, hint) } }
        for word in elseIfWords { add(word, hint: "write '} else if condition {'") }
        add("func", "fn", "function", "fun", hint: "write 'def name(a, b) { ... }'")
        add("var", "const", "auto", "local", hint: "write 'let name = value'")
        add("global", "nonlocal", hint: "a function may set the names around it: 'name = value'")
        add("from", "using", "include", hint: "write 'import \"file.bcl\"'; the standard methods need no import")
        add("class", "struct", "enum", message: "there are no classes", hint: "a 'method' holds state, a record { \"key\": value } holds data")
        add("try", "except", "catch", "finally", "raise", "throw", message: "there are no exceptions", hint: "check first, or use 'assert condition, \"message\"'")
        add("with", hint: "write 'no_grad { ... }' to compute without gradients; files need no closing")
        add("del", hint: "a value goes when nothing holds it any more; set the name to none")
        add("await", "async", hint: "calls are not asynchronous: write the call alone")
        add("switch", "match", "case", hint: "write 'if condition { ... } else if condition { ... }'")
        add("unless", hint: "write 'if not condition { ... }'")
        add("guard", hint: "write 'if not condition { return }'")
        add("defer", hint: "write what is to be done at the end of the block")
        add("do", "loop", "until", hint: "write 'while condition { ... }', or 'repeat n { ... }'")
        add("begin", "end", hint: "a block stands in braces: { ... }")
        add("pass", hint: "an empty block is { }")
        add("yield", hint: "return a list, or call a function for each value")
        return all
    }()

    /// Looked up where the current token does not fit.
    func foreignHint() -> ForeignHabit? {
        func here(_ message: String, _ hint: String) -> ForeignHabit { ForeignHabit(message: message, hint: hint, span: current.span) }
        let arrowHint = "a function value is written 'x => expr' or '(x, y) => expr'"
        let touches = previous.span.end == current.span.start
        let nextTouches = ahead(1).span.start == current.span.end
        switch (previous.kind, current.kind) {
        case (.name(let word), _) where Self.elseIfWords.contains(word): return elseIfHabit(previous)
        case (_, .name(let word)) where Self.elseIfWords.contains(word): return elseIfHabit(current)
        case (.name(let letters), .string) where touches && ["f", "r", "b", "u", "fr", "rf", "rb"].contains(letters):
            return ForeignHabit(message: "a string has no letter before its quote", hint: "every string fills in {expressions}; write {{ and }} for braces", span: previous.span)
        case (_, .symbol(.colon)):
            if ahead(1).kind == .symbol(.equal) {
                return ForeignHabit(message: "':=' is not part of the language", hint: "write 'let name = value', or 'name = value' for a known name", span: current.span.union(ahead(1).span))
            }
            if ahead(1).kind == .newline { return here("a block does not start with ':'", "put it in braces: { ... }") }
            if case .name = previous.kind { return here("a keyword argument is not written with ':'", "write '\(text(previous))=value'") }
            if case .int = previous.kind { return here("a range is not written with ':'", "write 'a..b', without its end: 0..3 is 0, 1, 2") }
            return nil
        case (.symbol(.dot), .symbol(let sign)) where touches && [.plus, .minus, .star, .slash, .starStar, .less, .greater].contains(sign):
            return ForeignHabit(message: "'.\(sign.rawValue)' is not part of the language", hint: "operators work on each element of a tensor as they are: write \(sign.rawValue)", span: previous.span.union(current.span))
        case (.symbol(.dot), .symbol(.leftParen)) where touches:
            return here("a function is not applied to each element with '.('", "functions take tensors as they are; for a list write '[f(x) for x in xs]'")
        case (.keyword(.if), .keyword(.let)), (.keyword(.while), .keyword(.let)):
            return here("a condition declares no name", "declare it before: 'let x = ...'; 'if x != none { ... }'")
        case (.symbol(.dotDot), .symbol(.dot)) where touches, (.symbol(.dotDot), .symbol(.less)) where touches:
            let span = previous.span.union(current.span)
            return ForeignHabit(message: "'\(source.text(span))' is not part of the language", hint: "a range is written 'a..b', without its end: 0..3 is 0, 1, 2", span: span)
        case (.symbol(.less), .symbol(.greater)) where touches:
            return ForeignHabit(message: "'<>' is not part of the language", hint: "compare with '!='", span: previous.span.union(current.span))
        case (_, .symbol(.slash)) where ahead(1).kind == .symbol(.star) && nextTouches, (_, .symbol(.slashSlash)):
            return here("a comment does not start with '/'", "write '# ...'; a comment ends with its line")
        case (_, .symbol(.at)): return here("there are no decorators and no macros", "call the function: f(x)")
        case (.string, .string): return here("strings in a row are not joined", "write 'a + b', or one string \"{a}{b}\"")
        case (_, .symbol(.star)), (_, .symbol(.starStar)): return here("'*' takes nothing apart here", "take a part of a list with xs[1:], and pass each argument by itself")
        case (_, .symbol(.minus)) where ahead(1).kind == .symbol(.greater) && nextTouches:
            return ForeignHabit(message: "'->' is not part of the language", hint: arrowHint, span: current.span.union(ahead(1).span))
        case (.symbol(.minus), .symbol(.greater)) where touches:
            return ForeignHabit(message: "'->' is not part of the language", hint: arrowHint, span: previous.span.union(current.span))
        case (_, .symbol(.plus)) where previous.kind == .symbol(.plus): return here("'++' is not part of the language", "write 'x = x + 1'")
        case (_, .symbol(.arrow)): return here("'=>' does not fit here", arrowHint)
        case (.symbol(.equalEqual), .symbol(.equal)) where touches, (.symbol(.notEqual), .symbol(.equal)) where touches:
            let span = previous.span.union(current.span)
            return ForeignHabit(message: "'\(source.text(span))' is not part of the language", hint: "compare with '\(text(previous))'", span: span)
        case (_, .symbol(.equal)): return here("'=' does not fit here", "compare with '=='; declare with 'let name = value'")
        case (_, .name("is")): return here("'is' is not part of the language", "compare with '=='")
        case (_, .keyword(.if)): return here("a value does not come before its condition here", "write 'if condition then a else b'")
        case (_, .keyword(.for)): return here("a comprehension stands in brackets", "write '[f(x) for x in xs if condition]'")
        default: return nil
        }
    }

    /// Types are not declared: `let x: int`, `def f(x: int) -> int`.
    mutating func refuseType(of what: String) throws {
        let start = current.span
        if atSymbol(.colon), case .name = ahead(1).kind {
            let span = start.union(ahead(1).span)
            try refuse(ForeignHabit(message: "\(what) has no declared type", hint: "leave out '\(source.text(span))'", span: span))
        }
        if atSymbol(.minus), ahead(1).kind == .symbol(.greater), case .name = ahead(2).kind {
            let span = start.union(ahead(2).span)
            try refuse(ForeignHabit(message: "\(what) has no declared result", hint: "leave out '\(source.text(span))'", span: span))
        }
    }

    private func text(_ token: Token) -> String { source.text(token.span) }
}
