import Foundation

/// The marks at the start of a cell's further lines, "   ...: ", right below the prompt. libedit draws its line as one text, so they stand in that text;
/// what a key does to them is put right before the next one is read, and nobody else sees them.
struct ContinuationMarks {
    /// A line and where the cursor is in it, in Unicode scalars.
    struct Line: Equatable {
        var text: [Unicode.Scalar]
        var cursor: Int

        init(_ text: [Unicode.Scalar], cursor: Int) { (self.text, self.cursor) = (text, cursor) }
    }

    /// "   ...: "
    let mark: String
    /// A line end with its mark: goes and comes as one.
    private let unit: [Unicode.Scalar]
    private(set) var last = Line([], cursor: 0)

    /// - Parameter width: of the prompt; below 5 there are no marks.
    init(width: Int) {
        mark = width < 5 ? "" : String(repeating: " ", count: width - 5) + "...: "
        unit = Array(("\n" + mark).unicodeScalars)
    }

    /// A text as it stands in the line.
    func marked(_ text: String) -> String { text.replacing("\n", with: "\n" + mark) }
    /// A line's text without marks.
    func plain(_ text: String) -> String { mark.isEmpty ? text : text.replacing("\n" + mark, with: "\n") }
    /// How many scalars of the line a text of the cell takes.
    func length(_ text: some StringProtocol) -> Int { text.unicodeScalars.reduce(0) { $0 + ($1 == "\n" ? unit.count : 1) } }

    /// The line as it has to be after a key that has made `now` of it. nil where it is right.
    mutating func repaired(_ now: Line) -> Line? {
        guard !mark.isEmpty, !isLibeditsOwn(now.text) else { return nil }
        let result = moved(edited(now), wasAt: last)
        last = result
        return result == now ? nil : result
    }

    /// The line was given another text by the shell.
    mutating func reset(_ now: Line) { last = now }

    /// While libedit asks for something (a search, a command) it writes the question into the line.
    private func isLibeditsOwn(_ text: [Unicode.Scalar]) -> Bool {
        if text.first == "\n", !text.starts(with: unit) { return true }
        guard let end = text.lastIndex(of: "\n") else { return false }
        let tail = String(String.UnicodeScalarView(text[(end + 1)...]))
        return tail.hasPrefix("bck") || tail.hasPrefix("fwd")
    }

    /// What was cut out of the old line and what came in its place; a mark that was hurt goes as a whole, and its line end with it.
    private func edited(_ now: Line) -> Line {
        guard now.text != last.text else { return now }
        let (old, new) = (last.text, now.text)
        // Behind the cursor nothing changes, as a rule.
        var tail = new.count - now.cursor
        if tail > old.count || old.suffix(tail) != new.suffix(tail) { tail = zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.count }
        var head = zip(old, new.dropLast(tail)).prefix { $0 == $1 }.count
        head = min(head, old.count - tail)
        var (start, end) = (head, old.count - tail)
        for place in units(in: old) where start < end && place.lowerBound < end && start < place.upperBound {
            (start, end) = (min(start, place.lowerBound), max(end, place.upperBound))
        }
        // Pure insertions behind a line end, where the mark is, go behind the mark.
        if start == end, let place = units(in: old).first(where: { $0.lowerBound < start && start < $0.upperBound }) { (start, end) = (place.upperBound, place.upperBound) }
        let inserted = marked(plain(String(String.UnicodeScalarView(new[head..<(new.count - tail)])))).unicodeScalars
        let text = Array(old[..<start]) + inserted + old[end...]
        if text == new { return now }
        return Line(text, cursor: now.cursor == new.count - tail ? start + inserted.count : min(now.cursor, text.count))
    }

    /// The cursor is never inside of a mark: it leaves it on the side that it was moving to.
    private func moved(_ line: Line, wasAt old: Line) -> Line {
        guard let place = units(in: line.text).first(where: { $0.lowerBound < line.cursor && line.cursor < $0.upperBound }) else { return line }
        return Line(line.text, cursor: line.cursor < old.cursor ? place.lowerBound : place.upperBound)
    }

    private func units(in text: [Unicode.Scalar]) -> [Range<Int>] {
        text.indices.filter { text[$0] == "\n" && text[$0...].starts(with: unit) }.map { $0..<($0 + unit.count) }
    }

    /// A pasted text without the prompts and marks of the screen that it was copied from. Where it starts with a prompt, lines without one are output, and left out.
    static func withoutPrompts(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let prompt = #/^\s*bcl \d+> ?/#
        let mark = #/^\s*\.\.\.: ?/#
        let isSession = lines.first?.firstMatch(of: prompt) != nil
        guard isSession || lines.contains(where: { $0.firstMatch(of: mark) != nil }) else { return text }
        return lines.compactMap { line -> String? in
            if let found = line.firstMatch(of: prompt) { return String(line[found.range.upperBound...]) }
            if let found = line.firstMatch(of: mark) { return String(line[found.range.upperBound...]) }
            return isSession ? nil : String(line)
        }.joined(separator: "\n")
    }
}
