import Engine
import Foundation
import Interpreter

/// How a tensor is written: a single number as itself, else its elements aligned and with ellipses, as PyTorch does it, then type, shape and device.
enum TensorText {
    /// Elements shown at each end of a dimension where not all are.
    private static let edge = 3
    /// Tensors with more elements are elided.
    private static let mostElements = 1000
    private static let lineWidth = 80

    static func text(_ tensor: Tensor) -> String {
        do {
            if tensor.rank == 0 { return try body(tensor) }
            let place = tensor.device != .cpu ? " on \(tensor.device)" : ""
            return "\(try body(tensor))  \(tensor.summary)\(place)"
        } catch { return "<tensor \(tensor.summary)>" }
    }

    /// The elements in brackets.
    static func body(_ tensor: Tensor) throws -> String {
        let elided = tensor.count > mostElements
        let parts = try shown(tensor.detach(), elided)
        let elements = tensor.dtype == .int64 || tensor.dtype == .uint8 ? Elements(try parts.flatMap { try $0.ints() }.map { String($0) }) : Elements(try parts.flatMap { try $0.doubles() }, tensor.dtype)
        var next = 0
        return write(tensor.shape[...], elided, indent: 1, elements, &next)
    }

    /// The elements that are written, in order, in pieces.
    private static func shown(_ tensor: Tensor, _ elided: Bool) throws -> [Tensor] {
        guard elided, let size = tensor.shape.first else { return [tensor] }
        guard size > 2 * edge else { return tensor.rank == 1 ? [tensor] : try (0..<size).flatMap { try shown(try tensor.select(0, $0), elided) } }
        if tensor.rank == 1 { return [try tensor.narrow(0, 0, edge), try tensor.narrow(0, size - edge, edge)] }
        return try (Array(0..<edge) + Array(size - edge..<size)).flatMap { try shown(try tensor.select(0, $0), elided) }
    }

    private static func write(_ shape: ArraySlice<Int>, _ elided: Bool, indent: Int, _ elements: Elements, _ next: inout Int) -> String {
        guard let size = shape.first else {
            next += 1
            return elements[next - 1]
        }
        let gap: Int? = elided && size > 2 * edge ? edge : nil
        var parts: [String] = []
        for index in 0..<(gap == nil ? size : 2 * edge) {
            if index == gap { parts.append("...") }
            parts.append(write(shape.dropFirst(), elided, indent: indent + 1, elements, &next))
        }
        guard shape.count == 1 else {
            let separator = "," + String(repeating: "\n", count: shape.count > 2 ? 2 : 1) + String(repeating: " ", count: indent)
            return "[" + parts.joined(separator: separator) + "]"
        }
        let perLine = max(1, (lineWidth - indent) / (elements.width + 2))
        let lines = stride(from: 0, to: parts.count, by: perLine).map { parts[$0..<min($0 + perLine, parts.count)].joined(separator: ", ") }
        return "[" + lines.joined(separator: ",\n" + String(repeating: " ", count: indent)) + "]"
    }

    /// Numbers as texts of one width and one notation.
    private struct Elements {
        private let texts: [String]
        let width: Int

        init(_ values: [Double], _ dtype: DType) { self.init(values.map(Self.notation(values, dtype))) }

        init(_ plain: [String]) {
            width = plain.map(\.count).max() ?? 0
            texts = plain.count == 1 ? plain : plain.map { [width] in String(repeating: " ", count: width - $0.count) + $0 }
        }

        subscript(_ index: Int) -> String { texts[index] }

        /// As PyTorch: whole numbers without decimals, four decimals, or powers of ten where the sizes differ a thousandfold or are extreme.
        private static func notation(_ values: [Double], _ dtype: DType) -> (Double) -> String {
            switch dtype {
            case .bool: return { $0 != 0 ? "true" : "false" }
            case .int64, .uint8, .float32, .float64: break
            }
            let sizes = values.filter { $0.isFinite && $0 != 0 }.map(abs)
            let (least, most) = (sizes.min() ?? 1, sizes.max() ?? 1)
            func finite(_ format: String, _ suffix: String = "") -> (Double) -> String { { $0.isFinite ? String(format: format, $0) + suffix : Describer.float($0) } }
            if sizes.allSatisfy({ $0 == $0.rounded() }) { return most >= 1e8 ? finite("%.4e") : values.count == 1 ? finite("%.4f") : finite("%.0f", ".") }
            return most / least > 1000 || most > 1e8 || least < 1e-4 ? finite("%.4e") : finite("%.4f")
        }
    }
}
