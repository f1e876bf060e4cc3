import BCLScript
import Figures

/// Lines, bars and heat maps.
extension TerminalFigures {
    // MARK: - Lines

    func lines(_ chart: LineChart) -> [String] {
        guard let bounds = chart.bounds else { return PlainText.lines(.lines(chart)) }
        let rows = min(16, max(4, profile.rows - 6))
        let yTicks = Numbers.ticks(bounds.y, about: max(2, rows / 4))
        let margin = yTicks.map { displayWidth($0.text) }.max() ?? 0
        let columns = max(8, min(profile.columns, 100) - margin - 2)
        var canvas = Canvas(columns: columns, rows: rows, braille: profile.hasUnicode)
        func place(_ value: Double, _ range: ClosedRange<Double>, _ size: Int) -> Int {
            Int(((value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(size - 1)).rounded())
        }
        for (index, series) in chart.series.enumerated() {
            var last: (x: Int, y: Int)?
            for point in series.points {
                guard point.x.isFinite, point.y.isFinite else {
                    last = nil
                    continue
                }
                let spot = (x: place(point.x, bounds.x, canvas.width), y: canvas.height - 1 - place(point.y, bounds.y, canvas.height))
                canvas.line(last ?? spot, spot, series: index)
                last = spot
            }
        }
        var body = canvas.lines { paint($0, series: $1) }
        let axis = profile.hasUnicode ? (corner: "└", up: "│", tick: "┤", along: "─", mark: "┴") : (corner: "+", up: "|", tick: "+", along: "-", mark: "+")
        var labels = [String?](repeating: nil, count: rows)
        for tick in yTicks { labels[rows - 1 - place(tick.value, bounds.y, rows)] = tick.text }
        for row in body.indices {
            body[row] = fitted(labels[row] ?? "", margin, right: true) + (labels[row] == nil ? axis.up : axis.tick) + body[row]
        }
        let (line, numbers) = xAxis(chart, bounds.x, columns, axis.along, axis.mark, place)
        let indent = String(repeating: " ", count: margin)
        var head: [String] = []
        if let title = chart.title { head.append(title) }
        head += legend(chart)
        return head + body + [indent + axis.corner + line] + numbers.map { indent + " " + $0 } + markerLines(chart) + chart.notes
    }

    /// The name of the upright axis, and those of the lines in their colours, in as many rows as it takes.
    private func legend(_ chart: LineChart) -> [String] {
        let mark = profile.hasUnicode ? "━━" : "--"
        guard chart.series.count > 1 else { return [fitted(chart.yTitle, min(profile.columns, displayWidth(chart.yTitle)))] }
        var rows = [chart.yTitle]
        for (index, series) in chart.series.enumerated() {
            let entry = paint(mark, series: index) + " " + fitted(series.name, min(displayWidth(series.name), profile.columns - 8))
            if Self.visibleWidth(rows[rows.count - 1]) + 3 + Self.visibleWidth(entry) > profile.columns { rows.append("") }
            rows[rows.count - 1] += (rows[rows.count - 1].isEmpty ? "" : "   ") + entry
        }
        return rows
    }

    private func xAxis(_ chart: LineChart, _ range: ClosedRange<Double>, _ columns: Int, _ along: String, _ mark: String, _ place: (Double, ClosedRange<Double>, Int) -> Int) -> (String, [String]) {
        var line = Array(repeating: along, count: columns)
        var numbers = Array(repeating: " ", count: columns + 12)
        var end = -1
        let title = " " + chart.xTitle
        for tick in Numbers.ticks(range, about: max(2, columns / 12)) {
            let column = place(tick.value, range, columns)
            line[column] = mark
            let start = max(0, column - tick.text.count / 2)
            guard start > end, start + tick.text.count <= numbers.count else { continue }
            for (offset, character) in tick.text.enumerated() { numbers[start + offset] = String(character) }
            end = start + tick.text.count
        }
        for marker in chart.markers where marker.x.isFinite {
            let column = place(marker.x, range, columns)
            if line.indices.contains(column) { line[column] = profile.hasUnicode ? "▲" : "^" }
        }
        let text = numbers.prefix(max(0, end)).joined()
        if displayWidth(text) + displayWidth(title) <= columns { return (line.joined(), [text + title]) }
        return (line.joined(), [text, String(repeating: " ", count: max(0, columns - displayWidth(title))) + title])
    }

    private func markerLines(_ chart: LineChart) -> [String] {
        guard !chart.markers.isEmpty else { return [] }
        return [(profile.hasUnicode ? "▲ " : "^ ") + chart.markers.map { "\($0.name) at \(Numbers.short($0.x))" }.joined(separator: ", ")]
    }

    // MARK: - Bars

    func lines(_ chart: BarChart) -> [String] {
        let labels = chart.bars.map { displayWidth($0.label) }.max() ?? 0
        let label = min(labels, profile.columns / 3)
        let numbers = chart.bars.map { Numbers.short($0.value) }
        let room = max(4, min(60, profile.columns - label - (numbers.map(\.count).max() ?? 0) - 3))
        let most = chart.bars.map(\.value).filter(\.isFinite).max() ?? 0
        let body = zip(chart.bars, numbers).map { bar, number in
            let share = most > 0 && bar.value.isFinite ? max(0, bar.value / most) : 0
            return fitted(bar.label, label) + " " + paint(self.bar(share, room), series: 0) + " " + number
        }
        return (chart.title.map { [$0] } ?? []) + body + chart.notes
    }

    private func bar(_ share: Double, _ room: Int) -> String {
        guard profile.hasUnicode else { return String(repeating: "#", count: Int((share * Double(room)).rounded())) }
        let eighths = Int((share * Double(room) * 8).rounded())
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        let text = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
        return text.isEmpty && share > 0 ? "▏" : text
    }

    // MARK: - Heat maps

    func lines(_ map: HeatMap) -> [String] {
        let rowWidth = min(20, max(displayWidth(map.rowTitle), map.rowLabels.map(displayWidth).max() ?? 0))
        let cells = map.values.map { $0.map(map.text) }
        let cell = max(cells.joined().map(\.count).max() ?? 1, map.columnLabels.map(displayWidth).max() ?? 1) + 2
        var result = map.title.map { [$0] } ?? []
        let columns = map.columnLabels.count
        guard rowWidth + 1 + cell * columns <= profile.columns, map.values.count <= 60 else { return result + compact(map) }
        if !map.columnTitle.isEmpty { result.append(fitted("", rowWidth) + " " + map.columnTitle) }
        result.append(fitted(map.rowTitle, rowWidth) + " " + map.columnLabels.map { fitted($0 + " ", cell, right: true) }.joined())
        for (row, label) in map.rowLabels.enumerated() where row < map.values.count {
            let line = zip(map.values[row], cells[row]).map { value, text -> String in
                guard let value, value.isFinite else { return fitted(text + " ", cell, right: true) }
                return paint(fitted(text + " ", cell, right: true), on: colour(value, map))
            }
            result.append(fitted(label, rowWidth) + " " + line.joined())
        }
        return result
    }

    private func colour(_ value: Double, _ map: HeatMap) -> Colour {
        Palette.heat(map.share(value))
    }

    /// Without numbers: two rows of the matrix to a line, and a scale below.
    private func compact(_ map: HeatMap) -> [String] {
        let (rows, columns) = (map.values.count, map.columnLabels.count)
        guard rows > 0, columns > 0 else { return ["nothing to show"] }
        var image = Bitmap(width: columns, height: rows, fill: Colour(128, 128, 128))
        for (y, row) in map.values.enumerated() {
            for (x, value) in row.enumerated() where x < columns { if let value, value.isFinite { image[x, y] = colour(value, map) } }
        }
        let width = min(profile.columns, columns * max(1, 64 / columns))
        let height = max(1, min(rows * max(1, width / columns), 2 * max(4, profile.rows - 6)))
        let (low, high) = (map.text(map.bounds.lowerBound), map.text(map.bounds.upperBound))
        let steps = max(2, min(20, (profile.columns - low.count - high.count - 2) / 2))
        let scale = (0..<steps).map { paint("  ", on: Palette.heat(Double($0) / Double(steps - 1))) }.joined()
        let titles = [map.rowTitle.isEmpty ? nil : "down: \(map.rowTitle)", map.columnTitle.isEmpty ? nil : "across: \(map.columnTitle)"].compactMap { $0 }.joined(separator: ", ")
        return (titles.isEmpty ? [] : [titles]) + pixels.lines(image.scaled(width: width, height: height)) + ["\(low) \(scale) \(high)"]
    }
}
