/// Indentation, blank lines and the column of comments.
struct LineLayout {
    struct Line {
        let indent: Int
        /// Indentation of the statement that it belongs to; less than its own where it continues one.
        var base: Int
        var code = ""
        var comment: String?
        var hasBlankBefore = false

        init(indent: Int) {
            self.indent = indent
            base = indent
        }
    }

    struct Bracket {
        enum Kind { case paren, bracket, record, block }
        let kind: Kind
        /// Indentation of the statement that it is part of.
        let lineIndent: Int
        /// The column behind it, where something follows on its line: what it holds lines up there.
        let contentColumn: Int?
    }

    /// Indentation of a line that starts with a token (nil: a comment) inside the open brackets.
    func indent(of token: Token?, _ open: [Bracket]) -> Int {
        guard let innermost = open.last else { return 0 }
        if let token, [.symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace)].contains(token.kind) { return innermost.lineIndent }
        if innermost.kind != .block, let column = innermost.contentColumn { return column }
        return innermost.lineIndent + 2
    }

    func text(_ lines: [Line]) -> String {
        let columns = commentColumns(lines)
        var result = ""
        for (index, line) in lines.enumerated() {
            if line.hasBlankBefore, index > 0 { result += "\n" }
            result += String(repeating: " ", count: line.indent) + line.code
            if let comment = line.comment {
                if !line.code.isEmpty { result += String(repeating: " ", count: max(2, columns[index] - line.indent - displayWidth(line.code))) }
                result += comment
            }
            result += "\n"
        }
        return result
    }

    /// Comments behind the code of neighbouring lines stand in one column.
    private func commentColumns(_ lines: [Line]) -> [Int] {
        var columns = [Int](repeating: 0, count: lines.count)
        var start = 0
        while start < lines.count {
            var end = start
            while end < lines.count, lines[end].comment != nil, !lines[end].code.isEmpty, end == start || !lines[end].hasBlankBefore { end += 1 }
            let widest = lines[start..<end].map { $0.indent + displayWidth($0.code) }.max() ?? 0
            for index in start..<end { columns[index] = widest + 2 }
            start = max(end, start + 1)
        }
        return columns
    }
}
