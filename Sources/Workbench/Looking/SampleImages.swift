import Engine
import Figures

/// Samples as images.
struct SampleImages {
    /// (channels, height, width) of a sample.
    let shape: [Int]

    /// - Parameter known: what the benchmark says; nil where nothing is known: a square, grey or of three colours, where the numbers make one.
    init(_ known: [Int]?, size: Int) {
        if let known, known.reduce(1, *) == size, known.count == 3, !(known[1] == 1 && known[2] > 3) { shape = known } else { shape = Self.guess(size) }
    }

    private static func guess(_ size: Int) -> [Int] {
        func root(_ value: Int) -> Int? {
            let root = Int(Double(value).squareRoot().rounded())
            return root * root == value && root > 1 ? root : nil
        }
        if let side = root(size) { return [1, side, side] }
        if size % 3 == 0, let side = root(size / 3) { return [3, side, side] }
        return [1, 1, max(1, size)]
    }

    /// - Parameters:
    ///   - samples: [N, D], uint8, or floats of which 0 is black and 1 white; where they leave that range it is stretched, and a note says so.
    ///   - captions: N texts.
    func grid(_ samples: Tensor, captions: [String], title: String?, omitted: Int = 0, notes: [String] = []) throws -> ImageGrid {
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        let isBytes = samples.dtype == .uint8
        let values = try samples.detach().to(.float32).floats()
        let finite = values.filter(\.isFinite)
        var (low, high) = isBytes ? (Float(0), Float(255)) : (Float(0), Float(1))
        var notes = notes
        if !isBytes, let least = finite.min(), let most = finite.max(), least < -1e-4 || most > 1.0001 {
            (low, high) = (least, most)
            notes.append("black is \(Numbers.short(Double(low))), white \(Numbers.short(Double(high)))")
        }
        let factor = high > low ? 255 / (high - low) : 0
        func byte(_ value: Float) -> UInt8 { value.isFinite ? UInt8(min(max(((value - low) * factor).rounded(), 0), 255)) : 0 }
        let plane = height * width
        let tiles = captions.indices.map { sample -> ImageGrid.Tile in
            let start = sample * channels * plane
            var pixels = [UInt8](repeating: 0, count: plane * (channels == 3 ? 3 : 1))
            for place in 0..<plane {
                if channels == 3 {
                    for channel in 0..<3 { pixels[place * 3 + channel] = byte(values[start + channel * plane + place]) }
                } else {
                    let sum = (0..<channels).reduce(Float(0)) { $0 + values[start + $1 * plane + place] }
                    pixels[place] = byte(sum / Float(channels))
                }
            }
            return ImageGrid.Tile(pixels: pixels, caption: captions[sample])
        }
        return ImageGrid(title: title, width: width, height: height, channels: channels == 3 ? 3 : 1, tiles: tiles, omitted: omitted, notes: notes)
    }
}
