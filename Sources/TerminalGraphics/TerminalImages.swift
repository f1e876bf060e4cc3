import BCLScript
import Figures

/// Grids of images.
extension TerminalFigures {
    func lines(_ grid: ImageGrid) -> [String] {
        let head = [(grid.title.map { "\($0): " } ?? "") + grid.summary]
        let notes = (grid.omitted > 0 && !grid.tiles.isEmpty ? ["... and \(grid.omitted) more"] : []) + grid.notes
        let rest = notes.flatMap(wrapped)
        guard !grid.tiles.isEmpty, grid.width > 0, grid.height > 0 else { return head + rest }
        return head + (profile.pictures == .characters ? characterRows(grid) : graphicRows(grid)) + rest
    }

    /// A text in lines that fit the width, cut between words.
    private func wrapped(_ text: String) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let longer = lines[lines.count - 1].isEmpty ? String(word) : lines[lines.count - 1] + " " + word
            if displayWidth(longer) <= profile.columns || lines[lines.count - 1].isEmpty { lines[lines.count - 1] = longer } else { lines.append(String(word)) }
        }
        return lines
    }

    // MARK: - Characters

    /// Columns that each image of a figure would take.
    func tileWidth(_ figure: Figure) -> Int {
        guard case .images(let grid) = figure, profile.pictures == .characters, grid.width > 0, grid.height > 0, !grid.tiles.isEmpty else { return .max }
        return layout(grid, captions: captionWidth(grid)).width
    }

    private func captionWidth(_ grid: ImageGrid) -> Int { grid.tiles.map { displayWidth($0.caption) }.max() ?? 0 }

    private struct Layout {
        /// Pixels of a tile: one column each, two to a line.
        let width: Int, height: Int
        /// Columns from one tile to the next.
        let pitch: Int
        let perRow: Int
        let lines: Int
    }

    private func layout(_ grid: ImageGrid, _ width: Int, captions: Int) -> Layout {
        let height = max(1, (grid.height * width + grid.width / 2) / grid.width)
        let pitch = max(width, min(captions, width + 8)) + 1
        let perRow = max(1, min(grid.tiles.count, (profile.columns + 1) / pitch))
        let rows = (grid.tiles.count + perRow - 1) / perRow
        return Layout(width: width, height: height, pitch: pitch, perRow: perRow, lines: rows * ((height + 1) / 2 + (captions > 0 ? 1 : 0)))
    }

    /// As large as the tiles can be so that all of them are on the screen; but not so small that nothing can be told any more.
    private func layout(_ grid: ImageGrid, captions: Int) -> Layout {
        let smallest = min(grid.width, 12)
        let widest = max(grid.width, grid.width * (16 / max(1, grid.width)))
        let candidates = stride(from: min(widest, profile.columns, max(smallest, widestTile)), through: smallest, by: -1).filter { $0 <= grid.width || $0 % grid.width == 0 }
        let layouts = candidates.map { layout(grid, $0, captions: captions) }
        return layouts.first { $0.lines <= profile.rows - 4 } ?? layouts.last ?? layout(grid, smallest, captions: captions)
    }

    private func characterRows(_ grid: ImageGrid) -> [String] {
        let layout = layout(grid, captions: captionWidth(grid))
        var result: [String] = []
        for start in stride(from: 0, to: grid.tiles.count, by: layout.perRow) {
            let tiles = grid.tiles[start..<min(start + layout.perRow, grid.tiles.count)]
            let drawn = tiles.map { pixels.lines(Bitmap($0, of: grid).scaled(width: layout.width, height: layout.height)) }
            let space = String(repeating: " ", count: layout.pitch - layout.width)
            for line in 0..<(drawn.first?.count ?? 0) { result.append(drawn.map { $0[line] }.joined(separator: space)) }
            appendCaptions(tiles, layout.pitch, to: &result)
        }
        return result
    }

    private func appendCaptions(_ tiles: ArraySlice<ImageGrid.Tile>, _ pitch: Int, to result: inout [String]) {
        guard tiles.contains(where: { !$0.caption.isEmpty }) else { return }
        result.append(tiles.map { fitted($0.caption, pitch - 1) }.joined(separator: " "))
    }

    // MARK: - Sixel and kitty

    /// A strip of pixels for each row of tiles, in whole character cells so that captions stand below their tiles.
    private func graphicRows(_ grid: ImageGrid) -> [String] {
        let captions = captionWidth(grid)
        let cell = profile.cell
        let factor = max(1, 56 / max(grid.width, grid.height))
        let (width, height) = (grid.width * factor, grid.height * factor)
        let shrink = min(1, Double(min(320, profile.columns * cell.width)) / Double(width), 320 / Double(height))
        let tile = (width: max(1, Int(Double(width) * shrink)), height: max(1, Int(Double(height) * shrink)))
        let pitch = max((tile.width + cell.width - 1) / cell.width, min(captions, 16)) + 1
        let perRow = max(1, (profile.columns + 1) / pitch)
        let lines = (tile.height + cell.height - 1) / cell.height
        var result: [String] = []
        for start in stride(from: 0, to: grid.tiles.count, by: perRow) {
            let tiles = grid.tiles[start..<min(start + perRow, grid.tiles.count)]
            let columns = min(profile.columns, tiles.count * pitch)
            var strip = Bitmap(width: columns * cell.width, height: lines * cell.height)
            for (index, image) in tiles.enumerated() {
                strip.draw(Bitmap(image, of: grid).scaled(width: tile.width, height: tile.height), x: index * pitch * cell.width, y: 0)
            }
            result.append(profile.pictures == .kitty ? KittyGraphics.text(strip, columns: columns, rows: lines) : Sixel.text(strip))
            appendCaptions(tiles, pitch, to: &result)
        }
        return result
    }
}
