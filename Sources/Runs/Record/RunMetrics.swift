import Continual

/// The metrics of docs/metrics.md by their names.
public struct RunMetrics: Equatable {
    public static let names = ["acc", "fm", "la", "bwt", "fwt", "anytime", "lca"]
    /// nil where an entry that it takes is missing.
    public let values: [Double?]

    init(_ values: [Double?]) { self.values = values }

    public init(_ matrix: AccuracyMatrix?, lca: Double?) {
        values = [matrix?.acc, matrix?.fm, matrix?.la, matrix?.bwt, matrix?.fwt, matrix?.anytime, lca]
    }

    public subscript(_ name: String) -> Double? { Self.names.firstIndex(of: name).flatMap { $0 < values.count ? values[$0] : nil } }
    public var entries: [(name: String, value: Double?)] { zip(Self.names, values).map { ($0, $1) } }
}

extension AccuracyMatrix {
    /// As it was after task k.
    public func after(_ task: Int) -> AccuracyMatrix {
        var earlier = AccuracyMatrix(tasks: tasks)
        if let baseline { earlier.set(nil, baseline) }
        for (index, row) in rows.enumerated() where index <= task { if let row { earlier.set(index, row) } }
        return earlier
    }

    /// Average accuracy over the tasks learned, after each task that was evaluated.
    public var averages: [(task: Int, value: Double)] {
        rows.indices.compactMap { k in
            guard let row = rows[k] else { return nil }
            let known = row.prefix(k + 1).compactMap { $0 }
            return known.count == k + 1 ? (k, known.reduce(0, +) / Double(known.count)) : nil
        }
    }
}
