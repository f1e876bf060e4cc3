/// A half-open range of UTF-8 offsets in one source file.
public struct Span: Hashable, Sendable {
    public let start: Int
    public let end: Int

    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = max(start, end)
    }

    /// The smallest span that covers both.
    public func union(_ other: Span) -> Span { Span(min(start, other.start), max(end, other.end)) }

    /// The empty span just behind this one.
    public var after: Span { Span(end, end) }
}

/// The text of one file, cell or command line, with a name for messages and an index of its lines.
public final class SourceFile: Sendable {
    /// What a message shows before the line number: a path, or "cell 3", "-e", "standard input".
    public let name: String
    public let bytes: [UInt8]
    private let lineStarts: [Int]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
        lineStarts = starts
    }

    public convenience init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }

    public var lineCount: Int { lineStarts.count }

    /// The text of a span; offsets outside the file are clamped, bytes that are no UTF-8 are repaired.
    public func text(_ span: Span) -> String {
        let start = min(max(0, span.start), bytes.count)
        let end = min(max(start, span.end), bytes.count)
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Line (from 1) that holds an offset.
    public func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// Line and column (both from 1; the column counts characters, not bytes).
    public func position(at offset: Int) -> (line: Int, column: Int) {
        let line = line(at: offset)
        let prefix = text(Span(lineStarts[line - 1], min(offset, bytes.count)))
        return (line, prefix.count + 1)
    }

    /// The span of a line (from 1) without its line end.
    public func lineSpan(_ line: Int) -> Span {
        guard line >= 1, line <= lineStarts.count else { return Span(bytes.count, bytes.count) }
        let start = lineStarts[line - 1]
        var end = line < lineStarts.count ? lineStarts[line] - 1 : bytes.count
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return Span(start, end)
    }
}

/// A place in a file: what a run-time error or a stack trace carries.
public struct Location: Sendable {
    public let source: SourceFile
    public let span: Span

    public init(_ source: SourceFile, _ span: Span) {
        self.source = source
        self.span = span
    }

    /// "file.bcl:12:5"
    public var description: String {
        let (line, column) = source.position(at: span.start)
        return "\(source.name):\(line):\(column)"
    }
}
