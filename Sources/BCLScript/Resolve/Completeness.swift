/// Whether a text is a whole number of statements, for prompts that read several lines.
public enum Completeness: Sendable {
    case complete
    /// A bracket or block is open.
    case incomplete

    public static func of(_ text: String) -> Completeness {
        let source = SourceFile(name: "", text: text)
        let lexed = Lexer.lex(source)
        let unclosed = lexed.diagnostics.contains { $0.code == .unclosedBracket && $0.message.hasSuffix("never closed") }
        let other = lexed.diagnostics.contains { $0.code != .unclosedBracket }
        return unclosed && !other ? .incomplete : .complete
    }
}
