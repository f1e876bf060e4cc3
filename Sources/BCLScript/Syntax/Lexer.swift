/// Turns source text into tokens. Never fails: what it can't read becomes an `.invalid` token and a diagnostic.
public struct Lexer {
    public struct Result {
        public let tokens: [Token]
        public let comments: [Comment]
        public let diagnostics: [Diagnostic]
    }

    let source: SourceFile
    let bytes: [UInt8]
    var offset: Int
    let limit: Int
    var tokens: [Token] = []
    var comments: [Comment] = []
    var diagnostics: [Diagnostic] = []
    /// Open brackets; a line end inside ( or [ does not end a statement.
    var open: [(symbol: Symbol, span: Span)] = []

    /// More messages than this help nobody.
    private let mostDiagnostics = 50

    /// - Parameter range: the part of the source to read (an interpolation's expression), or all of it.
    public init(_ source: SourceFile, range: Span? = nil) {
        self.source = source
        bytes = source.bytes
        offset = range?.start ?? 0
        limit = min(range?.end ?? source.bytes.count, source.bytes.count)
    }

    public static func lex(_ source: SourceFile, range: Span? = nil) -> Result {
        var lexer = Lexer(source, range: range)
        return lexer.run()
    }

    mutating func run() -> Result {
        if !hasValidText() {
            tokens.append(Token(.end, Span(limit, limit), spaceBefore: true))
            return Result(tokens: tokens, comments: comments, diagnostics: diagnostics)
        }
        skipShebang()
        while offset < limit { next() }
        for bracket in open {
            report(.unclosedBracket, "this '\(bracket.symbol.rawValue)' is never closed", bracket.span)
        }
        append(.newline, Span(limit, limit), true)
        append(.end, Span(limit, limit), true)
        return Result(tokens: tokens, comments: comments, diagnostics: diagnostics)
    }

    private mutating func next() {
        let start = offset
        var space = start == 0
        while offset < limit, isBlank(bytes[offset]) { offset += 1; space = true }
        guard offset < limit else { return }
        if space, !tokens.isEmpty { tokens[tokens.count - 1].spaceAfter = true }
        let byte = bytes[offset]
        switch byte {
        case UInt8(ascii: "\n"):
            if !tokens.isEmpty { tokens[tokens.count - 1].spaceAfter = true }
            offset += 1
            let inner = open.last?.symbol
            if inner != .leftParen && inner != .leftBracket { append(.newline, Span(offset - 1, offset), space) }
        case UInt8(ascii: "#"): comment()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): string(quote: byte, space)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number(space)
        case _ where startsName(at: offset): name(space)
        default: symbol(space)
        }
    }

    // MARK: - Names and symbols

    private mutating func name(_ space: Bool) {
        let start = offset
        while continuesName(at: offset) { offset += 1 }
        let span = Span(start, offset)
        let text = source.text(span)
        if let keyword = Keyword(rawValue: text) { append(.keyword(keyword), span, space) }
        else { append(.name(text), span, space) }
    }

    private mutating func symbol(_ space: Bool) {
        for length in [2, 1] where offset + length <= limit {
            let text = String(decoding: bytes[offset..<offset + length], as: UTF8.self)
            guard let symbol = Symbol(rawValue: text) else { continue }
            let span = Span(offset, offset + length)
            offset += length
            track(symbol, span)
            append(.symbol(symbol), span, space)
            return
        }
        let start = offset
        let character = firstCharacter()
        offset += character.utf8.count
        if character == "&" || character == "|", peek(0) == bytes[start] { offset += 1 }
        let span = Span(start, offset)
        report(.invalidCharacter, "'\(source.text(span))' is not part of the language", span, hint: hint(forCharacter: character, at: start))
        append(.invalid, span, space)
    }

    /// ASCII letters, `_`, and Latin-1, Greek and Cyrillic letters (U+00C0 to U+04FF), but not × and ÷, which lie among them: Greek letters are welcome in a method.
    private func startsName(at index: Int) -> Bool {
        guard index < limit else { return false }
        let byte = bytes[index]
        let isASCII = (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
        return isASCII || byte >= 0xC3 && byte <= 0xD3 && !isSign(at: index)
    }

    private func continuesName(at index: Int) -> Bool {
        startsName(at: index) || index < limit && (isDigit(bytes[index]) || (bytes[index] >= 0x80 && bytes[index] < 0xC0))
    }

    private func isSign(at index: Int) -> Bool {
        bytes[index] == 0xC3 && index + 1 < limit && (bytes[index + 1] == 0x97 || bytes[index + 1] == 0xB7)
    }

    private func hint(forCharacter character: Character, at start: Int) -> String? {
        let following = start + 1 < limit ? bytes[start + 1] : 0
        switch character {
        case "&": return following == UInt8(ascii: "&") ? "use 'and'" : nil
        case "|": return following == UInt8(ascii: "|") ? "use 'or'" : nil
        case "!":
            let follows = start > 0 && continuesName(at: start - 1)
            return follows ? "a name has only letters, digits and _; a condition is turned round with 'not'" : "use 'not'"
        case "$": return "a name has only letters, digits and _; a string fills in {name}"
        case "\\": return "no line continuation is needed inside brackets: put the expression in ( )"
        case "?": return "use 'if condition then a else b'"
        case "^": return "the power is written **"
        case "“", "”", "‘", "’": return "use straight quotes \""
        case "×", "·": return "use *"
        case "÷": return "use /"
        case "−", "–": return "use -"
        default: return nil
        }
    }

    private mutating func track(_ symbol: Symbol, _ span: Span) {
        switch symbol {
        case .leftParen, .leftBracket, .leftBrace: open.append((symbol, span))
        case .rightParen, .rightBracket, .rightBrace:
            let wanted: Symbol = symbol == .rightParen ? .leftParen : symbol == .rightBracket ? .leftBracket : .leftBrace
            if open.last?.symbol == wanted { open.removeLast() }
            else if let match = open.lastIndex(where: { $0.symbol == wanted }) {
                for bracket in open[(match + 1)...] {
                    report(.unclosedBracket, "this '\(bracket.symbol.rawValue)' is not closed before '\(symbol.rawValue)'", bracket.span)
                }
                open.removeSubrange(match...)
            } else {
                report(.unmatchedBracket, "this '\(symbol.rawValue)' closes nothing", span)
            }
        default: break
        }
    }

    // MARK: - Numbers

    private mutating func number(_ space: Bool) {
        let start = offset
        if bytes[offset] == UInt8(ascii: "0"), offset + 1 < limit, [UInt8(ascii: "x"), UInt8(ascii: "X")].contains(bytes[offset + 1]) {
            offset += 2
            let digits = take { isHexDigit($0) || $0 == UInt8(ascii: "_") }.filter { $0 != "_" }
            return finishInteger(digits, radix: 16, start, space)
        }
        var text = take { isDigit($0) || $0 == UInt8(ascii: "_") }
        var isFloat = false
        // "0..5" is a range, "2.sqrt" no number: a dot belongs to the number only before a digit or where nothing else can be meant.
        if peek(0) == UInt8(ascii: "."), peek(1) != UInt8(ascii: "."), !startsName(at: offset + 1) || isExponent(at: offset + 1) {
            isFloat = true
            offset += 1
            text += "." + take { isDigit($0) || $0 == UInt8(ascii: "_") }
        }
        if isExponent(at: offset) {
            isFloat = true
            offset += 1
            text += "e"
            if peek(0) == UInt8(ascii: "+") || peek(0) == UInt8(ascii: "-") {
                text += peek(0) == UInt8(ascii: "-") ? "-" : ""
                offset += 1
            }
            text += take { isDigit($0) }
        }
        text.removeAll { $0 == "_" }
        if !isFloat { return finishInteger(text, radix: 10, start, space) }
        if continuesName(at: offset) { return malformed(start, space) }
        if text.hasSuffix(".") { text += "0" }
        let span = Span(start, offset)
        guard let value = Double(text.replacing(".e", with: ".0e")) else { return malformed(start, space) }
        if !value.isFinite { report(.numberTooLarge, "this number is too large for a float", span) }
        append(.float(value), span, space)
    }

    private mutating func finishInteger(_ digits: String, radix: Int, _ start: Int, _ space: Bool) {
        if digits.isEmpty || continuesName(at: offset) { return malformed(start, space) }
        let span = Span(start, offset)
        if UInt64(digits, radix: radix) == UInt64(Int.min.magnitude), tokens.last?.kind == .symbol(.minus) {
            return append(.int(Int.min), span, space)  // the parser takes it only where the minus is its sign
        }
        guard let value = Int(digits, radix: radix) else {
            report(.numberTooLarge, "this integer is larger than \(Int.max)", span, hint: "write it as a float, such as 1e20")
            return append(.invalid, span, space)
        }
        append(.int(value), span, space)
    }

    private mutating func malformed(_ start: Int, _ space: Bool) {
        while continuesName(at: offset) { offset += 1 }
        let span = Span(start, offset)
        let text = source.text(span)
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let name = text.dropFirst(number.count)
        // Julia multiplies so; 0b101 and 1e are no products.
        let isProduct = number != "0" && name.first?.isLetter == true && name.lowercased() != "e"
        report(.malformedNumber, "'\(text)' is neither a number nor a name", span,
               hint: (isProduct ? "write \(number) * \(name) for a product; " : "")
                   + "a name starts with a letter or _; numbers look like 12, 0.5, 1e-3, 1_000 or 0xFF")
        append(.invalid, span, space)
    }

    private func isExponent(at index: Int) -> Bool {
        guard index < limit, bytes[index] == UInt8(ascii: "e") || bytes[index] == UInt8(ascii: "E") else { return false }
        var after = index + 1
        if after < limit, bytes[after] == UInt8(ascii: "+") || bytes[after] == UInt8(ascii: "-") { after += 1 }
        return after < limit && isDigit(bytes[after])
    }

    // MARK: - White space, comments, characters

    private mutating func comment() {
        let start = offset
        while offset < limit, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
        var end = offset
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        let ownLine = tokens.last.map { $0.kind == .newline } ?? true
        comments.append(Comment(text: source.text(Span(start, end)), span: Span(start, end), ownLine: ownLine))
    }

    private mutating func skipShebang() {
        if offset == 0, limit >= 2, bytes[0] == UInt8(ascii: "#"), bytes[1] == UInt8(ascii: "!") {
            comment()
        } else if offset == 0, limit >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            offset = 3  // a byte order mark
        }
    }

    private mutating func hasValidText() -> Bool {
        if let bad = firstInvalidByte(bytes[offset..<limit]) {
            let what = bytes[bad] == 0 ? "a NUL byte" : "bytes that are not UTF-8"
            report(.invalidText, "the text holds \(what)", Span(bad, bad + 1), hint: "save the file as UTF-8 text")
            return false
        }
        return true
    }

    private func firstCharacter() -> Character {
        let end = min(limit, offset + 32)
        return String(decoding: bytes[offset..<end], as: UTF8.self).first ?? "?"
    }

    mutating func take(_ accept: (UInt8) -> Bool) -> String {
        let start = offset
        while offset < limit, accept(bytes[offset]) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    func peek(_ ahead: Int) -> UInt8 { offset + ahead < limit ? bytes[offset + ahead] : 0 }

    mutating func append(_ kind: Token.Kind, _ span: Span, _ space: Bool) {
        tokens.append(Token(kind, span, spaceBefore: space))
    }

    mutating func report(_ code: DiagnosticCode, _ message: String, _ span: Span, hint: String? = nil) {
        guard diagnostics.count < mostDiagnostics else { return }
        diagnostics.append(Diagnostic(code, message, at: Location(source, span), hint: hint))
    }
}

func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0C }
private func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || ((byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "f"))
}

/// Index of the first byte that is NUL or not well-formed UTF-8.
private func firstInvalidByte(_ bytes: ArraySlice<UInt8>) -> Int? {
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let byte = bytes[index]
        if byte == 0 { return index }
        if byte < 0x80 { index += 1; continue }
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        guard byte >= 0xC2, byte <= 0xF4, index + length <= bytes.endIndex else { return index }
        for follow in 1..<length where bytes[index + follow] & 0xC0 != 0x80 { return index }
        let second = bytes[index + 1]
        if (byte == 0xE0 && second < 0xA0) || (byte == 0xED && second > 0x9F) || (byte == 0xF0 && second < 0x90)
            || (byte == 0xF4 && second > 0x8F) { return index }
        index += length
    }
    return nil
}
