import Figures

/// Where the parts of a figure go on a page. Every kind of figure says how large it is and draws itself at a place.
struct FigureLayout {
    let painter: Painter
    static let text = 12.0
    static let small = 10.5
    static let title = 14.0
    static let line = 17.0
    private static let gap = 24.0

    init(_ painter: Painter) { self.painter = painter }

    func size(_ figure: Figure) -> Size {
        switch figure {
        case .text, .table: return textSize(PlainText.lines(figure))
        case .images(let grid): return size(grid)
        case .heatMap(let map): return size(map)
        case .lines(let chart): return size(chart)
        case .bars(let chart): return size(chart)
        case .stack(let parts):
            let sizes = parts.map(size)
            return Size(width: sizes.map(\.width).max() ?? 0, height: sizes.map(\.height).reduce(0, +) + Self.gap * Double(max(0, parts.count - 1)))
        case .beside(let parts):
            let sizes = parts.map(size)
            return Size(width: sizes.map(\.width).reduce(0, +) + Self.gap * Double(max(0, parts.count - 1)), height: sizes.map(\.height).max() ?? 0)
        }
    }

    func draw(_ figure: Figure, x: Double, y: Double) {
        switch figure {
        case .text, .table: draw(PlainText.lines(figure), x, y)
        case .images(let grid): draw(grid, x, y)
        case .heatMap(let map): draw(map, x, y)
        case .lines(let chart): draw(chart, x, y)
        case .bars(let chart): draw(chart, x, y)
        case .stack(let parts):
            var top = y
            for part in parts {
                draw(part, x: x, y: top)
                top += size(part).height + Self.gap
            }
        case .beside(let parts):
            var left = x
            for part in parts {
                draw(part, x: left, y: y)
                left += size(part).width + Self.gap
            }
        }
    }

    // MARK: - Text

    private func textSize(_ lines: [String]) -> Size {
        Size(width: lines.map { painter.width($0, size: Self.text, face: .mono) }.max() ?? 0, height: Self.line * Double(lines.count))
    }

    private func draw(_ lines: [String], _ x: Double, _ y: Double) {
        for (index, line) in lines.enumerated() { painter.text(line, x, y + Self.line * Double(index) + 12, size: Self.text, face: .mono) }
    }

    /// Lines of plain words in small print.
    func notesSize(_ notes: [String]) -> Size {
        Size(width: notes.map { painter.width($0, size: Self.small) }.max() ?? 0, height: 15 * Double(notes.count))
    }

    func draw(notes: [String], _ x: Double, _ y: Double) {
        for (index, note) in notes.enumerated() { painter.text(note, x, y + 15 * Double(index) + 11, size: Self.small, colour: Ink.quiet) }
    }

    func titleHeight(_ title: String?) -> Double { title == nil ? 0 : 24 }
    func draw(title: String?, _ x: Double, _ y: Double) { if let title { painter.text(title, x, y + 14, size: Self.title, bold: true) } }
    func titleWidth(_ title: String?) -> Double { title.map { painter.width($0, size: Self.title, bold: true) } ?? 0 }
}
