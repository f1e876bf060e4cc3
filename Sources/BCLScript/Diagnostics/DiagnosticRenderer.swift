/// Turns a diagnostic into the text that a person reads: message, place, source line with the span underlined, hint.
public struct DiagnosticRenderer {
    public var colour: Bool
    /// Source lines longer than this are cut around the span.
    private let widestLine = 160

    public init(colour: Bool) { self.colour = colour }

    public func render(_ diagnostic: Diagnostic) -> String {
        let tone = diagnostic.severity == .error ? "31" : "33"
        var lines = [
            paint("\(diagnostic.severity.rawValue)[\(diagnostic.code.name)]", tone + ";1") + paint(": \(diagnostic.message)", "1")
        ]
        if let location = diagnostic.location { lines += excerpt(location, tone: tone) }
        if let hint = diagnostic.hint { lines.append("  " + paint("hint:", "36") + " " + hint) }
        for note in diagnostic.notes {
            lines.append("  " + paint("note:", "34") + " " + note.message)
            if let location = note.location { lines += excerpt(location, tone: "34") }
        }
        return lines.joined(separator: "\n")
    }

    private func excerpt(_ location: Location, tone: String) -> [String] {
        let source = location.source
        let (line, column) = source.position(at: location.span.start)
        let lineSpan = source.lineSpan(line)
        let number = String(line)
        let gutter = String(repeating: " ", count: number.count)
        var shownStart = lineSpan.start
        var shownEnd = lineSpan.end
        if shownEnd - shownStart > widestLine {
            shownStart = max(lineSpan.start, min(location.span.start, lineSpan.end) - widestLine / 2)
            shownEnd = min(lineSpan.end, shownStart + widestLine)
        }
        let spanStart = min(max(location.span.start, shownStart), shownEnd)
        let spanEnd = min(max(location.span.end, spanStart), shownEnd)
        let before = printable(source.text(Span(shownStart, spanStart)))
        let marked = printable(source.text(Span(spanStart, spanEnd)))
        let after = printable(source.text(Span(spanEnd, shownEnd)))
        let pad = String(repeating: " ", count: displayWidth(before))
        let marker = String(repeating: "^", count: max(1, displayWidth(marked)))
        return [
            "\(gutter)" + paint("-->", "34") + " \(source.name):\(line):\(column)",
            paint("\(number) |", "34") + " \(before)\(marked)\(after)",
            paint("\(gutter) |", "34") + " \(pad)" + paint(marker, tone + ";1"),
        ]
    }

    /// Control characters would move the terminal's cursor; they are shown as a replacement.
    private func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\t" { result += "    " }
            else if scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value) { result += "\u{FFFD}" }
            else { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    private func paint(_ text: String, _ style: String) -> String {
        colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
    }
}

/// Columns that a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none.
public func displayWidth(_ text: String) -> Int {
    var width = 0
    for character in text {
        guard let first = character.unicodeScalars.first else { continue }
        let value = first.value
        let wide = (0x1100...0x115F).contains(value) || (0x2E80...0xA4CF).contains(value) || (0xAC00...0xD7A3).contains(value)
            || (0xF900...0xFAFF).contains(value) || (0xFE30...0xFE6F).contains(value) || (0xFF00...0xFF60).contains(value)
            || (0xFFE0...0xFFE6).contains(value) || (0x1F300...0x1FAFF).contains(value) || (0x20000...0x3FFFD).contains(value)
        if wide { width += 2 } else if first.properties.generalCategory != .nonspacingMark { width += 1 }
    }
    return width
}
