extension Program {
    /// What the comments above the line of a place say, without their `#`; nil where there are none. Above the first statement blank lines may stand between:
    /// the head of a file speaks for what it declares.
    public func documentation(above span: Span) -> String? {
        var start = source.lineSpan(source.position(at: span.start).line).start
        let isFirst = statements.first.map { $0.span.start >= start } ?? false
        var lines: [String] = []
        for comment in comments.reversed() where comment.span.end <= start {
            let between = source.bytes[comment.span.end..<start]
            guard comment.ownLine, between.allSatisfy({ isBlank($0) || $0 == UInt8(ascii: "\n") }),
                  isFirst || between.filter({ $0 == UInt8(ascii: "\n") }).count == 1 else { break }
            var text = comment.text.dropFirst()
            if text.first == " " { text = text.dropFirst() }
            lines.insert(String(text), at: 0)
            start = comment.span.start
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// Its first paragraph, on one line.
    public func summary(above span: Span) -> String? {
        guard let text = documentation(above: span) else { return nil }
        let paragraph = text.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.isEmpty }.prefix { !$0.isEmpty }
        return paragraph.isEmpty ? nil : paragraph.joined(separator: " ")
    }
}
