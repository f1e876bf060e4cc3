/// Rewrites a program in the one style: two spaces for each level, spaces around operators, one blank line at most, comments of neighbouring lines in a column.
/// Only white space changes, besides quotes ('a' becomes "a"), semicolons that separate nothing, and the line of an `else`. Line breaks stay where they are.
public struct Formatter {
    private let source: SourceFile
    private let facts: FormatFacts
    private let layout = LineLayout()

    /// - Returns: the formatted text; nil where the result would not read back as the same program (then the formatter is at fault).
    /// - Throws: the first `Diagnostic` of a text with syntax errors.
    public static func format(_ source: SourceFile, verbs: [String: VerbForm]) throws -> String? {
        let parsed = Parser.parse(source, verbs: verbs)
        if let problem = parsed.diagnostics.first { throw problem }
        let formatter = Formatter(source: source, facts: FormatFacts(parsed.program))
        let text = formatter.text(Lexer.lex(source).tokens, parsed.program.comments)
        let again = SourceFile(name: source.name, text: text)
        return isSame(source, again, verbs) ? text : nil
    }

    private init(source: SourceFile, facts: FormatFacts) {
        self.source = source
        self.facts = facts
    }

    // MARK: - Pieces

    /// A token or comment, and where it stood.
    struct Piece {
        let text: String
        let span: Span
        let token: Token?
        /// Line ends in the source before it, at most two: two stand for a blank line.
        let breaks: Int
        var isComment: Bool { token == nil }
    }

    private func text(_ tokens: [Token], _ comments: [Comment]) -> String {
        let pieces = tidied(self.pieces(tokens, comments))
        var lines: [LineLayout.Line] = []
        var open: [LineLayout.Bracket] = []
        for (index, piece) in pieces.enumerated() {
            let previous = index > 0 ? pieces[index - 1] : nil
            if previous == nil || piece.breaks > 0 {
                var line = LineLayout.Line(indent: layout.indent(of: piece.token, open))
                line.hasBlankBefore = piece.breaks > 1 && previous?.token.map(opens) != true && piece.token.map(closes) != true
                lines.append(line)
            } else if let previous, !piece.isComment, needsSpace(previous, piece, inside: open.last) {
                lines[lines.count - 1].code += " "
            }
            if piece.isComment {
                lines[lines.count - 1].comment = piece.text
                continue
            }
            lines[lines.count - 1].code += piece.text
            guard let token = piece.token else { continue }
            if closes(token), let closed = open.popLast() { lines[lines.count - 1].base = closed.lineIndent }
            if opens(token) {
                let line = lines[lines.count - 1]
                let next = index + 1 < pieces.count ? pieces[index + 1] : nil
                let hasContent = next.map { $0.breaks == 0 && !$0.isComment } ?? false
                open.append(LineLayout.Bracket(kind: kind(of: token), lineIndent: line.base, contentColumn: hasContent ? line.indent + displayWidth(line.code) : nil))
            }
        }
        return layout.text(lines)
    }

    private func pieces(_ tokens: [Token], _ comments: [Comment]) -> [Piece] {
        let real = tokens.filter { $0.kind != .newline && $0.kind != .end }.map { (span: $0.span, token: Optional($0), text: text(of: $0)) }
        let all = (real + comments.map { (span: $0.span, token: nil, text: Self.trimmedEnd($0.text)) }).sorted { $0.span.start < $1.span.start }
        var end = 0
        return all.map { item in
            let between = source.bytes[min(end, item.span.start)..<item.span.start]
            end = item.span.end
            return Piece(text: item.text, span: item.span, token: item.token, breaks: min(2, between.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 }))
        }
    }

    /// Without blanks at the end; other white space (a vertical tab, a no-break space) is the comment's own.
    private static func trimmedEnd(_ text: String) -> String {
        String(decoding: text.utf8.reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }

    /// Strings get straight double quotes where that needs no escape.
    private func text(of token: Token) -> String {
        let text = source.text(token.span)
        // By bytes: a quote and a combining mark behind it are one character.
        guard case .string = token.kind, text.utf8.first == UInt8(ascii: "'"), !text.utf8.contains(UInt8(ascii: "\"")) else { return text }
        return "\"" + Self.unquoted(text) + "\""
    }

    private static func unquoted(_ text: String) -> String { String(decoding: text.utf8.dropFirst().dropLast(), as: UTF8.self) }

    /// Without semicolons that separate nothing; `else` on the line of its brace; nothing between the brackets of an empty pair.
    private func tidied(_ pieces: [Piece]) -> [Piece] {
        var result: [Piece] = []
        var pendingBreaks = 0
        for (index, piece) in pieces.enumerated() {
            var breaks = max(piece.breaks, pendingBreaks)
            pendingBreaks = 0
            if isSymbol(piece, .semicolon) {
                let next = index + 1 < pieces.count ? pieces[index + 1] : nil
                let separates = next.map { $0.breaks == 0 && !$0.isComment && !isSymbol($0, .rightBrace) && !isSymbol($0, .semicolon) } ?? false
                if !separates || result.isEmpty || breaks > 0 || result.last.map({ isSymbol($0, .leftBrace) || isSymbol($0, .semicolon) }) == true {
                    pendingBreaks = breaks
                    continue
                }
            }
            if let previous = result.last, let token = piece.token {
                if token.kind == .keyword(.else), isSymbol(previous, .rightBrace) { breaks = 0 }
                if closes(token), let before = previous.token, opens(before) { breaks = 0 }
            }
            result.append(Piece(text: piece.text, span: piece.span, token: piece.token, breaks: breaks))
        }
        return result
    }

    private func isSymbol(_ piece: Piece, _ symbol: Symbol) -> Bool { piece.token?.kind == .symbol(symbol) }

    private func opens(_ token: Token) -> Bool { [.symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace)].contains(token.kind) }
    private func closes(_ token: Token) -> Bool { [.symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace)].contains(token.kind) }

    private func kind(of token: Token) -> LineLayout.Bracket.Kind {
        switch token.kind {
        case .symbol(.leftParen): return .paren
        case .symbol(.leftBracket): return .bracket
        default: return facts.records.contains(token.span.start) ? .record : .block
        }
    }

    // MARK: - Spaces

    /// Whether a space stands between two neighbours on a line.
    private func needsSpace(_ a: Piece, _ b: Piece, inside bracket: LineLayout.Bracket?) -> Bool {
        guard let left = a.token, let right = b.token else { return true }
        switch left.kind {
        case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.dot): return false
        case .symbol(.leftBrace): return bracket?.kind != .record
        case .symbol(.dotDot): return false
        case .symbol(.minus), .symbol(.plus): if facts.isUnary(left) { return left.kind == right.kind }
        case .symbol(.colon): if bracket?.kind == .bracket { return false }
        case .symbol(.equal): if isTight(bracket, at: a) { return false }
        default: break
        }
        switch right.kind {
        case .symbol(.comma), .symbol(.semicolon), .symbol(.rightParen), .symbol(.rightBracket): return false
        case .symbol(.colon): return left.kind == .symbol(.comma)
        case .symbol(.rightBrace): return bracket?.kind != .record
        // "1." and ".." would run into each other.
        case .symbol(.dotDot), .symbol(.dot): return a.text.hasSuffix(".")
        case .symbol(.equal): return !isTight(bracket, at: b)
        case .symbol(.leftParen), .symbol(.leftBracket): return facts.startsValue(right) || !facts.endsOperand(left)
        default: return true
        }
    }

    /// The `=` of a keyword argument or of a default.
    private func isTight(_ bracket: LineLayout.Bracket?, at piece: Piece) -> Bool { bracket?.kind == .paren || facts.keywordSigns.contains(piece.span.start) }

    // MARK: - Safety

    /// Whether two texts are the same but for white space, quotes and semicolons.
    private static func isSame(_ a: SourceFile, _ b: SourceFile, _ verbs: [String: VerbForm]) -> Bool {
        guard Parser.parse(b, verbs: verbs).diagnostics.isEmpty else { return false }
        func words(_ source: SourceFile) -> [String] {
            let lexed = Lexer.lex(source)
            return lexed.tokens.compactMap { token -> String? in
                switch token.kind {
                case .newline, .end, .symbol(.semicolon): return nil
                case .string: return unquoted(source.text(token.span))
                default: return source.text(token.span)
                }
            } + lexed.comments.map { trimmedEnd($0.text).split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ") }
        }
        return words(a) == words(b)
    }
}
