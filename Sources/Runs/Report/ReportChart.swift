import Figures
import Foundation

/// Lines with bands, as SVG that takes its colours from the page: so it is right in the dark, too.
struct ReportChart {
    struct Line {
        let points: [(x: Double, y: Double)]
        /// Half the interval at each point; nil for one seed.
        let halves: [Double?]
        /// Which colour and dashes it has.
        let style: Int
    }

    let title: String
    let xTitle: String
    let lines: [Line]
    private static let size = (width: 400.0, height: 260.0)
    private static let plot = (left: 44.0, right: 390.0, top: 10.0, bottom: 216.0)
    /// Shown in percent.
    static let scale = 100.0

    /// nil without points.
    var svg: String? {
        let all = lines.flatMap(\.points)
        guard let x = range(all.map(\.x)), var y = range(lines.flatMap { line in zip(line.points, line.halves).flatMap { [$0.y - ($1 ?? 0), $0.y + ($1 ?? 0)] } }) else { return nil }
        y = max(0, min(0.99, y.lowerBound))...max(0.01, min(1, y.upperBound))  // shares: a band may leave them
        func across(_ value: Double) -> Double { Self.plot.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * (Self.plot.right - Self.plot.left) }
        func up(_ value: Double) -> Double { Self.plot.bottom - (min(max(value, y.lowerBound), y.upperBound) - y.lowerBound) / (y.upperBound - y.lowerBound) * (Self.plot.bottom - Self.plot.top) }
        func place(_ x: Double, _ y: Double) -> String { String(format: "%.1f,%.1f", across(x), up(y)) }
        var parts: [String] = []
        for tick in Numbers.ticks((y.lowerBound * Self.scale)...(y.upperBound * Self.scale), about: 5) {
            let height = up(tick.value / Self.scale)
            parts.append(String(format: "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>", Self.plot.left, height, Self.plot.right))
            parts.append(String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", Self.plot.left - 6, height + 4) + tick.text + "</text>")
        }
        // Tasks are whole numbers.
        for tick in Numbers.ticks(x, about: min(8, max(1, Int(x.upperBound - x.lowerBound)))) where tick.value == tick.value.rounded() {
            parts.append(String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>", across(tick.value), Self.plot.bottom + 16, tick.value))
        }
        parts.append(String(format: "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>", Self.plot.left, Self.plot.top, Self.plot.bottom, Self.plot.right))
        parts.append(String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", (Self.plot.left + Self.plot.right) / 2, Self.plot.bottom + 34) + HTML.escaped(xTitle) + "</text>")
        for line in lines where line.points.count > 1 && !line.halves.contains(where: { $0 == nil }) {
            let upper = zip(line.points, line.halves).map { place($0.x, $0.y + ($1 ?? 0)) }
            let lower = zip(line.points, line.halves).reversed().map { place($0.x, $0.y - ($1 ?? 0)) }
            parts.append("<polygon class=\"band c\(line.style % ReportStyle.colours)\" points=\"\((upper + lower).joined(separator: " "))\"/>")
        }
        for line in lines {
            let classes = "c\(line.style % ReportStyle.colours) d\(line.style / ReportStyle.colours % ReportStyle.dashes)"
            parts.append("<polyline class=\"line \(classes)\" points=\"\(line.points.map { place($0.x, $0.y) }.joined(separator: " "))\"/>")
            if line.points.count <= 20 { for point in line.points { parts.append(String(format: "<circle class=\"\(classes)\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\"/>", across(point.x), up(point.y))) } }
        }
        return "<svg viewBox=\"0 0 \(Int(Self.size.width)) \(Int(Self.size.height))\" role=\"img\" aria-label=\"\(HTML.escaped(title))\">\n\(parts.joined(separator: "\n"))\n</svg>"
    }

    private func range(_ values: [Double]) -> ClosedRange<Double>? {
        guard let low = values.filter(\.isFinite).min(), let high = values.filter(\.isFinite).max() else { return nil }
        return high - low > 1e-9 ? low...high : (low - 0.05)...(high + 0.05)
    }
}
