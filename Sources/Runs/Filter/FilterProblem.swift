/// What is wrong with a filter, and where in it.
public struct FilterProblem: Error, CustomStringConvertible {
    public let message: String
    public let remedy: String?
    /// The whole filter, and the characters at fault.
    public let text: String
    public let range: Range<Int>

    init(_ message: String, remedy: String? = nil, in text: String, at range: Range<Int>) { (self.message, self.remedy, self.text, self.range) = (message, remedy, text, range) }

    public var description: String { message }

    /// The filter with the place marked, as two lines.
    public var excerpt: [String] {
        let shown = text.map { $0.isNewline ? " " : $0 }
        return ["  " + String(shown), "  " + String(repeating: " ", count: min(range.lowerBound, shown.count)) + String(repeating: "^", count: max(1, range.count))]
    }
}
