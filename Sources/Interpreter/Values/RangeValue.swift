import BCLScript

/// `a..b`: the integers from a up to, not including, b.
public final class RangeValue: HostValue {
    public let start: Int
    public let end: Int

    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = max(start, end)
    }

    /// b - a may exceed what an Int holds; then the count is the largest Int.
    public var count: Int {
        let (difference, overflow) = end.subtractingReportingOverflow(start)
        return overflow ? Int.max : difference
    }

    public override var typeName: String { "range" }
    public override func describe(_ describer: inout Describer) { describer.write("\(start)..\(end)") }
    public override func length() throws -> Int? { count }
    public override var truth: Bool? { end > start }

    public override func makeIterator() throws -> ValueIterator? {
        var next = start
        return { [end] in
            guard next < end else { return nil }
            next += 1
            return .int(next - 1)
        }
    }

    public override func contains(_ item: Value) throws -> Bool? {
        guard case .int(let number) = item else { return false }
        return number >= start && number < end
    }

    public override func index(_ items: [IndexValue]) throws -> Value? {
        guard items.count == 1 else { return nil }
        switch items[0] {
        case .at(.int(let index)): return .int(start + (try Indexing.position(index, count: count, of: "range")))
        case .slice(let from, let to, 1):
            let bounds = try Indexing.bounds(from, to, 1, count: count)
            return .host(RangeValue(start + bounds.start, start + max(bounds.start, bounds.end)))
        default: return nil
        }
    }

    public override func isEqual(to other: HostValue) -> Bool {
        guard let other = other as? RangeValue else { return false }
        return start == other.start && end == other.end
    }
}
