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

    /// - Parameters:
    ///   - images: [B, D].
    ///   - areGreys: whether they are greys from 0 to 255, which stay whole numbers.
    /// - Returns: the same shape and range, uint8 or float32.
    func apply(_ images: Tensor, areGreys: Bool) throws -> Tensor {
        switch self {
        case .none: return images
        case .permutation(let order): return try images.indexSelect(1, order)
        case .rotation(let rotation): return try rotation.apply(images, areGreys: areGreys)
        case .chain(let list): return try list.reduce(images) { try $1.apply($0, areGreys: areGreys) }
        }
    }
}
