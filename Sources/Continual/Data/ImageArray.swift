import Engine
import FileFormats

/// Where the channels of an image are in an array.
public enum ChannelOrder: String, CaseIterable, Sendable { case first, last }

/// Images from an array of a file.
struct ImageArray {
    /// [N, C*H*W]: uint8 for greys from 0 to 255; float32 for other numbers, as they are.
    let images: Tensor
    /// (channels, height, width)
    let shape: [Int]

    /// Greys as torchvision and GEM's scripts scale them. Only what comes back to the very same bits is kept as uint8.
    private static let greys: [Float] = (0...255).map { Float($0) / 255 }
    /// Values in an image: more than any picture of this field has.
    private static let mostValues = 100_000_000

    /// - Parameters:
    ///   - label: of the array, for messages: "'x_train' of 'file.npz'".
    ///   - image: (channels, height, width) of flat images; nil guesses: 784 is 1x28x28, 3072 is 3x32x32.
    init(_ array: StoredArray, _ label: String, image: [Int]? = nil, channels: ChannelOrder? = nil) throws {
        guard let count = array.shape.first, count > 0 else { throw DataError("\(label) is \(array.summary): it holds no images") }
        let (shape, isLast) = try Self.layout(array, label, image, channels)
        let rows = try array.contiguous()
        let size = shape.reduce(1, *)
        var images = try Self.greys(rows, label, [count, size]) ?? Self.floats(rows, label, [count, size])
        if isLast, shape[0] > 1 { images = try images.reshape([count, shape[1], shape[2], shape[0]]).permute([0, 3, 1, 2]).contiguous().reshape([count, size]) }
        self.images = images
        self.shape = shape
    }

    // MARK: - Shape

    private static func layout(_ array: StoredArray, _ label: String, _ image: [Int]?, _ channels: ChannelOrder?) throws -> (shape: [Int], isLast: Bool) {
        let sizes = array.shape
        guard (2...4).contains(sizes.count), sizes.dropFirst().allSatisfy({ $0 > 0 }) else {
            throw DataError("\(label) is \(array.summary), which are no images", remedy: "images are [N, D], [N, H, W], [N, H, W, C] or [N, C, H, W]")
        }
        let size = array.count / sizes[0]
        guard size <= mostValues else { throw DataError("\(label) is \(array.summary), whose images are absurdly large") }
        if let image {
            guard image.count == 3, image.allSatisfy({ $0 > 0 && $0 <= mostValues }), try Tensor.count(of: image) == size else {
                throw DataError("\(label) has images of \(size) values, which are not \(image.map(String.init).joined(separator: " x "))", remedy: "image=(channels, height, width)")
            }
            return (image, channels == .last && sizes.count == 4)
        }
        switch sizes.count {
        case 2: return (guess(sizes[1]), false)
        case 3: return ([1, sizes[1], sizes[2]], false)
        default:
            let isColours = { (size: Int) in size == 1 || size == 3 }
            let (first, last) = (isColours(sizes[1]), isColours(sizes[3]))
            switch channels ?? (first == last ? nil : last ? .last : .first) {
            case .first: return ([sizes[1], sizes[2], sizes[3]], false)
            case .last: return ([sizes[3], sizes[1], sizes[2]], true)
            case nil: throw DataError("\(label) is \(array.summary): it is not clear which dimension has the channels", remedy: "say channels=\"first\" or channels=\"last\"")
            }
        }
    }

    /// Flat images are squares, grey or of three colours (no number is both). Others are a row.
    static func guess(_ size: Int) -> [Int] {
        func side(_ area: Int) -> Int? {
            let root = Int(Double(area).squareRoot().rounded())
            return root * root == area ? root : nil
        }
        if let side = side(size) { return [1, side, side] }
        if size % 3 == 0, let side = side(size / 3) { return [3, side, side] }
        return [1, 1, size]
    }

    // MARK: - Values

    /// nil where a value is not one of the 256 greys.
    private static func greys(_ array: StoredArray, _ label: String, _ shape: [Int]) throws -> Tensor? {
        if array.type == .uint8 { return try Tensor.filled(shape, dtype: .uint8) { try array.read(at: 0, into: $0) } }
        let isFloat = array.type.isFloatingPoint
        let scale: Float = array.type == .bool ? 255 : 1
        var bad: Int?
        let tensor = try Tensor.filled(shape, dtype: .uint8) { bytes in
            try array.floats { start, values in
                for (index, value) in values.enumerated() {
                    let grey = isFloat ? value * 255 + 0.5 : value * scale
                    guard grey >= 0, grey < 256, !isFloat || greys[Int(grey)] == value, !(value == 0 && value.sign == .minus) else {
                        bad = start + index
                        return false
                    }
                    bytes[start + index] = UInt8(grey)
                }
                return true
            }
        }
        guard let bad else { return tensor }
        if isFloat { return nil }
        throw DataError("\(label) is \(array.summary) with a value outside of 0 to 255 in image \(bad / shape[1])", remedy: "save greys as uint8, or other numbers as floats")
    }

    private static func floats(_ array: StoredArray, _ label: String, _ shape: [Int]) throws -> Tensor {
        try Tensor.filled(shape, dtype: .float32) { bytes in
            let target = bytes.bindMemory(to: Float.self)
            try array.floats { start, values in
                for (index, value) in values.enumerated() {
                    guard value.isFinite else { throw DataError("\(label) has the value \(value) in image \((start + index) / shape[1])") }
                    target[start + index] = value
                }
                return true
            }
        }
    }
}

/// Labels from an array of a file: [N], [N, 1], or one-hot rows [N, K].
enum LabelArray {
    /// Networks of this field have some thousands of outputs.
    static let mostClasses = 100_000

    static func read(_ array: StoredArray, _ label: String, count: Int, images: String) throws -> [Int] {
        guard (1...2).contains(array.shape.count) else { throw DataError("\(label) is \(array.summary), which are no labels", remedy: "labels are [N], or one-hot rows [N, K]") }
        guard array.shape[0] == count else { throw DataError("\(images) has \(count) images, but \(label) has \(array.shape[0]) labels") }
        var values = try array.integers()
        if array.shape.count == 2, array.shape[1] > 1 {
            let width = array.shape[1]
            values = try (0..<count).map { row in
                let hot = (0..<width).filter { values[row * width + $0] != 0 }
                guard hot.count == 1, values[row * width + hot[0]] == 1 else { throw DataError("\(label) is \(array.summary), but row \(row) is not one-hot") }
                return hot[0]
            }
        }
        guard values.count == count else { throw DataError("\(label) is \(array.summary), which are no \(count) labels") }
        if let bad = values.firstIndex(where: { $0 < 0 || $0 >= mostClasses }) { throw DataError("\(label) has the label \(values[bad]) at \(bad); labels count from 0", remedy: "number the classes from 0") }
        return values
    }
}
