import Continual
import Engine
import Figures
import Interpreter

/// What `plot` makes of its arguments.
struct Plot {
    private let arguments: Arguments
    private let evaluator: Evaluator
    private enum Place { static let x = 0, along = 1, smooth = 2, labels = 3, title = 4, xTitle = 5, yTitle = 6, names = 7 }
    /// Points that a line is drawn with at most.
    private static let mostPoints = 20_000

    init(_ arguments: Arguments, _ evaluator: Evaluator) { (self.arguments, self.evaluator) = (arguments, evaluator) }

    func figure() throws -> Figure {
        if isGiven(Place.along) { return try alongFigure() }
        switch arguments[Place.x] {
        case .host(let matrix as MatrixValue): return try accuracy(matrix.matrix)
        case .host(let tensor as TensorValue) where tensor.tensor.rank == 2: return try heat(tensor.tensor)
        case .host(let learner as Learner): return try lines([("", learner.losses)], xTitle: "minibatch", yTitle: "loss")
        case .host(is WeightsValue): throw Failure(.wrongArgumentCount, "the weights of a network are plotted along a line", hint: "write 'plot L.weights along before, after' with two snapshots")
        case .record(let record): return try lines(try record.entries.map { ($0.key, try numbers($0.value)) })
        case .list(let list) where !list.items.isEmpty && list.items.allSatisfy(Self.isSequence):
            return try lines(try list.items.enumerated().map { ("\($0.offset + 1)", try numbers($0.element)) })
        default: return try lines([("", try numbers(arguments[Place.x]))])
        }
    }

    private func isGiven(_ index: Int) -> Bool {
        if case .none = arguments[index] { return false }
        return arguments.has(index)
    }

    private var title: String? { get throws { isGiven(Place.title) ? try arguments.string(Place.title) : nil } }

    /// What the values are called, where that is short and there is one name for each.
    private func names(_ count: Int) throws -> [String]? {
        guard isGiven(Place.names) else { return nil }
        let names = try arguments.list(Place.names).map { Describer.string($0) }
        return names.count == count && names.allSatisfy { !$0.isEmpty && $0.count <= 40 && !$0.contains("\n") } ? names : nil
    }

    // MARK: - Lines

    private static func isSequence(_ value: Value) -> Bool {
        switch value {
        case .list: return true
        case .host(let host): return host is Learner || (host as? TensorValue).map { $0.tensor.rank == 1 } ?? false
        default: return false
        }
    }

    private func numbers(_ value: Value) throws -> [Double] {
        switch value {
        case .list(let list):
            return try list.items.map { item in
                switch item {
                case .int(let number): return Double(number)
                case .float(let number): return number
                case .bool(let flag): return flag ? 1 : 0
                case .none: return .nan  // a gap: a metric that was not defined yet
                case .host(let host):
                    if let number = try host.number() { return number }
                default: break
                }
                throw arguments.bad(Place.x, "must hold numbers, not \(item.phrase)")
            }
        case .host(let learner as Learner): return learner.losses
        case .host(let tensor as TensorValue):
            guard tensor.tensor.rank == 1 else {
                throw arguments.bad(Place.x, "is a tensor of \(tensor.tensor.rank) dimensions; vectors are plotted as lines, matrices as heat maps")
            }
            return try tensor.tensor.detach().doubles()
        case .host(let range as RangeValue) where range.count <= 10_000_000: return (range.start..<range.end).map { Double($0) }
        default: throw arguments.wrong(Place.x, wanted: "a list of numbers, a tensor, a record of these, an accuracy matrix or a learner")
        }
    }

    private func lines(_ parts: [(name: String, values: [Double])], xTitle: String? = nil, yTitle: String? = nil) throws -> Figure {
        let known = try self.names(parts.count)
        let isLosses = known.map { $0.allSatisfy { $0.hasSuffix(".losses") } } ?? false
        let xTitle = xTitle ?? (isLosses ? "minibatch" : "index")
        let yTitle = yTitle ?? (isLosses ? "loss" : parts.count == 1 ? known?[0] ?? "value" : "value")
        let names = try labels(parts.count) ?? (parts.count > 1 ? known : nil) ?? parts.map(\.name)
        let longest = parts.map(\.values.count).max() ?? 0
        guard longest > 0 else { throw Failure(.badValue, "there is nothing to plot: \(parts.count == 1 ? "the list is" : "the lists are") empty") }
        let window = try arguments.optionalInt(Place.smooth, in: 1...Int.max).map { min($0, longest) } ?? (longest > 200 ? longest / 100 : 1)
        let series = zip(names, parts).map { name, part -> LineChart.Series in
            let points = Self.thinned(part.values)
            guard window > 1 else { return LineChart.Series(name, points) }
            return LineChart.Series(name, Self.thinned(Self.means(part.values, window)), raw: points)
        }
        return .lines(LineChart(
            title: try title, xTitle: isGiven(Place.xTitle) ? try arguments.string(Place.xTitle) : xTitle, yTitle: isGiven(Place.yTitle) ? try arguments.string(Place.yTitle) : yTitle,
            series: series, notes: window > 1 ? ["each point is the mean of the last \(window)"] : []))
    }

    private func labels(_ count: Int) throws -> [String]? {
        guard isGiven(Place.labels) else { return nil }
        let labels = try arguments.list(Place.labels).map { Describer.string($0) }
        guard labels.count == count else { throw arguments.bad(Place.labels, "has \(labels.count) labels for \(count) line\(count == 1 ? "" : "s")") }
        return labels
    }

    /// The mean of each value and those before it, `window` in all; of fewer at the start. What is not finite is left out.
    static func means(_ values: [Double], _ window: Int) -> [Double] {
        var (sum, count) = (0.0, 0)
        return values.indices.map { index in
            if values[index].isFinite {
                sum += values[index]
                count += 1
            }
            if index >= window, values[index - window].isFinite {
                sum -= values[index - window]
                count -= 1
            }
            return count > 0 ? sum / Double(count) : .nan
        }
    }

    private static func thinned(_ values: [Double]) -> [(x: Double, y: Double)] {
        let step = (values.count + mostPoints - 1) / mostPoints
        return stride(from: 0, to: values.count, by: max(1, step)).map { (Double($0), values[$0]) }
    }

    // MARK: - Matrices

    private func accuracy(_ matrix: AccuracyMatrix) throws -> Figure {
        let rows = matrix.rows.indices.filter { matrix.rows[$0] != nil }
        guard !rows.isEmpty else { throw Failure(.notReady, "nothing was evaluated yet", hint: "evaluate L on a benchmark after training on a task") }
        return .heatMap(HeatMap(title: try title ?? "accuracy (%)", rowTitle: "after task", columnTitle: "on task", rowLabels: rows.map { "\($0 + 1)" },
                                columnLabels: (0..<matrix.tasks).map { "\($0 + 1)" }, values: rows.map { row in (0..<matrix.tasks).map { matrix[row, $0] } }, range: 0...1, isShare: true))
    }

    private func heat(_ tensor: Tensor) throws -> Figure {
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        guard tensor.count > 0 else { throw Failure(.badValue, "there is nothing to plot: the tensor has no elements") }
        guard rows <= 4096, columns <= 4096 else { throw arguments.bad(Place.x, "is \(rows)x\(columns); at most 4096x4096 can be drawn") }
        let values = try tensor.detach().doubles()
        return .heatMap(HeatMap(title: try title, rowTitle: isGiven(Place.yTitle) ? try arguments.string(Place.yTitle) : "", columnTitle: isGiven(Place.xTitle) ? try arguments.string(Place.xTitle) : "",
                                rowLabels: (0..<rows).map(String.init), columnLabels: (0..<columns).map(String.init),
                                values: (0..<rows).map { row in values[(row * columns)..<((row + 1) * columns)].map { Optional($0) } }))
    }

    // MARK: - Weights

    private func alongFigure() throws -> Figure {
        let weights = try arguments.host(Place.x, WeightsValue.self, "the weights of a learner, such as L.weights, where there is 'along'")
        guard case .list(let list) = arguments[Place.along] else { throw arguments.bad(Place.along, "must be two snapshots, 'before, after'") }
        let ends = try list.items.map { value -> WeightsSnapshot in
            guard case .host(let host) = value, let snapshot = host as? SnapshotValue else { throw arguments.bad(Place.along, "must be two snapshots, not \(value.phrase)") }
            return snapshot.snapshot
        }
        guard ends.count == 2 else { throw arguments.bad(Place.along, "must be two snapshots, 'before, after', not \(ends.count)") }
        guard let learner = weights.learner else {
            throw arguments.bad(Place.x, "are the weights of a network alone; the loss is taken on the memories of a learner: write L.weights")
        }
        return try WeightPath(learner, from: ends[0], to: ends[1]).figure(title: title, evaluator)
    }
}
