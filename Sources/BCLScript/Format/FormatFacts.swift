/// What the formatter has to know of the tree: the same characters are spaced by what they mean.
struct FormatFacts {
    /// Where records open; other braces are blocks.
    private(set) var records: Set<Int> = []
    /// Where values open that start with a bracket: other brackets belong to a call, an index or a list of parameters.
    private var values: Set<Int> = []
    /// Where a minus or plus stands before its only operand.
    private var signs: Set<Int> = []
    /// The `=` of keyword arguments.
    private(set) var keywordSigns: Set<Int> = []

    init(_ program: Program) {
        var (records, values, signs, keywords) = (Set<Int>(), Set<Int>(), Set<Int>(), Set<Int>())
        var walker = Walker()
        walker.onExpression = { expression in
            values.insert(expression.span.start)
            switch expression.kind {
            case .record(let entries):
                records.insert(expression.span.start)
                // Those of a sentence: 'search er on bench over lr=[0.1, 0.3]'.
                for entry in entries { keywords.insert(entry.key.span.end) }
            case .unary(.minus, _), .unary(.plus, _), .int(Int.min): signs.insert(expression.span.start)
            case .call(_, let arguments): for argument in arguments { if let keyword = argument.keyword { keywords.insert(keyword.span.end) } }
            default: break
            }
        }
        walker.walk(program)
        // A value in parentheses has their span in the tree: what opens inside is known by the token before it.
        let beforeRecord: [Token.Kind] = [.symbol(.leftParen), .symbol(.leftBracket), .symbol(.comma), .symbol(.equal), .symbol(.colon)]
        var previous: Token?
        for token in Lexer.lex(program.source).tokens {
            switch token.kind {
            case .symbol(.minus), .symbol(.plus): if previous.map(Self.endsOperand) != true { signs.insert(token.span.start) }
            case .symbol(.leftBrace): if let previous, beforeRecord.contains(previous.kind) { records.insert(token.span.start) }
            case .symbol(.equal): if let previous, keywords.contains(previous.span.end) { keywordSigns.insert(token.span.start) }
            default: break
            }
            previous = token
        }
        (self.records, self.values, self.signs) = (records, values, signs)
    }

    func isUnary(_ token: Token) -> Bool { signs.contains(token.span.start) }
    func startsValue(_ token: Token) -> Bool { values.contains(token.span.start) }
    func endsOperand(_ token: Token) -> Bool { Self.endsOperand(token) }

    /// Whether a value may end with this token.
    private static func endsOperand(_ token: Token) -> Bool {
        switch token.kind {
        case .int, .float, .string, .name, .keyword(.yes), .keyword(.no), .keyword(.none): return true
        case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace): return true
        default: return false
        }
    }
}
