import Foundation
import CTorch

extension Tensor {
    typealias DimensionCall = (ctorch_tensor?, Int64, Int32, Out?) -> Int32

    private func reduce(_ dimension: Int, _ keep: Bool, _ call: DimensionCall) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try apply { call($0, place, keep ? 1 : 0, $1) }
    }

    private func requireElements(_ what: String) throws {
        guard count > 0 else { throw EngineError("a tensor without elements has no \(what)") }
    }

    // Over all elements: a tensor of no dimensions.
    public func sum() throws -> Tensor { try apply { ctorch_sum($0, $1) } }
    public func mean() throws -> Tensor { try floating("mean").apply { ctorch_mean($0, $1) } }
    public func max() throws -> Tensor { try requireElements("maximum"); return try apply { ctorch_max($0, $1) } }
    public func min() throws -> Tensor { try requireElements("minimum"); return try apply { ctorch_min($0, $1) } }
    public func argmax() throws -> Tensor { try requireElements("maximum"); return try apply { ctorch_argmax($0, $1) } }
    public func argmin() throws -> Tensor { try requireElements("minimum"); return try apply { ctorch_argmin($0, $1) } }
    /// Square root of the sum of squares.
    public func norm() throws -> Tensor { try floating("norm").apply { ctorch_norm($0, $1) } }
    /// Standard deviation with the divisor n - 1.
    public func std() throws -> Tensor { try floating("standard deviation").apply { ctorch_std($0, $1) } }
    public func any() throws -> Tensor { try apply { ctorch_any($0, $1) } }
    public func all() throws -> Tensor { try apply { ctorch_all($0, $1) } }

    // Over one dimension, which disappears unless kept with size 1.
    public func sum(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_sum_dim) }
    public func mean(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try floating("mean").reduce(dimension, keepDim, ctorch_mean_dim) }
    public func max(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_max_dim) }
    public func min(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_min_dim) }
    public func argmax(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_argmax_dim) }
    public func argmin(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_argmin_dim) }
    public func norm(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try floating("norm").reduce(dimension, keepDim, ctorch_norm_dim) }
    public func any(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_any_dim) }
    public func all(_ dimension: Int, keepDim: Bool = false) throws -> Tensor { try reduce(dimension, keepDim, ctorch_all_dim) }

    private func floating(_ what: String) throws -> Tensor {
        guard dtype.isFloatingPoint else { throw EngineError("the \(what) of a \(dtype.rawValue) tensor is not defined; convert it with .float()") }
        return self
    }

    public func cumsum(_ dimension: Int) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try apply { ctorch_cumsum($0, place, $1) }
    }

    /// Stable. The values in order, and the indices they had.
    public func sort(_ dimension: Int = -1, descending: Bool = false) throws -> (values: Tensor, indices: Tensor) {
        let place = try checked(dimension: dimension)
        var values: ctorch_tensor?
        var indices: ctorch_tensor?
        try withExtendedLifetime(self) { try check(ctorch_sort(handle, place, descending ? 1 : 0, &values, &indices)) }
        guard let values, let indices else { throw EngineError("libtorch returned no tensor") }
        return (Tensor(values), Tensor(indices))
    }

    public func softmax(_ dimension: Int = -1) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try floating("softmax").apply { ctorch_softmax($0, place, $1) }
    }

    public func logSoftmax(_ dimension: Int = -1) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try floating("softmax").apply { ctorch_log_softmax($0, place, $1) }
    }

    /// [..] of int64 to [.., classes] of 0 and 1.
    public func oneHot(_ classes: Int) throws -> Tensor {
        let isLabels = try dtype == .int64 && (count == 0 || (min().itemInt() >= 0 && max().itemInt() < classes))
        guard isLabels else {
            throw EngineError("one_hot takes int64 labels from 0 to \(classes - 1)")
        }
        return try apply { ctorch_one_hot($0, Int64(classes), $1) }
    }

    /// Inner product of two vectors.
    public func dot(_ other: Tensor) throws -> Tensor { try apply(other) { ctorch_dot($0, $1, $2) } }

    /// Same shape, type and elements (nan equals nothing).
    public func isEqual(to other: Tensor) throws -> Bool {
        guard shape == other.shape, dtype == other.dtype else { return false }
        Torch.hostReads += 1
        var result: Int32 = 0
        try withExtendedLifetime((self, other)) { try check(ctorch_equal(handle, other.handle, &result)) }
        return result != 0
    }

    /// Same shape, type and bits.
    public func equalsBitwise(_ other: Tensor) throws -> Bool {
        guard shape == other.shape, dtype == other.dtype else { return false }
        return try withBytes { a in try other.withBytes { b in a.count == b.count && (a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0) } }
    }

    public func allFinite() throws -> Bool {
        guard dtype.isFloatingPoint else { return true }
        return try apply { ctorch_isfinite($0, $1) }.all().itemInt() != 0
    }
}
