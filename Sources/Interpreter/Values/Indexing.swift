import BCLScript

/// Indexes and slices as in Python: negative ones count from the end, slices are clamped, indexes are checked.
public enum Indexing {
    public static func position(_ index: Int, count: Int, of what: String) throws -> Int {
        let position = index < 0 ? index + count : index
        guard position >= 0, position < count else {
            throw Failure(.outOfRange, "index \(index) is out of range for \(what == "list" ? "a list" : "a \(what)") of length \(count)",
                          hint: count == 0 ? "it is empty" : "valid are 0 to \(count - 1), or -1 to -\(count) from the end")
        }
        return position
    }

    /// Start and end of a slice over `count` elements, clamped; for a negative step start is above end.
    public static func bounds(_ start: Int?, _ end: Int?, _ step: Int, count: Int) throws -> (start: Int, end: Int) {
        func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
            let position = value < 0 ? (value < -count ? low : value + count) : value
            return min(max(position, low), high)
        }
        if step > 0 {
            return (start.map { clamp($0, 0, count) } ?? 0, end.map { clamp($0, 0, count) } ?? count)
        }
        return (start.map { clamp($0, -1, count - 1) } ?? count - 1, end.map { clamp($0, -1, count - 1) } ?? -1)
    }

    public static func slice<T>(_ items: [T], _ start: Int?, _ end: Int?, _ step: Int) throws -> [T] {
        let bounds = try bounds(start, end, step, count: items.count)
        if step == 1 { return bounds.start < bounds.end ? Array(items[bounds.start..<bounds.end]) : [] }
        return stride(from: bounds.start, to: bounds.end, by: step).map { items[$0] }
    }
}
