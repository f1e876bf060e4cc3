/// How many of the samples that are there: all, a share, or a number of them.
public enum Amount: Sendable, Equatable {
    case all
    /// Above 0, at most 1.
    case share(Double)
    /// At least 1.
    case count(Int)

    /// As the published code of BCL reads its option `use`: a share when at most 1, a count when above.
    public init(use: Double) throws {
        guard use > 0, use.isFinite else { throw DataError("use must be above 0: a share when at most 1, a count when above", remedy: "use=0.5 is half of each task's training samples, use=1000 a thousand") }
        guard use > 1 else {
            self = use == 1 ? .all : .share(use)
            return
        }
        guard use < 1e15, use == use.rounded() else { throw DataError("use is a count when above 1, and a count must be whole, not \(use)") }
        self = .count(Int(use))
    }

    /// - Parameter what: whose samples, for messages: "a task of mnist".
    public func count(of available: Int, _ what: String) throws -> Int {
        switch self {
        case .all: return available
        case .share(let share):
            let count = Int(Double(available) * share)
            guard count >= 1 else { throw DataError("a share of \(share) of the \(available) samples of \(what) is none at all") }
            return count
        case .count(let count):
            guard count >= 1, count <= available else { throw DataError("\(count) samples are asked for, but \(what) has \(available)", remedy: "ask for 1 to \(available)") }
            return count
        }
    }
}
