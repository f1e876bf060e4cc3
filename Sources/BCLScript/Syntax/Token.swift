/// A lexical unit. Comments are kept beside the tokens, for the formatter.
public struct Token: Sendable {
    public enum Kind: Equatable, Sendable {
        case int(Int)
        case float(Double)
        case string([StringPiece])
        case name(String)
        case keyword(Keyword)
        case symbol(Symbol)
        case newline
        case end
        /// Already reported by the lexer; the parser stays quiet about it.
        case invalid
    }

    public let kind: Kind
    public let span: Span
    /// Whether white space (or the start of the file) is directly before it.
    public let spaceBefore: Bool
    /// Whether white space (or the end of a line) is directly behind it.
    public internal(set) var spaceAfter: Bool

    init(_ kind: Kind, _ span: Span, spaceBefore: Bool) {
        self.kind = kind
        self.span = span
        self.spaceBefore = spaceBefore
        self.spaceAfter = false
    }
}

/// A part of a string literal: text, or an interpolated expression given by where its source stands.
public enum StringPiece: Equatable, Sendable {
    case text(String)
    case interpolation(source: Span, format: String?, formatSpan: Span)
}

public enum Keyword: String, CaseIterable, Sendable {
    case `let`, def, `if`, then, `else`, `for`, `in`, `while`, `repeat`, `break`, `continue`, `return`
    case `import`, assert, and, or, not, none, no_grad
    case yes = "true"
    case no = "false"
}

public enum Symbol: String, CaseIterable, Sendable {
    case leftParen = "(", rightParen = ")", leftBracket = "[", rightBracket = "]", leftBrace = "{", rightBrace = "}"
    case comma = ",", colon = ":", semicolon = ";", dot = ".", dotDot = "..", arrow = "=>"
    case plus = "+", minus = "-", star = "*", slash = "/", slashSlash = "//", percent = "%", starStar = "**", at = "@"
    case equal = "=", equalEqual = "==", notEqual = "!=", less = "<", lessEqual = "<=", greater = ">", greaterEqual = ">="
    case plusEqual = "+=", minusEqual = "-=", starEqual = "*=", slashEqual = "/="
}

public struct Comment: Sendable {
    /// The comment with its `#`, without the line end.
    public let text: String
    public let span: Span
    /// Whether only white space stands before it on its line.
    public let ownLine: Bool
}
