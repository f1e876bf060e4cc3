import CTorch

/// Sums over a few long vectors, in one pass over each and in float64, without copies of that type.
extension Tensor {
    /// Whether `inner` and `combineInPlace` take it: contiguous float32 [P] on the CPU.
    public var isFlatVector: Bool { rank == 1 && dtype == .float32 && device == .cpu && isContiguous }

    /// The inner product of this vector with each of others of its length.
    public func inner(_ others: [Tensor]) throws -> [Double] {
        var out = [Double](repeating: 0, count: others.count)
        try withExtendedLifetime((self, others)) {
            try check(ctorch_dots(others.map { $0.handle }, Int32(others.count), handle, &out))
        }
        return out
    }

    /// self += the sum of factors[i] * vectors[i], rounded to float32 at the end.
    public func combineInPlace(_ vectors: [Tensor], _ factors: [Double]) throws {
        guard vectors.count == factors.count else { throw EngineError("\(vectors.count) vectors can't be added with \(factors.count) factors") }
        try withExtendedLifetime((self, vectors)) { try check(ctorch_combine_(handle, vectors.map { $0.handle }, factors, Int32(factors.count))) }
    }
}
