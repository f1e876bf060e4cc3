import BCLScript
import Foundation

/// The lines of a source around a place, with a mark at the place: what `where` and each stop show.
public enum Excerpt {
    public static func lines(_ location: Location, around: Int) -> [String] {
        let source = location.source
        let line = source.line(at: location.span.start)
        let (first, last) = (max(1, line - around), min(source.lineCount, line + around))
        let width = String(last).count
        return (first...max(first, last)).map { number in
            let digits = String(number)
            let text = source.text(source.lineSpan(number)).replacingOccurrences(of: "\t", with: "  ")
            return "\(number == line ? ">" : " ") \(String(repeating: " ", count: width - digits.count))\(digits) | \(text)"
        }
    }
}
