import CTorch

/// Sums over a few long vectors, in one pass over each and in float64, without copies of that type.
extension Tensor {
    /// Whether `inner` and `combined` take it: contiguous float32 [P] on the CPU.
    public var isFlatVector: Bool { rank == 1 && dtype == .float32 && device == .cpu && isContiguous }

    /// The inner product of this vector with each of others of its length.
    public func inner(_ others: [Tensor]) throws -> [Double] {
        var out = [Double](repeating: 0, count: others.count)
        try withExtendedLifetime((self, others)) {
            try check(ctorch_dots(others.map { $0.handle }, Int32(others.count), handle, &out))
        }
        return out
    }

    /// This vector plus the sum of factors[i] * vectors[i], rounded to float32 at the end.
    public func combined(_ vectors: [Tensor], _ factors: [Double]) throws -> Tensor {
        guard vectors.count == factors.count else { throw EngineError("\(vectors.count) vectors can't be added with \(factors.count) factors") }
        return try withExtendedLifetime(vectors) { try apply { ctorch_combine($0, vectors.map { $0.handle }, factors, Int32(factors.count), $1) } }
    }
}
