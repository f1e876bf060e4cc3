/// Habits from Python, Julia, Swift and C, met with what to write instead.
extension Parser {
    /// Looked up where the current token does not fit.
    func foreignHint() -> (message: String, hint: String)? {
        let before = previous.kind
        switch (before, current.kind) {
        case (.name("elif"), _), (.name("elsif"), _), (.name("elseif"), _):
            return ("'\(text(previous))' is not part of the language", "write '} else if condition {'")
        case (.name("lambda"), _): return ("'lambda' is not part of the language", "write 'x => x + 1'")
        case (.name("func"), _), (.name("fn"), _), (.name("function"), _):
            return ("'\(text(previous))' is not part of the language", "write 'def name(a, b) { ... }'")
        case (.name("var"), _), (.name("const"), _), (.name("auto"), _), (.name("local"), _):
            return ("'\(text(previous))' is not part of the language", "write 'let name = value'")
        case (.name("from"), .string), (.name("from"), .name): return ("'from' is not part of the language", "write 'import \"file.bcl\"'")
        case (.name("class"), _), (.name("struct"), _): return ("there are no classes", "a 'method' holds state, a record { \"key\": value } holds data")
        case (.name("try"), _), (.name("except"), _), (.name("raise"), _), (.name("throw"), _):
            return ("there are no exceptions", "check first, or use 'assert condition, \"message\"'")
        case (.name("with"), .name("no_grad")), (.name("with"), .name("torch")):
            return ("'with' is not part of the language", "write 'no_grad { ... }'")
        case (.name("end"), _): return ("'end' is not part of the language", "a block ends with '}'")
        case (_, .symbol(.colon)):
            if ahead(1).kind == .symbol(.equal) { return ("':=' is not part of the language", "write 'let name = value', or 'name = value' for a known name") }
            if ahead(1).kind == .newline { return ("a block does not start with ':'", "put it in braces: { ... }") }
            if case .name = before { return ("a keyword argument is not written with ':'", "write '\(text(previous))=value'") }
            return nil
        case (_, .symbol(.plus)) where previous.kind == .symbol(.plus): return ("'++' is not part of the language", "write 'x = x + 1'")
        case (_, .symbol(.arrow)): return ("'=>' does not fit here", "a function value is written 'x => expr' or '(x, y) => expr'")
        case (_, .symbol(.equal)): return ("'=' does not fit here", "compare with '=='; declare with 'let name = value'")
        case (_, .name("is")): return ("'is' is not part of the language", "compare with '=='")
        case (_, .keyword(.if)): return ("a value does not come before its condition here", "write 'if condition then a else b'")
        case (_, .keyword(.for)): return ("a comprehension stands in brackets", "write '[f(x) for x in xs if condition]'")
        default: return nil
        }
    }

    private func text(_ token: Token) -> String { source.text(token.span) }
}
