import BCLScript

/// Figures as text without colours, sizes of a terminal or control characters: for pipes, files and tests.
public enum PlainText {
    public static func text(_ figure: Figure) -> String { lines(figure).joined(separator: "\n") }

    public static func lines(_ figure: Figure) -> [String] {
        switch figure {
        case .text(let text): return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        case .table(let table): return lines(table)
        case .images(let grid): return lines(grid)
        case .heatMap(let map): return lines(self.table(map))
        case .lines(let chart): return lines(chart)
        case .bars(let chart): return lines(chart)
        case .stack(let parts), .beside(let parts): return parts.flatMap(lines)
        }
    }

    // MARK: - Tables

    /// Columns two spaces apart; numbers stand right.
    public static func lines(_ table: Table) -> [String] {
        let body = [table.columns.map(\.title)] + table.rows + (table.footer.map { [$0] } ?? [])
        let widths = table.columns.indices.map { column in body.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            var result = ""
            for (index, column) in table.columns.enumerated() {
                let cell = index < cells.count ? cells[index] : ""
                let space = String(repeating: " ", count: widths[index] - displayWidth(cell))
                result += (index > 0 ? "  " : "") + (column.isNumber ? space + cell : cell + space)
            }
            return trimmed(result)
        }
        var result = table.title.map { [$0] } ?? []
        if table.columns.contains(where: { !$0.title.isEmpty }) { result.append(line(table.columns.map(\.title))) }
        result += table.rows.map(line)
        if let footer = table.footer { result += [String(repeating: "-", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1)), line(footer)] }
        return result + table.notes
    }

    /// A heat map's numbers.
    public static func table(_ map: HeatMap) -> Table {
        Table(title: map.title, columns: [Table.Column(map.rowTitle.isEmpty ? map.columnTitle : map.rowTitle)] + map.columnLabels.map { Table.Column($0, number: true) },
              rows: zip(map.rowLabels, map.values).map { label, row in [label] + row.map(map.text) })
    }

    // MARK: - Pictures

    private static func lines(_ grid: ImageGrid) -> [String] {
        var result = [(grid.title.map { "\($0): " } ?? "") + grid.summary]
        var captions = ""
        for tile in grid.tiles where !tile.caption.isEmpty {
            if captions.utf8.count > 400 {
                captions += ", ..."
                break
            }
            captions += (captions.isEmpty ? "" : ", ") + tile.caption
        }
        if !captions.isEmpty { result.append("labels: \(captions)") }
        return result + grid.notes
    }

    private static func lines(_ chart: LineChart) -> [String] {
        let rows = chart.series.map { series -> [String] in
            let values = series.points.map(\.y).filter(\.isFinite)
            let mean = values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
            return [series.name, String(series.points.count)] + [series.points.first?.y, series.points.last?.y, values.min(), values.max(), mean].map { $0.map(Numbers.short) ?? "-" }
        }
        let columns = [Table.Column(chart.yTitle)] + ["points", "first", "last", "min", "max", "mean"].map { Table.Column($0, number: true) }
        let title = (chart.title.map { "\($0), " } ?? "") + "over \(chart.xTitle)"
        return lines(Table(title: title, columns: columns, rows: rows, notes: chart.markers.map { "\($0.name) at \(Numbers.short($0.x))" } + chart.notes))
    }

    private static func lines(_ chart: BarChart) -> [String] {
        lines(Table(title: chart.title, columns: [Table.Column(""), Table.Column("", number: true)], rows: chart.bars.map { [$0.label, Numbers.short($0.value)] }, notes: chart.notes))
    }

    private static func trimmed(_ text: String) -> String {
        var end = text.endIndex
        while end > text.startIndex, text[text.index(before: end)] == " " { end = text.index(before: end) }
        return String(text[..<end])
    }
}
