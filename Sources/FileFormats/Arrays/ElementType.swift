/// Element types of arrays in files.
public enum ElementType: String, Sendable, CaseIterable {
    case bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, bfloat16, float32, float64

    public var byteSize: Int {
        switch self {
        case .bool, .uint8, .int8: return 1
        case .uint16, .int16, .float16, .bfloat16: return 2
        case .uint32, .int32, .float32: return 4
        case .uint64, .int64, .float64: return 8
        }
    }

    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: return true
        default: return false
        }
    }

    /// numpy's code without the sign for the byte order: "u1", "f4", "b1".
    init?(numpy code: String) {
        switch code {
        case "b1", "?": self = .bool
        case "u1", "B": self = .uint8
        case "u2": self = .uint16
        case "u4": self = .uint32
        case "u8": self = .uint64
        case "i1", "b": self = .int8
        case "i2": self = .int16
        case "i4": self = .int32
        case "i8": self = .int64
        case "f2": self = .float16
        case "f4": self = .float32
        case "f8": self = .float64
        default: return nil
        }
    }

    /// PyTorch's class of a storage, such as FloatStorage.
    init?(torchStorage name: String) {
        switch name {
        case "BoolStorage": self = .bool
        case "ByteStorage", "UntypedStorage": self = .uint8
        case "UInt16Storage": self = .uint16
        case "UInt32Storage": self = .uint32
        case "UInt64Storage": self = .uint64
        case "CharStorage": self = .int8
        case "ShortStorage": self = .int16
        case "IntStorage": self = .int32
        case "LongStorage": self = .int64
        case "HalfStorage": self = .float16
        case "BFloat16Storage": self = .bfloat16
        case "FloatStorage": self = .float32
        case "DoubleStorage": self = .float64
        default: return nil
        }
    }
}
