import CTorch

/// Type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable {
    case float32, float64, int64, uint8, bool

    /// Bytes of one element.
    public var byteSize: Int {
        switch self {
        case .float32: return 4
        case .float64, .int64: return 8
        case .uint8, .bool: return 1
        }
    }

    public var isFloatingPoint: Bool { self == .float32 || self == .float64 }

    var code: Int32 { Int32(Self.allCases.firstIndex(of: self)!) }
    init?(code: Int32) {
        guard code >= 0, code < Int32(Self.allCases.count) else { return nil }
        self = Self.allCases[Int(code)]
    }
}
