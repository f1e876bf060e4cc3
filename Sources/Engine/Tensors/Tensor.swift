import CTorch

/// An n-dimensional array of numbers, as libtorch holds it. Operations check shapes and types when they run, and throw `EngineError`.
public final class Tensor {
    let handle: ctorch_tensor
    public private(set) lazy var shape: [Int] = (0..<Int(ctorch_dimensions(handle))).map { Int(ctorch_size(handle, Int32($0))) }

    /// Takes over a handle.
    init(_ handle: ctorch_tensor) { self.handle = handle }
    deinit { ctorch_release(handle) }

    public var dtype: DType { withExtendedLifetime(self) { DType(code: ctorch_dtype(handle)) ?? .float32 } }
    public var device: Device { withExtendedLifetime(self) { Device(code: ctorch_device(handle)) } }
    /// Number of elements.
    public var count: Int { withExtendedLifetime(self) { Int(ctorch_count(handle)) } }
    public var byteCount: Int { count * dtype.byteSize }
    public var rank: Int { shape.count }
    public var isContiguous: Bool { withExtendedLifetime(self) { ctorch_is_contiguous(handle) != 0 } }

    /// "float32 [10, 784]", for messages.
    public var summary: String { "\(dtype.rawValue) [\(shape.map(String.init).joined(separator: ", "))]" }

    public func sharesStorage(with other: Tensor) -> Bool {
        withExtendedLifetime((self, other)) { ctorch_shares_storage(handle, other.handle) != 0 }
    }

    // MARK: - Calling the shim

    // Swift may release an object right after its last use, which is the reading of `handle`: these keep it to the end of the call.

    typealias Out = UnsafeMutablePointer<ctorch_tensor?>

    @inline(__always)
    static func make(_ call: (Out) -> Int32) throws -> Tensor {
        var out: ctorch_tensor?
        try check(call(&out))
        guard let out else { throw EngineError("libtorch returned no tensor") }
        return Tensor(out)
    }

    @inline(__always)
    func apply(_ call: (ctorch_tensor, Out) -> Int32) throws -> Tensor {
        try withExtendedLifetime(self) { try Self.make { call(handle, $0) } }
    }

    @inline(__always)
    func apply(_ other: Tensor, _ call: (ctorch_tensor, ctorch_tensor, Out) -> Int32) throws -> Tensor {
        try withExtendedLifetime((self, other)) { try Self.make { call(handle, other.handle, $0) } }
    }

    /// libtorch indexes from the end with negative numbers; what lies outside is reported here, in our words.
    func checked(dimension: Int) throws -> Int64 {
        guard dimension >= -Swift.max(1, rank), dimension < Swift.max(1, rank) else {
            throw EngineError("there is no dimension \(dimension) in a tensor of \(rank) dimensions")
        }
        return Int64(dimension)
    }
}
