import Figures

extension FigureLayout {
    private struct Places {
        let pixel: Double
        let width: Double, height: Double
        let perRow: Int
        let caption: Double
        let notes: [String]
        let title: String
    }

    private func places(_ grid: ImageGrid) -> Places {
        let longest = Double(max(grid.width, grid.height, 1))
        let pixel = longest >= 56 ? max(0.25, min(1, 128 / longest)) : (56 / longest).rounded(.up)
        let captions = grid.tiles.map { painter.width($0.caption, size: Self.small) }.max() ?? 0
        let (image, height) = (pixel * Double(grid.width), pixel * Double(grid.height))
        let width = max(image, min(captions, image + 40)) + 6
        let wanted = max(1, Int(Double(max(1, grid.tiles.count)).squareRoot().rounded(.up)))
        let perRow = max(1, min(max(wanted, 8), Int(1200 / width), max(1, grid.tiles.count)))
        return Places(pixel: pixel, width: width, height: height, perRow: perRow, caption: captions > 0 ? 17 : 4,
                      notes: (grid.omitted > 0 && !grid.tiles.isEmpty ? ["... and \(grid.omitted) more"] : []) + grid.notes, title: (grid.title.map { "\($0): " } ?? "") + grid.summary)
    }

    func size(_ grid: ImageGrid) -> Size {
        let places = places(grid)
        let rows = (grid.tiles.count + places.perRow - 1) / places.perRow
        let notes = notesSize(places.notes)
        return Size(width: max(places.width * Double(places.perRow), notes.width, titleWidth(places.title)),
                    height: titleHeight(places.title) + Double(rows) * (places.height + places.caption) + notes.height)
    }

    func draw(_ grid: ImageGrid, _ x: Double, _ y: Double) {
        let places = places(grid)
        draw(title: places.title, x, y)
        var top = y + titleHeight(places.title)
        for start in stride(from: 0, to: grid.tiles.count, by: places.perRow) {
            for (column, tile) in grid.tiles[start..<min(start + places.perRow, grid.tiles.count)].enumerated() {
                let left = x + places.width * Double(column)
                painter.image(left, top, columns: grid.width, rows: grid.height, pixel: places.pixel) { column, row in
                    let index = row * grid.width + column
                    if grid.channels == 1 { return Colour(tile.pixels[index], tile.pixels[index], tile.pixels[index]) }
                    return Colour(tile.pixels[index * 3], tile.pixels[index * 3 + 1], tile.pixels[index * 3 + 2])
                }
                painter.clipped(left, top, places.width - 2, places.height + places.caption) {
                    painter.text(tile.caption, left, top + places.height + 12, size: Self.small)
                }
            }
            top += places.height + places.caption
        }
        draw(notes: places.notes, x, top)
    }
}
