/// An array in a file: its elements are read when they are asked for.
public struct StoredArray: Sendable {
    public let type: ElementType
    public let shape: [Int]
    /// In elements, for each dimension.
    let strides: [Int]
    let offset: Int
    let isBigEndian: Bool
    let bytes: any ByteSource
    public let count: Int

    public var name: String { bytes.name }
    /// "float32 [10, 784]", for messages.
    public var summary: String { "\(type.rawValue) [\(shape.map(String.init).joined(separator: ", "))]" }

    /// More elements than any array has that fits into a computer.
    private static let mostElements = 1 << 40
    /// What an array may have over the bytes that it is stored in: zero strides repeat elements without end.
    private static let mostRepeatedBytes = 16 << 20

    /// - Parameter strides: nil for row-major order.
    /// - Throws: where an element would lie outside of the bytes, before anything is read.
    init(_ type: ElementType, shape: [Int], strides given: [Int]? = nil, offset: Int = 0, isBigEndian: Bool = false, bytes: any ByteSource) throws {
        func absurd(_ why: String) -> FormatError { FormatError("'\(bytes.name)' has an array of shape [\(shape.prefix(20).map(String.init).joined(separator: ", "))], \(why)") }
        guard shape.count <= 32 else { throw absurd("which has too many dimensions") }
        var total = 1
        for size in shape {
            guard size >= 0 else { throw absurd("which has a negative size") }
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard !overflow, product <= Self.mostElements else { throw absurd("which is absurd") }
            total = product
        }
        let strides = given ?? Self.rowMajor(shape)
        guard strides.count == shape.count, offset >= 0, total == 0 || strides.allSatisfy({ $0 >= 0 }) else { throw absurd("with strides or an offset that can't be") }
        if total > 0 {
            var last = offset
            for (size, stride) in zip(shape, strides) {
                let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
                let (sum, overflows) = last.addingReportingOverflow(reach)
                guard !overflow, !overflows else { throw absurd("with strides that can't be") }
                last = sum
            }
            guard last < bytes.count / type.byteSize else {
                throw absurd("which needs \(last < Self.mostElements ? "\((last + 1) * type.byteSize)" : "more") bytes, but has \(bytes.count)")
            }
            guard total * type.byteSize <= bytes.count + Self.mostRepeatedBytes else { throw absurd("which repeats its \(bytes.count) bytes to \(total * type.byteSize)") }
        }
        self.type = type
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.isBigEndian = isBigEndian
        self.bytes = bytes
        count = total
    }

    // Empty arrays may have any other sizes, whose products mean nothing: hence &*.

    static func rowMajor(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for index in stride(from: shape.count - 2, through: 0, by: -1) { strides[index] = strides[index + 1] &* max(1, shape[index + 1]) }
        return strides
    }

    static func columnMajor(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for index in shape.indices.dropFirst() { strides[index] = strides[index - 1] &* max(1, shape[index - 1]) }
        return strides
    }

    var isContiguous: Bool { zip(zip(strides, Self.rowMajor(shape)), shape).allSatisfy { $0.0 == $0.1 || $1 == 1 } || count == 0 }

    /// The same elements in row-major order; copied into memory if they are not already.
    public func contiguous() throws -> StoredArray {
        if isContiguous { return self }
        let all = try bytes.bytes(at: 0, count: bytes.count)
        let size = type.byteSize
        let result = [UInt8](unsafeUninitializedCapacity: count * size) { target, used in
            all.withUnsafeBufferPointer { source in
                var index = [Int](repeating: 0, count: shape.count)
                var place = offset
                for element in 0..<count {
                    for byte in 0..<size { target[element * size + byte] = source[place * size + byte] }
                    var dimension = shape.count - 1
                    while dimension >= 0 {
                        index[dimension] += 1
                        place += strides[dimension]
                        if index[dimension] < shape[dimension] { break }
                        place -= shape[dimension] * strides[dimension]
                        index[dimension] = 0
                        dimension -= 1
                    }
                }
            }
            used = count * size
        }
        return try StoredArray(type, shape: shape, isBigEndian: isBigEndian, bytes: MemorySource(result, name: name))
    }

    /// The same elements in another shape of as many elements. Only for arrays in row-major order.
    public func reshaped(_ shape: [Int]) throws -> StoredArray {
        precondition(isContiguous && shape.reduce(1, *) == count)
        return try StoredArray(type, shape: shape, offset: offset, isBigEndian: isBigEndian, bytes: bytes)
    }

    // MARK: - Elements

    /// Elements of an array in row-major order as they are stored, but in this machine's byte order.
    public func read(at element: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        precondition(isContiguous)
        try bytes.read(at: (offset + element) * type.byteSize, into: buffer)
        let size = type.byteSize
        guard isBigEndian, size > 1 else { return }
        for start in stride(from: 0, to: buffer.count, by: size) {
            for byte in 0..<size / 2 { buffer.swapAt(start + byte, start + size - 1 - byte) }
        }
    }

    private static let chunk = 1 << 14

    /// Hands out all elements in row-major order, converted to float32, with the index of the first of each piece. Stops where the body returns false.
    public func floats(_ body: (Int, UnsafeBufferPointer<Float>) throws -> Bool) throws {
        var values = [Float](repeating: 0, count: Self.chunk)
        try pieces { start, raw in
            let count = raw.count / type.byteSize
            func convert<T>(_ type: T.Type, _ value: (T) -> Float) {
                let source = raw.bindMemory(to: T.self)
                for index in 0..<count { values[index] = value(source[index]) }
            }
            switch type {
            case .bool: convert(UInt8.self) { $0 == 0 ? 0 : 1 }
            case .uint8: convert(UInt8.self, Float.init)
            case .uint16: convert(UInt16.self, Float.init)
            case .uint32: convert(UInt32.self, Float.init)
            case .uint64: convert(UInt64.self, Float.init)
            case .int8: convert(Int8.self, Float.init)
            case .int16: convert(Int16.self, Float.init)
            case .int32: convert(Int32.self, Float.init)
            case .int64: convert(Int64.self, Float.init)
            case .float16: convert(UInt16.self, Self.half)
            case .bfloat16: convert(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
            case .float32: return try raw.withMemoryRebound(to: Float.self) { try body(start, UnsafeBufferPointer($0)) }
            case .float64: convert(Double.self) { Float($0) }
            }
            return try values.withUnsafeBufferPointer { try body(start, UnsafeBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// All elements as integers. Floats must be whole numbers.
    public func integers() throws -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(count)
        try pieces { start, raw in
            func convert<T>(_ type: T.Type, _ value: (T) -> Int?) throws {
                for element in raw.bindMemory(to: T.self) {
                    guard let number = value(element) else { throw FormatError("'\(name)' has an array of \(self.type.rawValue) with \(element) at \(result.count), where a whole number is needed") }
                    result.append(number)
                }
            }
            func whole(_ value: Float) -> Int? { value.isFinite && value == value.rounded() && abs(value) < 1e15 ? Int(value) : nil }
            switch type {
            case .bool: try convert(UInt8.self) { $0 == 0 ? 0 : 1 }
            case .uint8: try convert(UInt8.self) { Int($0) }
            case .uint16: try convert(UInt16.self) { Int($0) }
            case .uint32: try convert(UInt32.self) { Int($0) }
            case .uint64: try convert(UInt64.self) { Int(exactly: $0) }
            case .int8: try convert(Int8.self) { Int($0) }
            case .int16: try convert(Int16.self) { Int($0) }
            case .int32: try convert(Int32.self) { Int($0) }
            case .int64: try convert(Int64.self) { Int($0) }
            case .float16: try convert(UInt16.self) { whole(Self.half($0)) }
            case .bfloat16: try convert(UInt16.self) { whole(Float(bitPattern: UInt32($0) << 16)) }
            case .float32: try convert(Float.self) { whole($0) }
            case .float64: try convert(Double.self) { $0.isFinite && $0 == $0.rounded() && abs($0) < 1e15 ? Int($0) : nil }
            }
            return true
        }
        return result
    }

    private func pieces(_ body: (Int, UnsafeMutableRawBufferPointer) throws -> Bool) throws {
        let array = try contiguous()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk * type.byteSize, alignment: 16)
        defer { buffer.deallocate() }
        var start = 0
        while start < count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(min(Self.chunk, count - start) * type.byteSize)])
            try array.read(at: start, into: part)
            guard try body(start, part) else { return }
            start += Self.chunk
        }
    }

    /// IEEE binary16. (Float16 is not there on every Linux.)
    static func half(_ bits: UInt16) -> Float {
        let (sign, exponent, fraction) = (UInt32(bits >> 15) << 31, Int(bits >> 10 & 31), UInt32(bits & 0x3FF))
        switch exponent {
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        case 0:
            let value = Float(fraction) * 0x1p-24
            return sign == 0 ? value : -value
        default: return Float(bitPattern: sign | UInt32(exponent + 112) << 23 | fraction << 13)
        }
    }
}
