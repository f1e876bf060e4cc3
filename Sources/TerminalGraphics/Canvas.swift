import Figures

/// Points on a grid of characters: eight braille dots to a character, or one star where there is no Unicode.
struct Canvas {
    let columns: Int
    let rows: Int
    let usesBraille: Bool
    private var dots: [UInt8]
    private var owner: [Int?]

    init(columns: Int, rows: Int, braille: Bool) {
        (self.columns, self.rows, usesBraille) = (columns, rows, braille)
        dots = Array(repeating: 0, count: columns * rows)
        owner = Array(repeating: nil, count: columns * rows)
    }

    var width: Int { usesBraille ? columns * 2 : columns }
    var height: Int { usesBraille ? rows * 4 : rows }

    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    /// y counts downwards.
    mutating func set(_ x: Int, _ y: Int, series: Int) {
        guard x >= 0, y >= 0, x < width, y < height else { return }
        let cell = usesBraille ? y / 4 * columns + x / 2 : y * columns + x
        dots[cell] |= usesBraille ? Self.bits[y % 4][x % 2] : 1
        owner[cell] = series
    }

    /// A straight line (Bresenham 1965).
    mutating func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), series: Int) {
        var (x, y) = from
        let (dx, dy) = (abs(to.x - x), -abs(to.y - y))
        let (stepX, stepY) = (x < to.x ? 1 : -1, y < to.y ? 1 : -1)
        var error = dx + dy
        while true {
            set(x, y, series: series)
            if x == to.x, y == to.y { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += stepX
            }
            if twice <= dx {
                error += dx
                y += stepY
            }
        }
    }

    /// - Parameter paint: gives a character the colour of a series.
    func lines(_ paint: (String, Int) -> String) -> [String] {
        (0..<rows).map { row in
            var line = ""
            for column in 0..<columns {
                let cell = row * columns + column
                guard dots[cell] != 0, let series = owner[cell] else {
                    line += " "
                    continue
                }
                let character = usesBraille ? String(UnicodeScalar(0x2800 + UInt32(dots[cell]))!) : "*"
                line += paint(character, series)
            }
            return line
        }
    }
}
