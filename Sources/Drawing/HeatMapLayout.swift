import Figures

extension FigureLayout {
    private struct Places {
        let cell: Size
        let left: Double, top: Double
        let hasNumbers: Bool
        /// Every so many labels are written, so that they don't run into each other.
        let columnStep: Int, rowStep: Int
    }

    private static func square(_ side: Double) -> Size { Size(width: side, height: side) }

    private func places(_ map: HeatMap) -> Places {
        let (rows, columns) = (max(1, map.values.count), max(1, map.columnLabels.count))
        let numbers = map.values.joined().map { painter.width(map.text($0), size: Self.small) }.max() ?? 0
        let fits = columns <= 24 && rows <= 40 && columns * rows <= 600
        let cell = fits ? Size(width: max(34, numbers + 10), height: 26) : Self.square(max(0.5, min(20, 720 / Double(columns), 560 / Double(rows))))
        let labels = map.rowLabels.map { painter.width($0, size: Self.small) }.max() ?? 0
        let columnLabel = map.columnLabels.map { painter.width($0, size: Self.small) }.max() ?? 0
        return Places(cell: cell, left: (map.rowTitle.isEmpty ? 0 : 20) + labels + 8, top: titleHeight(map.title) + (map.columnTitle.isEmpty ? 0 : 18) + 18, hasNumbers: fits,
                      columnStep: max(1, Int(((columnLabel + 8) / cell.width).rounded(.up))), rowStep: max(1, Int((14 / cell.height).rounded(.up))))
    }

    func size(_ map: HeatMap) -> Size {
        let places = places(map)
        return Size(width: max(titleWidth(map.title), places.left + places.cell.width * Double(max(1, map.columnLabels.count)) + 90),
                    height: places.top + max(120, places.cell.height * Double(max(1, map.values.count))) + 4)
    }

    func draw(_ map: HeatMap, _ x: Double, _ y: Double) {
        let places = places(map)
        draw(title: map.title, x, y)
        let (left, top) = (x + places.left, y + places.top)
        let (width, height) = (places.cell.width * Double(map.columnLabels.count), places.cell.height * Double(map.values.count))
        if !map.columnTitle.isEmpty { painter.text(map.columnTitle, left + width / 2, y + titleHeight(map.title) + 12, size: Self.text, anchor: .middle) }
        if !map.rowTitle.isEmpty { painter.text(map.rowTitle, x + 12, top + height / 2, size: Self.text, anchor: .middle, turned: true) }
        for (index, label) in map.columnLabels.enumerated() where index % places.columnStep == 0 {
            painter.text(label, left + places.cell.width * (Double(index) + 0.5), top - 6, size: Self.small, anchor: .middle, colour: Ink.quiet)
        }
        for (row, values) in map.values.enumerated() {
            let y = top + places.cell.height * Double(row)
            if row % places.rowStep == 0, row < map.rowLabels.count {
                painter.text(map.rowLabels[row], left - 6, y + places.cell.height / 2 + 4, size: Self.small, anchor: .right, colour: Ink.quiet)
            }
            guard places.hasNumbers else { continue }
            for (column, value) in values.enumerated() where column < map.columnLabels.count {
                let x = left + places.cell.width * Double(column)
                let colour = value.flatMap { $0.isFinite ? self.colour($0, map) : nil } ?? Ink.missing
                // A little overlap, so that no hairlines shine through.
                painter.rectangle(x, y, places.cell.width + 0.4, places.cell.height + 0.4, fill: colour)
                painter.text(map.text(value), x + places.cell.width / 2, y + places.cell.height / 2 + 4, size: Self.small, anchor: .middle, colour: colour.luminance > 0.18 ? Ink.onLight : Ink.onDark)
            }
        }
        if !places.hasNumbers {
            // One image: a rectangle for each of a million numbers would make a picture that nothing can open.
            painter.image(left, top, columns: map.columnLabels.count, rows: map.values.count, pixel: places.cell.width) { column, row in
                column < map.values[row].count ? map.values[row][column].flatMap { $0.isFinite ? colour($0, map) : nil } ?? Ink.missing : Ink.missing
            }
        }
        scale(map, left + width + 18, top)
    }

    private func colour(_ value: Double, _ map: HeatMap) -> Colour {
        Palette.heat(map.share(value))
    }

    private func scale(_ map: HeatMap, _ x: Double, _ y: Double) {
        for step in 0..<48 { painter.rectangle(x, y + 112 - Double(step + 1) * 112 / 48, 12, 112.0 / 48 + 0.4, fill: Palette.heat(Double(step) / 47)) }
        painter.text(map.text(map.bounds.upperBound), x + 17, y + 9, size: Self.small, colour: Ink.quiet)
        painter.text(map.text(map.bounds.lowerBound), x + 17, y + 112, size: Self.small, colour: Ink.quiet)
    }
}
