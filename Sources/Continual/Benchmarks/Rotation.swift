import Engine
import Foundation

/// A rotation of images about their centre, counter-clockwise, with bilinear interpolation; outside of the image is black (0).
/// What Pillow's `Image.rotate(angle, resample=BILINEAR)` does, also its rounding down.
/// The sampling grid is computed once, when the first images are rotated; a minibatch is gathered and weighted on its device.
public final class Rotation {
    public enum Resampling: String, CaseIterable, Sendable {
        case bilinear
        /// The pixel that the centre falls into: what GEM's own script uses.
        case nearest
    }

    /// In degrees.
    public let angle: Double
    public let resampling: Resampling
    private let height: Int
    private let width: Int
    /// For each pixel of the result the pixels it is made of, int64 [H * W, K] with K = 4 (bilinear) or 1, and their weights, float32 [H * W, K].
    private lazy var grid = makeGrid()
    private var plan: (pixels: Tensor, weights: Tensor)?

    /// - Parameter imageShape: (channels, height, width).
    init(angle: Double, imageShape: [Int], resampling: Resampling) {
        self.angle = angle
        self.resampling = resampling
        height = imageShape[imageShape.count - 2]
        width = imageShape[imageShape.count - 1]
    }

    /// - Parameter images: [B, D], uint8 (values are rounded down, as Pillow does) or float32.
    /// - Returns: the same shape and type.
    func apply(_ images: Tensor) throws -> Tensor {
        let plan = try plan(on: images.device)
        let size = height * width
        // Pixel by pixel instead of image by image: a pixel of all images is then one row.
        let rows = try images.reshape([-1, size]).transpose(0, 1).to(.float32).contiguous()
        var mixed = try rows.weightedRows(plan.pixels, plan.weights)
        // Sums of float32 that should be whole come out a little too low at times.
        if images.dtype == .uint8 { mixed = try mixed.add(.float(0x1p-13)).to(.uint8) }
        return try mixed.transpose(0, 1).reshape(images.shape)
    }

    private func plan(on device: Device) throws -> (pixels: Tensor, weights: Tensor) {
        if let plan, plan.pixels.device == device { return plan }
        let shape = [height * width, Self.corners(resampling)]
        let made = (pixels: try Tensor.from(grid.pixels, shape: shape, device: device), weights: try Tensor.from(grid.weights, shape: shape, device: device))
        plan = made
        return made
    }

    private static func corners(_ resampling: Resampling) -> Int { resampling == .bilinear ? 4 : 1 }

    private func makeGrid() -> (pixels: [Int], weights: [Float]) {
        let size = height * width
        let corners = Self.corners(resampling)
        var pixels = [Int](repeating: 0, count: corners * size)
        var weights = [Float](repeating: 0, count: corners * size)
        // Pillow rounds so that 90 degrees have a cosine of zero.
        func rounded(_ x: Double) -> Double { (x * 1e15).rounded() / 1e15 }
        let radians = -angle.truncatingRemainder(dividingBy: 360) * .pi / 180
        let (cosine, sine) = (rounded(cos(radians)), rounded(sin(radians)))
        let (centreX, centreY) = (Double(width) / 2, Double(height) / 2)
        // In Pillow's order of operations: at the edges the last bit decides whether a pixel is inside.
        let startX = cosine * -centreX + sine * -centreY + centreX
        let startY = -sine * -centreX + cosine * -centreY + centreY
        for row in 0..<height {
            for column in 0..<width {
                let place = row * width + column
                if resampling == .nearest {
                    // Pillow steps through the nearest pixels in 1/65536 of a pixel.
                    func fixed(_ x: Double) -> Int { Int((x * 65536 + 0.5).rounded(.down)) }
                    let x = (fixed(startX + 0.5 * (cosine + sine)) + column * fixed(cosine) + row * fixed(sine)) >> 16
                    let y = (fixed(startY + 0.5 * (cosine - sine)) + column * fixed(-sine) + row * fixed(cosine)) >> 16
                    guard x >= 0, x < width, y >= 0, y < height else { continue }
                    pixels[place] = y * width + x
                    weights[place] = 1
                    continue
                }
                let x = cosine * (Double(column) + 0.5) + sine * (Double(row) + 0.5) + startX
                let y = -sine * (Double(column) + 0.5) + cosine * (Double(row) + 0.5) + startY
                guard x >= 0, x < Double(width), y >= 0, y < Double(height) else { continue }
                let (left, top) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
                let (shareX, shareY) = (x - 0.5 - left, y - 0.5 - top)
                for corner in 0..<4 {
                    let (right, below) = (corner % 2, corner / 2)
                    let sourceX = min(max(Int(left) + right, 0), width - 1)
                    let sourceY = min(max(Int(top) + below, 0), height - 1)
                    pixels[place * corners + corner] = sourceY * width + sourceX
                    weights[place * corners + corner] = Float((right == 1 ? shareX : 1 - shareX) * (below == 1 ? shareY : 1 - shareY))
                }
            }
        }
        return (pixels, weights)
    }
}
