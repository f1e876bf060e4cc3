import Figures

/// DEC's sixel graphics: bands of six rows, one pass over a band for each of its colours.
enum Sixel {
    static func text(_ image: Bitmap) -> String {
        let (palette, indices) = quantised(image)
        var text = "\u{1B}P0;1;0q\"1;1;\(image.width);\(image.height)"
        for (index, colour) in palette.enumerated() {
            func percent(_ value: UInt8) -> Int { (Int(value) * 100 + 127) / 255 }
            text += "#\(index);2;\(percent(colour.red));\(percent(colour.green));\(percent(colour.blue))"
        }
        for top in stride(from: 0, to: image.height, by: 6) {
            var bits: [Int: [UInt8]] = [:]
            for row in 0..<min(6, image.height - top) {
                for x in 0..<image.width {
                    bits[indices[(top + row) * image.width + x], default: [UInt8](repeating: 0, count: image.width)][x] |= 1 << UInt8(row)
                }
            }
            text += bits.keys.sorted().map { "#\($0)" + runs(bits[$0]!) }.joined(separator: "$") + "-"
        }
        return text + "\u{1B}\\"
    }

    private static func runs(_ bits: [UInt8]) -> String {
        var text = ""
        var start = 0
        while start < bits.count {
            var end = start
            while end < bits.count, bits[end] == bits[start] { end += 1 }
            let character = String(UnicodeScalar(bits[start] + 63))
            text += end - start > 3 ? "!\(end - start)\(character)" : String(repeating: character, count: end - start)
            start = end
        }
        return text
    }

    /// At most 256 colours: those of the image, or else by median cut (Heckbert 1982).
    private static func quantised(_ image: Bitmap) -> (palette: [Colour], indices: [Int]) {
        func key(_ colour: Colour) -> Int { Int(colour.red) << 16 | Int(colour.green) << 8 | Int(colour.blue) }
        var counts: [Int: Int] = [:]
        for pixel in image.pixels { counts[key(pixel), default: 0] += 1 }
        var boxes = [counts.keys.sorted()]
        if counts.count <= 256 { boxes = boxes[0].map { [$0] } }
        while counts.count > 256, boxes.count < 256 {
            var best: (box: Int, shift: Int, spread: Int) = (0, 0, 0)
            for (index, box) in boxes.enumerated() {
                for shift in [16, 8, 0] {
                    let values = box.map { $0 >> shift & 255 }
                    let spread = values.max()! - values.min()!
                    if spread > best.spread { best = (index, shift, spread) }
                }
            }
            let sorted = boxes[best.box].sorted { ($0 >> best.shift & 255, $0) < ($1 >> best.shift & 255, $1) }
            boxes[best.box] = Array(sorted[..<(sorted.count / 2)])
            boxes.append(Array(sorted[(sorted.count / 2)...]))
        }
        var place: [Int: Int] = [:]
        var palette: [Colour] = []
        for box in boxes where !box.isEmpty {
            let total = box.reduce(0) { $0 + counts[$1]! }
            func mean(_ shift: Int) -> UInt8 { UInt8(box.reduce(0) { $0 + ($1 >> shift & 255) * counts[$1]! } / total) }
            for colour in box { place[colour] = palette.count }
            palette.append(Colour(mean(16), mean(8), mean(0)))
        }
        return (palette, image.pixels.map { place[key($0)]! })
    }
}
