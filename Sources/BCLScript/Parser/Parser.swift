/// Recursive-descent parser. Keeps going after an error: one run reports every error that is no consequence of another.
public struct Parser {
    public struct Result {
        public let program: Program
        public let diagnostics: [Diagnostic]
        /// From where on brackets or strings do not close: what stands where behind it is anybody's guess.
        public let readableEnd: Int
        /// Names in statements that were given up: they may have been declared there.
        public let lostNames: Set<String>
    }

    let source: SourceFile
    let verbs: [String: VerbForm]
    var tokens: [Token]
    var position = 0
    var diagnostics: [Diagnostic] = []
    var depth = 0
    /// What the statement being parsed is inside of.
    var context = Context()
    var lostNames: Set<String> = []

    struct Context {
        var inFunction = false
        var inMethodBody = false
        var inLoop = false
        var isTopLevel = true
    }

    /// Thrown to leave a statement that makes no sense any more; the parser goes on with the next one.
    struct Bail: Error {}

    static let deepest = 200
    static let highestTree = 1000
    static let mostDiagnostics = 20

    init(_ source: SourceFile, tokens: [Token], verbs: [String: VerbForm]) {
        self.source = source
        self.tokens = tokens
        self.verbs = verbs
    }

    /// - Parameter verbs: the sentences that the host knows, by name.
    public static func parse(_ source: SourceFile, verbs: [String: VerbForm]) -> Result {
        let lexed = Lexer.lex(source)
        var parser = Parser(source, tokens: lexed.tokens, verbs: verbs)
        let statements = parser.topLevel()
        let unreadable: Set<DiagnosticCode> = [.unclosedBracket, .unmatchedBracket, .unterminatedString, .invalidText, .badInterpolation]
        let end = lexed.diagnostics.filter { unreadable.contains($0.code) }.compactMap(\.location?.span.start).min() ?? Int.max
        for token in lexed.tokens where token.span.start >= end { if case .name(let name) = token.kind { parser.lostNames.insert(name) } }
        let readable = parser.diagnostics.filter { ($0.location?.span.end ?? 0) <= end }
        return Result(program: Program(source, statements, lexed.comments), diagnostics: lexed.diagnostics + readable, readableEnd: end, lostNames: parser.lostNames)
    }

    mutating func topLevel() -> [Statement] {
        var statements: [Statement] = []
        while true {
            skipSeparators()
            if at(.end) { return statements }
            if atSymbol(.rightBrace) {
                report(.unmatchedBracket, "this '}' closes nothing", current.span)
                advance()
                continue
            }
            parseStatement(into: &statements)
            if diagnostics.count >= Self.mostDiagnostics { return statements }
        }
    }

    /// Parses one statement and the separator behind it; on an error skips to the next line that can start one.
    mutating func parseStatement(into statements: inout [Statement]) {
        let start = position
        do {
            statements.append(try statement())
            try endOfStatement(from: start)
        } catch {
            recover(from: start)
        }
    }

    private mutating func endOfStatement(from start: Int) throws {
        if at(.newline) || atSymbol(.semicolon) || at(.end) || atSymbol(.rightBrace) { return }
        // "trian me on task": a word, then another one.
        if case .name(let word) = previous.kind, position - start == 1, foreignHint() == nil, let near = Suggestion.nearest(to: word, among: verbs.keys) {
            fail(.unknownName, "there is no verb '\(word)'", previous.span, hint: "did you mean '\(near)'?")
            throw Bail()
        }
        try unexpected("the end of the statement")
    }

    private mutating func recover(from start: Int) {
        if position == start { advance() }
        // Braces that the statement had opened, such as a record's, are part of what is given up.
        var braces = 0
        for token in tokens[start..<position] {
            if token.kind == .symbol(.leftBrace) { braces += 1 }
            if token.kind == .symbol(.rightBrace) { braces = max(0, braces - 1) }
        }
        defer {
            for token in tokens[start...position] { if case .name(let name) = token.kind { lostNames.insert(name) } }
        }
        while !at(.end) {
            if atSymbol(.leftBrace) { braces += 1 }
            if atSymbol(.rightBrace) {
                if braces == 0 { return }
                braces -= 1
            }
            if braces == 0, at(.newline) { return }
            advance()
        }
    }

    mutating func skipSeparators() { while at(.newline) || atSymbol(.semicolon) { advance() } }
    mutating func skipNewlines() { while at(.newline) { advance() } }

    // MARK: - Tokens

    var current: Token { tokens[position] }
    var previous: Token { tokens[max(0, position - 1)] }
    func ahead(_ count: Int) -> Token { tokens[min(position + count, tokens.count - 1)] }
    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    func at(_ kind: Token.Kind) -> Bool { current.kind == kind }
    func atSymbol(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }
    func atKeyword(_ keyword: Keyword) -> Bool { current.kind == .keyword(keyword) }
    func atName(_ text: String) -> Bool { current.kind == .name(text) }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard atSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func accept(_ keyword: Keyword) -> Bool {
        guard atKeyword(keyword) else { return false }
        advance()
        return true
    }

    @discardableResult
    mutating func expect(_ symbol: Symbol, _ what: String) throws -> Token {
        let token = current
        guard accept(symbol) else { try unexpected("'\(symbol.rawValue)' \(what)") }
        return token
    }

    /// A name that is being declared, or follows a dot or a keyword.
    mutating func identifier(_ what: String) throws -> Identifier {
        if case .name(let text) = current.kind {
            let result = Identifier(text, current.span)
            advance()
            return result
        }
        if case .keyword(let word) = current.kind {
            fail(.expectedName, "'\(word.rawValue)' is a word of the language and can't be \(what)", current.span, hint: "choose another name")
            throw Bail()
        }
        report(.expectedName, "here should be \(what), found \(describe(current))", current.span)
        throw Bail()
    }

    // MARK: - Messages

    func describe(_ token: Token) -> String {
        switch token.kind {
        case .newline, .end: return "the end of the \(token.kind == .end ? "text" : "line")"
        case .string: return "a string"
        default: return "'\(source.text(token.span))'"
        }
    }

    mutating func unexpected(_ wanted: String) throws -> Never {
        if let foreign = foreignHint() { try refuse(foreign) }
        report(.expectedToken, "here should be \(wanted), found \(describe(current))", current.span)
        throw Bail()
    }

    mutating func report(_ code: DiagnosticCode, _ message: String, _ span: Span, hint: String? = nil) {
        // The lexer has already said what is wrong with such a token.
        if current.kind == .invalid, span == current.span { return }
        fail(code, message, span, hint: hint)
    }

    mutating func fail(_ code: DiagnosticCode, _ message: String, _ span: Span, hint: String? = nil) {
        guard diagnostics.count < Self.mostDiagnostics else { return }
        diagnostics.append(Diagnostic(code, message, at: Location(source, span), hint: hint))
    }

    mutating func nested<T>(_ body: (inout Parser) throws -> T) throws -> T {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.deepest {
            fail(.tooDeep, "this is nested more than \(Self.deepest) levels deep", current.span, hint: "give parts of it names with 'let'")
            position = tokens.count - 1  // what follows would only repeat the message
            throw Bail()
        }
        return try body(&self)
    }
}
