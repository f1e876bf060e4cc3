import Engine

/// How a task's images come from a data set's, for each minibatch anew: nothing is copied.
public enum Transform {
    case none
    /// Column j of the result is column order[j] of the image: int64 [D].
    case permutation(Tensor)
    case rotation(Rotation)
    /// One after the other.
    case chain([Transform])

    func then(_ next: Transform) -> Transform {
        switch (self, next) {
        case (.none, _): return next
        case (_, .none): return self
        case (.chain(let list), _): return .chain(list + [next])
        default: return .chain([self, next])
        }
    }

    /// Some rows of bytes seen through a permutation or as they are, as float32 from 0 to 1 [length, D], in one pass; nil for other transforms and images.
    func greyPixels(_ images: Tensor, rows: Tensor?, _ start: Int, _ length: Int) throws -> Tensor? {
        guard images.dtype == .uint8, images.device == .cpu, images.isContiguous else { return nil }
        switch self {
        case .none: return try images.greys(rows: rows, start, length, order: nil)
        case .permutation(let order): return try images.greys(rows: rows, start, length, order: order)
        case .rotation, .chain: return nil
        }
    }

    /// - Parameter images: [B, D].
    /// - Returns: the same shape and type.
    func apply(_ images: Tensor) throws -> Tensor {
        switch self {
        case .none: return images
        // Several times as fast as index_select along the last dimension.
        case .permutation(let order): return try images.gather(1, try order.expand(images.shape))
        case .rotation(let rotation): return try rotation.apply(images)
        case .chain(let list): return try list.reduce(images) { try $1.apply($0) }
        }
    }
}
