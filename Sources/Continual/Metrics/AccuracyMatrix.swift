/// R[i][j]: accuracy (0 to 1) on the test set of task j after training on task i (Lopez-Paz and Ranzato 2017).
/// With T tasks, rows are added as tasks are learned; what is not known yet gives nil, not a number.
public struct AccuracyMatrix: Codable {
    public let tasks: Int
    /// nil where task i was not evaluated.
    public private(set) var rows: [[Double?]?]
    /// Accuracies of the untrained network, for FWT.
    public private(set) var baseline: [Double?]?

    public init(tasks: Int) {
        self.tasks = tasks
        rows = Array(repeating: nil, count: tasks)
    }

    /// Whether all rows have the right length: one that was read from a file may not.
    public var isWhole: Bool {
        tasks >= 0 && rows.count == tasks && rows.allSatisfy { $0.map { $0.count == tasks } ?? true } && baseline.map { $0.count == tasks } ?? true
    }

    /// - Parameter row: the last task that was trained on; nil for the untrained network.
    public mutating func set(_ row: Int?, _ accuracies: [Double?]) {
        guard accuracies.count == tasks else { return }
        guard let row else {
            baseline = accuracies
            return
        }
        if row >= 0, row < tasks { rows[row] = accuracies }
    }

    public subscript(_ i: Int, _ j: Int) -> Double? {
        guard i >= 0, i < tasks, j >= 0, j < tasks else { return nil }
        return rows[i].flatMap { $0[j] }
    }

    /// The last row that is known.
    public var last: Int? { rows.lastIndex { $0 != nil } }

    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty || known.count < values.count ? nil : known.reduce(0, +) / Double(known.count)
    }

    // With rows up to task k the metrics speak of the tasks learned so far, 0 to k.

    /// Average accuracy: mean over j <= k of R[k][j].
    public var acc: Double? { last.flatMap { k in Self.mean((0...k).map { self[k, $0] }) } }

    /// Forgetting: mean over j < k of (max over j <= i < k of R[i][j]) - R[k][j] (Chaudhry et al. 2018).
    /// As in the published code the maximum runs over all i < k, also those before the task was learned.
    public var fm: Double? {
        guard let k = last, k > 0 else { return nil }
        return Self.mean((0..<k).map { j in
            let before = (0..<k).map { self[$0, j] }
            guard let now = self[k, j], !before.contains(where: { $0 == nil }), let best = before.compactMap({ $0 }).max() else { return nil }
            return best - now
        })
    }

    /// Any-time accuracy: mean over i <= k of the average accuracy after task i, (1 / (i + 1)) sum over j <= i of R[i][j].
    public var anytime: Double? {
        last.flatMap { k in Self.mean((0...k).map { i in Self.mean((0...i).map { self[i, $0] }) }) }
    }

    /// R[0][j], R[1][j], ...: how well task j was done after each task; nil where it was not tested.
    public func curve(of task: Int) -> [Double?] { last.map { k in (0...k).map { self[$0, task] } } ?? [] }

    /// Learning accuracy: mean over j <= k of R[j][j].
    public var la: Double? { last.flatMap { k in Self.mean((0...k).map { self[$0, $0] }) } }

    /// Backward transfer: mean over j < k of R[k][j] - R[j][j].
    public var bwt: Double? {
        guard let k = last, k > 0 else { return nil }
        return Self.mean((0..<k).map { j in
            guard let now = self[k, j], let then = self[j, j] else { return nil }
            return now - then
        })
    }

    /// Forward transfer: mean over 1 <= j <= k of R[j-1][j] - b[j], with b the accuracies of the untrained network.
    public var fwt: Double? {
        guard let k = last, k > 0, let baseline else { return nil }
        return Self.mean((1...k).map { j in
            guard let before = self[j - 1, j], let start = baseline[j] else { return nil }
            return before - start
        })
    }
}
