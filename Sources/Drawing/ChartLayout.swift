import Figures

/// Lines and bars.
extension FigureLayout {
    private static let plot = Size(width: 600, height: 340)

    // MARK: - Lines

    private func legendHeight(_ chart: LineChart) -> Double { chart.series.count > 1 ? 20 * Double(legendRows(chart).count) : 0 }

    private func legendRows(_ chart: LineChart) -> [[(name: String, index: Int, x: Double)]] {
        var rows: [[(name: String, index: Int, x: Double)]] = [[]]
        var x = 0.0
        for (index, series) in chart.series.enumerated() {
            let width = painter.width(series.name, size: Self.text) + 44
            if x + width > Self.plot.width, !rows[rows.count - 1].isEmpty {
                rows.append([])
                x = 0
            }
            rows[rows.count - 1].append((series.name, index, x))
            x += width
        }
        return rows
    }

    private func yTicks(_ chart: LineChart) -> [(value: Double, text: String)] { chart.bounds.map { Numbers.ticks($0.y, about: 6) } ?? [] }

    private func leftMargin(_ chart: LineChart) -> Double { 26 + (yTicks(chart).map { painter.width($0.text, size: Self.small) }.max() ?? 0) }

    private func notes(_ chart: LineChart) -> [String] { chart.bounds == nil ? ["nothing to draw: no finite points"] + chart.notes : chart.notes }

    func size(_ chart: LineChart) -> Size {
        let notes = notesSize(notes(chart))
        let top = titleHeight(chart.title) + legendHeight(chart) + (chart.markers.isEmpty ? 0 : 16)
        return Size(width: max(leftMargin(chart) + Self.plot.width + 24, notes.width, titleWidth(chart.title)), height: top + 6 + Self.plot.height + 44 + notes.height)
    }

    func draw(_ chart: LineChart, _ x: Double, _ y: Double) {
        draw(title: chart.title, x, y)
        var top = y + titleHeight(chart.title)
        let left = x + leftMargin(chart)
        for row in legendRows(chart) where chart.series.count > 1 {
            for (name, index, offset) in row {
                let colour = Palette.lines[index % Palette.lines.count]
                painter.line((left + offset, top + 8), (left + offset + 20, top + 8), colour, width: 2.5)
                painter.text(name, left + offset + 26, top + 12, size: Self.text)
            }
            top += 20
        }
        if !chart.markers.isEmpty { top += 16 }
        top += 6
        if let bounds = chart.bounds { draw(chart, bounds, left, top) }
        let bottom = top + Self.plot.height
        painter.line((left, top), (left, bottom), Ink.quiet)
        painter.line((left, bottom), (left + Self.plot.width, bottom), Ink.quiet)
        painter.text(chart.xTitle, left + Self.plot.width / 2, bottom + 36, size: Self.text, anchor: .middle)
        painter.text(chart.yTitle, x + 12, top + Self.plot.height / 2, size: Self.text, anchor: .middle, turned: true)
        draw(notes: notes(chart), x, bottom + 44)
    }

    private func draw(_ chart: LineChart, _ bounds: (x: ClosedRange<Double>, y: ClosedRange<Double>), _ left: Double, _ top: Double) {
        let bottom = top + Self.plot.height
        func across(_ value: Double) -> Double { left + (value - bounds.x.lowerBound) / (bounds.x.upperBound - bounds.x.lowerBound) * Self.plot.width }
        func up(_ value: Double) -> Double { bottom - (value - bounds.y.lowerBound) / (bounds.y.upperBound - bounds.y.lowerBound) * Self.plot.height }
        for tick in yTicks(chart) {
            painter.line((left, up(tick.value)), (left + Self.plot.width, up(tick.value)), Ink.rule)
            painter.text(tick.text, left - 6, up(tick.value) + 4, size: Self.small, anchor: .right, colour: Ink.quiet)
        }
        for tick in Numbers.ticks(bounds.x, about: 8) {
            painter.line((across(tick.value), bottom), (across(tick.value), bottom + 4), Ink.quiet)
            painter.text(tick.text, across(tick.value), bottom + 17, size: Self.small, anchor: .middle, colour: Ink.quiet)
        }
        for marker in chart.markers where marker.x.isFinite {
            painter.line((across(marker.x), top), (across(marker.x), bottom), Ink.quiet, dashed: true)
            painter.text(marker.name, across(marker.x), top - 5, size: Self.small, anchor: .middle, colour: Ink.quiet)
        }
        painter.clipped(left - 2, top - 2, Self.plot.width + 4, Self.plot.height + 4) {
            for (index, series) in chart.series.enumerated() {
                let colour = Palette.lines[index % Palette.lines.count]
                func places(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)?] {
                    points.map { $0.x.isFinite && $0.y.isFinite ? (across($0.x), up($0.y)) : nil }
                }
                if !series.raw.isEmpty { painter.path(places(series.raw), colour, width: 0.8, opacity: 0.3) }
                painter.path(places(series.points), colour, width: 2)
                if series.points.count <= 30 { for case let place? in places(series.points) { painter.dot(place.x, place.y, radius: 2.6, colour) } }
            }
        }
    }

    // MARK: - Bars

    private static let barLength = 360.0
    private func labelWidth(_ chart: BarChart) -> Double { chart.bars.map { painter.width($0.label, size: Self.text) }.max() ?? 0 }

    func size(_ chart: BarChart) -> Size {
        let notes = notesSize(chart.notes)
        return Size(width: max(labelWidth(chart) + Self.barLength + 80, notes.width, titleWidth(chart.title)), height: titleHeight(chart.title) + 20 * Double(chart.bars.count) + notes.height)
    }

    func draw(_ chart: BarChart, _ x: Double, _ y: Double) {
        draw(title: chart.title, x, y)
        var top = y + titleHeight(chart.title)
        let left = x + labelWidth(chart) + 8
        let most = chart.bars.map(\.value).filter(\.isFinite).max() ?? 0
        for bar in chart.bars {
            let length = most > 0 && bar.value.isFinite ? max(0, bar.value / most) * Self.barLength : 0
            painter.text(bar.label, left - 8, top + 14, size: Self.text, anchor: .right)
            painter.rectangle(left, top + 3, length, 14, fill: Palette.lines[0])
            painter.text(Numbers.short(bar.value), left + length + 6, top + 14, size: Self.small, colour: Ink.quiet)
            top += 20
        }
        draw(notes: chart.notes, x, top)
    }
}
