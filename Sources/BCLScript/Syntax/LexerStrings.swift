/// String literals: escapes and interpolation.
extension Lexer {
    /// Reads a literal from its opening quote. `{expr}` and `{expr:format}` interpolate, `{{` and `}}` stand for the braces.
    mutating func string(quote: UInt8, _ space: Bool) {
        let start = offset
        offset += 1
        if peek(0) == quote, peek(1) == quote {
            let span = Span(start, offset + 2)
            offset += 2
            report(.foreignSyntax, "strings in triple quotes do not exist here", span, hint: "use one \" and \\n for a line end")
            return append(.invalid, span, space)
        }
        var pieces: [StringPiece] = []
        var text: [UInt8] = []
        func flush() {
            if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
            text.removeAll()
        }
        while true {
            guard offset < limit, bytes[offset] != UInt8(ascii: "\n") else {
                let span = Span(start, offset)
                report(.unterminatedString, "this string has no closing quote", span, hint: "a string ends on the line it starts on; \\n stands for a line end")
                return append(.invalid, span, space)
            }
            let byte = bytes[offset]
            if byte == quote { offset += 1; break }
            switch byte {
            case UInt8(ascii: "\\"): escape(into: &text)
            case UInt8(ascii: "{") where peek(1) == UInt8(ascii: "{"), UInt8(ascii: "}") where peek(1) == UInt8(ascii: "}"):
                text.append(byte)
                offset += 2
            case UInt8(ascii: "{"):
                flush()
                guard let piece = interpolation(quote: quote) else {
                    skipToQuote(quote)
                    return append(.invalid, Span(start, offset), space)
                }
                pieces.append(piece)
            case UInt8(ascii: "}"):
                report(.badInterpolation, "this '}' has no '{' before it", Span(offset, offset + 1), hint: "write }} for the character itself")
                offset += 1
            default:
                text.append(byte)
                offset += 1
            }
        }
        flush()
        append(.string(pieces), Span(start, offset), space)
    }

    private mutating func escape(into text: inout [UInt8]) {
        let start = offset
        let code = peek(1)
        offset += 2
        switch code {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "{"), UInt8(ascii: "}"): text.append(code)
        case UInt8(ascii: "u") where peek(0) == UInt8(ascii: "{"):
            offset += 1
            let digits = take { $0 != UInt8(ascii: "}") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\"") }
            let closed = peek(0) == UInt8(ascii: "}")
            if closed { offset += 1 }
            if closed, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) {
                text += Array(String(Character(scalar)).utf8)
            } else {
                report(.invalidEscape, "this is no Unicode character", Span(start, offset), hint: "write it in hexadecimal, such as \\u{3b2}")
            }
        default:
            offset = min(offset, limit)
            if code == UInt8(ascii: "\n") || code == 0 { offset = start + 1 }
            report(.invalidEscape, "'\(source.text(Span(start, offset)))' is no escape sequence", Span(start, offset),
                   hint: code == UInt8(ascii: "(") ? "a value is filled in with {x}; write \\\\ for a backslash" : "known are \\n \\t \\r \\\\ \\\" \\' \\{ \\} and \\u{...}; write \\\\ for a backslash")
        }
    }

    /// Reads from `{` to the `}` that matches it, over nested brackets and strings; a `:` outside of them starts the format.
    private mutating func interpolation(quote: UInt8) -> StringPiece? {
        let brace = offset
        offset += 1
        let start = offset
        var nested: [UInt8] = []
        var colon: Int?
        while offset < limit, bytes[offset] != UInt8(ascii: "\n") {
            let byte = bytes[offset]
            if nested.isEmpty, colon != nil, byte != UInt8(ascii: "}"), byte != quote { offset += 1; continue }
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): nested.append(byte)
            case UInt8(ascii: "}") where nested.isEmpty: return finishInterpolation(brace, start, colon)
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): if !nested.isEmpty { nested.removeLast() }
            case UInt8(ascii: ":") where nested.isEmpty && colon == nil: colon = offset
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if byte == quote && !closesInside(byte) {
                    report(.badInterpolation, "this '{' is not closed before the string ends", Span(brace, brace + 1), hint: "write {{ for the character itself")
                    return nil
                }
                offset += 1
                while offset < limit, bytes[offset] != byte, bytes[offset] != UInt8(ascii: "\n") {
                    offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
                }
            default: break
            }
            offset = min(offset + 1, limit)
        }
        report(.badInterpolation, "this '{' is not closed on its line", Span(brace, brace + 1), hint: "write {{ for the character itself")
        return nil
    }

    /// Whether the quote at `offset` opens a nested string (there is a partner and a closing brace behind it) or ends the literal.
    private func closesInside(_ quote: UInt8) -> Bool {
        var index = offset + 1
        while index < limit, bytes[index] != UInt8(ascii: "\n"), bytes[index] != quote { index += 1 }
        guard index < limit, bytes[index] == quote else { return false }
        index += 1
        var inString = false
        while index < limit, bytes[index] != UInt8(ascii: "\n") {
            if bytes[index] == UInt8(ascii: "}"), !inString { return true }
            if bytes[index] == quote { inString.toggle() }
            index += 1
        }
        return false
    }

    private mutating func finishInterpolation(_ brace: Int, _ start: Int, _ colon: Int?) -> StringPiece? {
        let end = offset
        offset += 1
        let expression = Span(start, colon ?? end)
        if source.text(expression).allSatisfy(\.isWhitespace) {
            report(.badInterpolation, "there is no expression between the braces", Span(brace, offset), hint: "write {{ }} for the characters themselves")
            return nil
        }
        let formatSpan = colon.map { Span($0 + 1, end) } ?? Span(end, end)
        return .interpolation(source: expression, format: colon == nil ? nil : source.text(formatSpan), formatSpan: formatSpan)
    }

    private mutating func skipToQuote(_ quote: UInt8) {
        while offset < limit, bytes[offset] != quote, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
        if offset < limit, bytes[offset] == quote { offset += 1 }
    }
}
