import Engine
import Foundation
import Interpreter

/// How a tensor is written: a single number as itself, else its elements with ellipses, then type, shape and device.
enum TensorText {
    private static let edge = 3
    private static let mostElements = 200

    static func text(_ tensor: Tensor) -> String {
        do {
            if tensor.rank == 0 { return number(try tensor.item(), tensor.dtype) }
            let elided = tensor.count > mostElements
            let place = tensor.device.isCUDA ? " on \(tensor.device)" : ""
            return "\(try body(tensor, elided, indent: 1))  \(tensor.summary)\(place)"
        } catch { return "<tensor \(tensor.summary)>" }
    }

    private static func body(_ tensor: Tensor, _ elided: Bool, indent: Int) throws -> String {
        if tensor.rank == 0 { return number(try tensor.item(), tensor.dtype) }
        let size = tensor.shape[0]
        let shown: [Int?] = elided && size > 2 * edge ? Array(0..<edge).map { $0 } + [nil] + Array(size - edge..<size) : Array(0..<size)
        let parts = try shown.map { try $0.map { try body(try tensor.select(0, $0), elided, indent: indent + 1) } ?? "..." }
        let separator = tensor.rank == 1 ? ", " : ",\n" + String(repeating: " ", count: indent)
        return "[" + parts.joined(separator: separator) + "]"
    }

    private static func number(_ value: Double, _ dtype: DType) -> String {
        switch dtype {
        case .bool: return value != 0 ? "true" : "false"
        case .int64, .uint8: return String(format: "%.0f", value)
        case .float32, .float64:
            guard value.isFinite else { return Describer.float(value) }
            let size = abs(value)
            return size != 0 && (size < 1e-4 || size >= 1e6) ? String(format: "%.4e", value) : String(format: "%.4f", value)
        }
    }
}
