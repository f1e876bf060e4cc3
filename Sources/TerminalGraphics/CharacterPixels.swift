import Figures

/// Images as characters: the upper half block with the colours of two pixels, or brightness as letters where there are no colours.
struct CharacterPixels {
    let profile: TerminalProfile
    static let reset = "\u{1B}[0m"

    /// One line for each two rows of pixels. `width` pixels make as many columns.
    func lines(_ image: Bitmap) -> [String] {
        stride(from: 0, to: image.height, by: 2).map { y in
            let lower = min(y + 1, image.height - 1)
            guard profile.colour != .none else { return letters(image, y, lower) }
            guard profile.hasUnicode else { return spaces(image, y, lower) }
            var line = ""
            var last: (Colour, Colour)?
            for x in 0..<image.width {
                let (top, bottom) = (image[x, y], y + 1 < image.height ? image[x, y + 1] : image[x, y])
                if last == nil || last! != (top, bottom) {
                    line += "\u{1B}[\(code(top, foreground: true));\(code(bottom, foreground: false))m"
                    last = (top, bottom)
                }
                line += "▀"
            }
            return line + Self.reset
        }
    }

    private static let ramp = Array(" .:-=+*#%@")

    private func letters(_ image: Bitmap, _ upper: Int, _ lower: Int) -> String {
        String((0..<image.width).map { x -> Character in
            let brightness = (image[x, upper].luminance.squareRoot() + image[x, lower].luminance.squareRoot()) / 2
            return Self.ramp[min(Self.ramp.count - 1, max(0, Int(brightness * Double(Self.ramp.count))))]
        })
    }

    /// Two rows of pixels in one colour, for locales without block characters.
    private func spaces(_ image: Bitmap, _ upper: Int, _ lower: Int) -> String {
        (0..<image.width).map { x in
            let (a, b) = (image[x, upper], image[x, lower])
            func mean(_ first: UInt8, _ second: UInt8) -> UInt8 { UInt8((Int(first) + Int(second)) / 2) }
            return "\u{1B}[\(code(Colour(mean(a.red, b.red), mean(a.green, b.green), mean(a.blue, b.blue)), foreground: false))m "
        }.joined() + Self.reset
    }

    /// The parameter of an SGR sequence for a colour.
    func code(_ colour: Colour, foreground: Bool) -> String {
        let start = foreground ? "38" : "48"
        if profile.colour == .direct { return "\(start);2;\(colour.red);\(colour.green);\(colour.blue)" }
        return "\(start);5;\(Self.indexed(colour))"
    }

    /// The nearest of xterm's 6x6x6 cube and 24 greys.
    static func indexed(_ colour: Colour) -> Int {
        let levels = [0, 95, 135, 175, 215, 255]
        func nearest(_ value: UInt8) -> Int { levels.indices.min { abs(levels[$0] - Int(value)) < abs(levels[$1] - Int(value)) }! }
        let (red, green, blue) = (nearest(colour.red), nearest(colour.green), nearest(colour.blue))
        let grey = min(23, max(0, ((Int(colour.red) + Int(colour.green) + Int(colour.blue)) / 3 - 3) / 10))
        func distance(_ r: Int, _ g: Int, _ b: Int) -> Int {
            let (x, y, z) = (r - Int(colour.red), g - Int(colour.green), b - Int(colour.blue))
            return x * x + y * y + z * z
        }
        let level = 8 + 10 * grey
        return distance(level, level, level) < distance(levels[red], levels[green], levels[blue]) ? 232 + grey : 16 + 36 * red + 6 * green + blue
    }
}
