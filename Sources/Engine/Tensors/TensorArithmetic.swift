import CTorch

/// A plain number beside a tensor; an integer keeps integer tensors integer.
public enum Scalar: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    case int(Int)
    case float(Double)

    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .float(value) }

    var value: Double {
        switch self {
        case .int(let value): return Double(value)
        case .float(let value): return value
        }
    }

    var isInt: Int32 {
        if case .int = self { return 1 }
        return 0
    }
}

/// Element by element, with broadcasting as in PyTorch.
extension Tensor {
    typealias BinaryCall = (ctorch_tensor?, ctorch_tensor?, Out?) -> Int32
    typealias ScalarCall = (ctorch_tensor?, Double, Int32, Out?) -> Int32

    private func binary(_ other: Tensor, _ call: BinaryCall) throws -> Tensor {
        do { return try apply(other) { call($0, $1, $2) } } catch {
            // Shapes are read only once something is wrong: this is the path of every operation.
            if Self.broadcast(shape, other.shape) { throw error }
            throw EngineError("shapes \(shape) and \(other.shape) do not fit together: counted from the last, dimensions must be equal, or one of them 1")
        }
    }

    private static func broadcast(_ a: [Int], _ b: [Int]) -> Bool { zip(a.reversed(), b.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 } }

    private func scalar(_ other: Scalar, _ call: ScalarCall) throws -> Tensor { try apply { call($0, other.value, other.isInt, $1) } }

    public func add(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_add) }
    public func sub(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_sub) }
    public func mul(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_mul) }
    public func div(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_div) }
    public func floorDivide(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_floor_divide) }
    public func remainder(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_remainder) }
    public func pow(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_pow) }
    public func matmul(_ other: Tensor) throws -> Tensor {
        do { return try apply(other) { ctorch_matmul($0, $1, $2) } } catch {
            let right = other.shape
            guard let columns = shape.last, let rows = right.count == 1 ? right.first : right.dropLast().last, columns != rows else { throw error }
            throw EngineError("shapes \(shape) and \(right) can't be multiplied as matrices: the last dimension of the left, \(columns), must equal the \(right.count == 1 ? "only" : "last but one") of the right, \(rows)")
        }
    }
    public func maximum(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_maximum) }
    public func minimum(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_minimum) }

    public func add(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_add_scalar) }
    public func sub(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_sub_scalar) }
    public func mul(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_mul_scalar) }
    public func div(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_div_scalar) }
    public func floorDivide(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_floor_divide_scalar) }
    public func remainder(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_remainder_scalar) }
    public func pow(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_pow_scalar) }
    /// other - self
    public func subtracted(from other: Scalar) throws -> Tensor { try scalar(other, ctorch_rsub_scalar) }
    /// other / self
    public func dividing(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_rdiv_scalar) }
    /// other ** self
    public func exponent(of other: Scalar) throws -> Tensor { try scalar(other, ctorch_rpow_scalar) }

    // Comparisons give bool tensors.
    public func eq(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_eq) }
    public func ne(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_ne) }
    public func lt(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_lt) }
    public func le(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_le) }
    public func gt(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_gt) }
    public func ge(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_ge) }
    public func eq(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_eq_scalar) }
    public func ne(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_ne_scalar) }
    public func lt(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_lt_scalar) }
    public func le(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_le_scalar) }
    public func gt(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_gt_scalar) }
    public func ge(_ other: Scalar) throws -> Tensor { try scalar(other, ctorch_ge_scalar) }
    public func logicalAnd(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_logical_and) }
    public func logicalOr(_ other: Tensor) throws -> Tensor { try binary(other, ctorch_logical_or) }
    public func logicalNot() throws -> Tensor { try apply { ctorch_logical_not($0, $1) } }

    public func neg() throws -> Tensor { try apply { ctorch_neg($0, $1) } }
    public func abs() throws -> Tensor { try apply { ctorch_abs($0, $1) } }
    public func sign() throws -> Tensor { try apply { ctorch_sign($0, $1) } }
    public func exp() throws -> Tensor { try apply { ctorch_exp($0, $1) } }
    public func log() throws -> Tensor { try apply { ctorch_log($0, $1) } }
    public func sqrt() throws -> Tensor { try apply { ctorch_sqrt($0, $1) } }
    public func square() throws -> Tensor { try apply { ctorch_square($0, $1) } }
    public func relu() throws -> Tensor { try apply { ctorch_relu($0, $1) } }
    public func tanh() throws -> Tensor { try apply { ctorch_tanh($0, $1) } }
    public func sigmoid() throws -> Tensor { try apply { ctorch_sigmoid($0, $1) } }
    public func round() throws -> Tensor { try apply { ctorch_round($0, $1) } }
    public func floor() throws -> Tensor { try apply { ctorch_floor($0, $1) } }
    public func ceil() throws -> Tensor { try apply { ctorch_ceil($0, $1) } }

    public func clamp(min: Double? = nil, max: Double? = nil) throws -> Tensor {
        guard min != nil || max != nil else { return self }
        return try apply { ctorch_clamp($0, min == nil ? 0 : 1, min ?? 0, max == nil ? 0 : 1, max ?? 0, $1) }
    }

    /// a where the condition is true, b elsewhere.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
        try withExtendedLifetime((condition, a, b)) { try make { ctorch_where(condition.handle, a.handle, b.handle, $0) } }
    }

    // MARK: - In place

    private func change(_ other: Tensor, _ call: (ctorch_tensor, ctorch_tensor) -> Int32) throws {
        try withExtendedLifetime((self, other)) { try check(call(handle, other.handle)) }
    }

    public func copyInPlace(from source: Tensor) throws { try change(source) { ctorch_copy_($0, $1) } }
    public func fillInPlace(_ value: Double) throws { try withExtendedLifetime(self) { try check(ctorch_fill_(handle, value)) } }
    public func zeroInPlace() throws { try withExtendedLifetime(self) { try check(ctorch_zero_(handle)) } }
    /// What it holds; it is zero from then on.
    func take() throws -> Tensor { try apply { ctorch_take($0, $1) } }
    /// self += alpha * other
    public func addInPlace(_ other: Tensor, alpha: Double = 1) throws { try change(other) { ctorch_add_($0, $1, alpha) } }
    public func mulInPlace(_ factor: Double) throws { try withExtendedLifetime(self) { try check(ctorch_mul_(handle, factor)) } }
    /// self = start + fraction * (self - start)
    public func interpolateInPlace(from start: Tensor, _ fraction: Double) throws { try change(start) { ctorch_interpolate_($0, $1, fraction) } }

    /// Writes the slices of `source` to the given places along a dimension.
    public func indexCopyInPlace(_ dimension: Int, _ indices: Tensor, _ source: Tensor) throws {
        let place = try checked(dimension: dimension)
        try withExtendedLifetime((self, indices, source)) { try check(ctorch_index_copy_(handle, place, indices.handle, source.handle)) }
    }
}
