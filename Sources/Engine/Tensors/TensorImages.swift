import CTorch

extension Tensor {
    /// Images [N, C, H, W], uint8 or float, in another size: bilinear, antialiased where they get smaller, as Pillow's `resize(BILINEAR)`.
    public func resizedBilinear(height: Int, width: Int) throws -> Tensor {
        guard rank == 4, height >= 1, width >= 1 else { throw EngineError("images [N, C, H, W] can be resized to at least 1 x 1, not \(summary) to \(height) x \(width)") }
        return try apply { ctorch_resize_bilinear($0, Int64(height), Int64(width), $1) }
    }
}
