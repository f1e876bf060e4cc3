import CTorch

extension Tensor {
    /// Rows of a uint8 tensor [N, D] on the CPU, in another order of their columns, divided by 255: float32 [length, D], in one pass.
    /// - Parameters:
    ///   - rows: int64 [n], the rows to choose from; nil for all.
    ///   - order: int64 [D]; nil for the order that they have.
    public func greys(rows: Tensor?, _ start: Int, _ length: Int, order: Tensor?) throws -> Tensor {
        try withExtendedLifetime((self, rows, order)) { try Self.make { ctorch_pixels(handle, rows?.handle, Int64(start), Int64(length), order?.handle, $0) } }
    }
}
