import CTorch

extension Tensor {
    /// A tensor whose elements a body sets; it gets their bytes in row-major order and must set all of them.
    public static func filled(_ shape: [Int], dtype: DType, by body: (UnsafeMutableRawBufferPointer) throws -> Void) throws -> Tensor {
        let bytes = try count(of: shape, dtype) * dtype.byteSize
        let tensor = try make { ctorch_empty(sizes(shape), Int32(shape.count), dtype.code, Device.cpu.code, $0) }
        try withExtendedLifetime(tensor) { try body(UnsafeMutableRawBufferPointer(start: ctorch_data(tensor.handle), count: bytes)) }
        return tensor
    }

    /// Images [N, C, H, W], uint8 or float, in another size: bilinear, antialiased where they get smaller, as Pillow's `resize(BILINEAR)`.
    public func resizedBilinear(height: Int, width: Int) throws -> Tensor {
        guard rank == 4, height >= 1, width >= 1 else { throw EngineError("images [N, C, H, W] can be resized to at least 1 x 1, not \(summary) to \(height) x \(width)") }
        return try apply { ctorch_resize_bilinear($0, Int64(height), Int64(width), $1) }
    }
}
