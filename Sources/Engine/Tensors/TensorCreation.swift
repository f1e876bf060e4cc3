import CTorch

extension Tensor {
    /// The number of elements of a shape; throws where it is negative or more than memory can hold.
    public static func count(of shape: [Int], _ dtype: DType = .float32) throws -> Int {
        var total = 1
        for size in shape {
            guard size >= 0 else { throw EngineError("a tensor can't have a negative size: [\(list(shape))]") }
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard !overflow, product <= (1 << 46) / dtype.byteSize else { throw EngineError("a tensor of shape [\(list(shape))] would be too large") }
            total = product
        }
        return total
    }

    static func list(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: ", ") }
    static func sizes(_ shape: [Int]) -> [Int64] { shape.map(Int64.init) }

    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        _ = try count(of: shape, dtype)
        return try make { ctorch_full(sizes(shape), Int32(shape.count), value, dtype.code, device.code, $0) }
    }

    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// int64 from start up to, not including, end.
    public static func arange(_ start: Int, _ end: Int, step: Int = 1, device: Device = .cpu) throws -> Tensor {
        guard step != 0 else { throw EngineError("the step of a range can't be zero") }
        return try make { ctorch_arange(Int64(start), Int64(end), Int64(step), device.code, $0) }
    }

    public static func eye(_ n: Int, dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        _ = try count(of: [n, n], dtype)
        return try make { ctorch_eye(Int64(n), dtype.code, device.code, $0) }
    }

    /// Copies raw elements in row-major order.
    public static func fromBytes(_ bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) throws -> Tensor {
        let wanted = try count(of: shape, dtype) * dtype.byteSize
        guard bytes.count == wanted else {
            throw EngineError("\(bytes.count) bytes do not fill a \(dtype.rawValue) tensor of shape [\(list(shape))], which has \(wanted)")
        }
        return try make { ctorch_from_bytes(bytes.baseAddress, sizes(shape), Int32(shape.count), dtype.code, device.code, $0) }
    }

    /// A tensor on the CPU whose elements the body writes, all of them, in row-major order: so that what comes from a file needs no second copy.
    public static func filled(_ shape: [Int], dtype: DType, by body: (UnsafeMutableRawBufferPointer) throws -> Void) throws -> Tensor {
        let size = try count(of: shape, dtype) * dtype.byteSize
        let tensor = try make { ctorch_empty(sizes(shape), Int32(shape.count), dtype.code, Device.cpu.code, $0) }
        try withExtendedLifetime(tensor) { try body(UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(mutating: ctorch_data(tensor.handle)), count: size)) }
        return tensor
    }

    private static func from<T>(_ values: [T], _ shape: [Int]?, _ dtype: DType, _ device: Device) throws -> Tensor {
        try values.withUnsafeBytes { try fromBytes($0, shape: shape ?? [values.count], dtype: dtype, device: device) }
    }

    public static func from(_ values: [Float], shape: [Int]? = nil, device: Device = .cpu) throws -> Tensor { try from(values, shape, .float32, device) }
    public static func from(_ values: [Double], shape: [Int]? = nil, device: Device = .cpu) throws -> Tensor { try from(values, shape, .float64, device) }
    public static func from(_ values: [Int], shape: [Int]? = nil, device: Device = .cpu) throws -> Tensor { try from(values, shape, .int64, device) }
    public static func from(_ values: [UInt8], shape: [Int]? = nil, device: Device = .cpu) throws -> Tensor { try from(values, shape, .uint8, device) }
    public static func from(_ values: [Bool], shape: [Int]? = nil, device: Device = .cpu) throws -> Tensor {
        try from(values.map { $0 ? UInt8(1) : 0 }, shape, .bool, device)
    }

    public static func scalar(_ value: Double, dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try full([], value, dtype: dtype, device: device)
    }

    // MARK: - Reading

    /// The number in a tensor of one element.
    public func item() throws -> Double {
        guard count == 1 else { throw EngineError("a tensor of shape [\(Self.list(shape))] is no single number") }
        Torch.hostReads += 1
        var value = 0.0
        try withExtendedLifetime(self) { try check(ctorch_item(handle, &value)) }
        return value
    }

    /// The integer in a tensor of one element, exactly.
    public func itemInt() throws -> Int {
        guard count == 1 else { throw EngineError("a tensor of shape [\(Self.list(shape))] is no single number") }
        guard !dtype.isFloatingPoint else { throw EngineError("a \(dtype.rawValue) tensor holds no integers") }
        Torch.hostReads += 1
        var value: Int64 = 0
        try withExtendedLifetime(self) { try check(ctorch_item_int(handle, &value)) }
        return Int(value)
    }

    /// All elements in row-major order, as raw bytes. Valid inside the body only.
    public func withBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
        Torch.hostReads += 1
        let source = try to(.cpu).contiguous()
        return try withExtendedLifetime(source) { try body(UnsafeRawBufferPointer(start: ctorch_data(source.handle), count: source.byteCount)) }
    }

    private func elements<T>(_ type: T.Type, _ dtype: DType) throws -> [T] {
        try to(dtype).withBytes { Array($0.bindMemory(to: T.self)) }
    }

    public func floats() throws -> [Float] { try elements(Float.self, .float32) }
    public func doubles() throws -> [Double] { try elements(Double.self, .float64) }
    public func ints() throws -> [Int] { try elements(Int.self, .int64) }
    public func bytes() throws -> [UInt8] { try elements(UInt8.self, .uint8) }
    public func bools() throws -> [Bool] { try elements(UInt8.self, .bool).map { $0 != 0 } }
}
