import Figures

/// An RGB image.
struct Bitmap {
    let width: Int
    let height: Int
    private(set) var pixels: [Colour]

    init(width: Int, height: Int, fill: Colour = Colour(0, 0, 0)) {
        (self.width, self.height) = (max(0, width), max(0, height))
        pixels = Array(repeating: fill, count: self.width * self.height)
    }

    init(_ tile: ImageGrid.Tile, of grid: ImageGrid) {
        self.init(width: grid.width, height: grid.height)
        for index in pixels.indices {
            pixels[index] = grid.channels == 1 ? Colour(tile.pixels[index], tile.pixels[index], tile.pixels[index])
                : Colour(tile.pixels[index * 3], tile.pixels[index * 3 + 1], tile.pixels[index * 3 + 2])
        }
    }

    subscript(_ x: Int, _ y: Int) -> Colour {
        get { pixels[y * width + x] }
        set { pixels[y * width + x] = newValue }
    }

    /// Each new pixel is the mean of the stretch of old ones that it covers; where it is larger than the old ones, the one at its middle.
    func scaled(width newWidth: Int, height newHeight: Int) -> Bitmap {
        guard newWidth > 0, newHeight > 0, width > 0, height > 0, newWidth != width || newHeight != height else { return self }
        var result = Bitmap(width: newWidth, height: newHeight)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (left, top) = (x * width / newWidth, y * height / newHeight)
                let (right, bottom) = (max(left + 1, (x + 1) * width / newWidth), max(top + 1, (y + 1) * height / newHeight))
                var (red, green, blue) = (0, 0, 0)
                for row in top..<bottom {
                    for column in left..<right {
                        let pixel = self[column, row]
                        red += Int(pixel.red)
                        green += Int(pixel.green)
                        blue += Int(pixel.blue)
                    }
                }
                let count = (right - left) * (bottom - top)
                result[x, y] = Colour(UInt8(red / count), UInt8(green / count), UInt8(blue / count))
            }
        }
        return result
    }

    mutating func draw(_ other: Bitmap, x: Int, y: Int) {
        for row in 0..<min(other.height, height - y) {
            for column in 0..<min(other.width, width - x) { self[x + column, y + row] = other[column, row] }
        }
    }

    /// Red, green, blue, row by row.
    var bytes: [UInt8] { pixels.flatMap { [$0.red, $0.green, $0.blue] } }
}
