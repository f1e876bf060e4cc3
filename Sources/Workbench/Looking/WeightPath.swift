import Engine
import Figures
import Interpreter

/// The loss on each memory of a learner on the straight line through two snapshots, batch-norm statistics included (Goodfellow et al. 2015, arXiv 1412.6544).
struct WeightPath {
    private let learner: Learner
    private let start: WeightsSnapshot
    private let end: WeightsSnapshot
    private static let points = 31
    private static let range = -0.25...1.25
    /// Of each memory.
    private static let mostSamples = 2000

    init(_ learner: Learner, from start: WeightsSnapshot, to end: WeightsSnapshot) { (self.learner, self.start, self.end) = (learner, start, end) }

    /// The network's weights are as before when this returns, also where it throws.
    func figure(title: String?, _ evaluator: Evaluator) throws -> Figure {
        guard let classifier = learner.classifier else { throw Failure(.notReady, "the method \(learner.method.name) has no 'net' and 'bench' to take the loss of") }
        let losses = try learner.memories().map { (name: $0.name, loss: try MemoryLoss($0.held, classifier, most: Self.mostSamples)) }
        guard !losses.isEmpty else {
            throw Failure(.notReady, "the learner has no memory with samples to take the loss on", hint: "train it first; single and ewc keep no samples")
        }
        let network = classifier.network.network
        try network.check(start)
        try network.check(end)
        let direction = try end.weights.sub(start.weights)
        let length = try direction.norm().item()
        guard length > 0 else { throw Failure(.badValue, "the two snapshots are the same: there is no line between them") }

        let now = try network.snapshot()
        let place = try now.weights.sub(start.weights).dot(direction).item() / (length * length)
        var series = losses.map { _ in [(x: Double, y: Double)]() }
        defer { try? network.restore(now) }
        for step in 0..<Self.points {
            try evaluator.checkInterrupt()
            let fraction = Self.range.lowerBound + (Self.range.upperBound - Self.range.lowerBound) * Double(step) / Double(Self.points - 1)
            try network.restore(end)
            try network.interpolate(from: start, fraction: fraction)
            for index in losses.indices { series[index].append((fraction, try losses[index].loss.value())) }
        }
        var markers = [LineChart.Marker("before", at: 0), LineChart.Marker("after", at: 1)]
        if Self.range.contains(place), abs(place) > 0.01, abs(place - 1) > 0.01 { markers.append(LineChart.Marker("now", at: place)) }
        let samples = losses.map { "\($0.name): \(Numbers.grouped($0.loss.count)) samples" }.joined(separator: ", ")
        return .lines(LineChart(
            title: title ?? "loss from before (0) to after (1), \(Numbers.short(length)) apart", xTitle: "before + s (after - before)", yTitle: "mean cross-entropy",
            series: zip(losses, series).map { LineChart.Series("\($0.name) memory", $1) }, markers: markers, notes: [samples]))
    }
}
