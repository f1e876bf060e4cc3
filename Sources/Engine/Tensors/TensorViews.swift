import CTorch

extension Tensor {
    public func to(_ dtype: DType) throws -> Tensor {
        if self.dtype == dtype { return self }
        return try apply { ctorch_to_dtype($0, dtype.code, $1) }
    }

    public func to(_ device: Device) throws -> Tensor {
        if self.device == device { return self }
        return try apply { ctorch_to_device($0, device.code, $1) }
    }

    public func contiguous() throws -> Tensor { isContiguous ? self : try apply { ctorch_contiguous($0, $1) } }
    public func clone() throws -> Tensor { try apply { ctorch_clone($0, $1) } }
    /// The same data outside of any gradient.
    public func detach() throws -> Tensor { try apply { ctorch_detach($0, $1) } }

    /// Another shape of the same elements; one size may be -1 and follows from the others.
    public func reshape(_ sizes: [Int]) throws -> Tensor {
        let known = sizes.filter { $0 != -1 }
        let total = try Self.count(of: known, dtype)
        let unknown = sizes.count - known.count
        guard unknown <= 1, unknown == 0 ? total == count : total > 0 && count % total == 0 else {
            throw EngineError("a tensor of shape [\(Self.list(shape))] can't be given the shape [\(Self.list(sizes))]")
        }
        return try apply { ctorch_reshape($0, Self.sizes(sizes), Int32(sizes.count), $1) }
    }

    /// All dimensions from `start` on in one.
    public func flatten(_ start: Int = 0) throws -> Tensor {
        guard start >= 0, start <= rank else { throw EngineError("there is no dimension \(start) in a tensor of \(rank) dimensions") }
        return try reshape(Array(shape.prefix(start)) + [shape.dropFirst(start).reduce(1, *)])
    }

    public func expand(_ sizes: [Int]) throws -> Tensor { try apply { ctorch_expand($0, Self.sizes(sizes), Int32(sizes.count), $1) } }
    public func permute(_ order: [Int]) throws -> Tensor {
        guard order.sorted() == Array(0..<rank) else { throw EngineError("[\(Self.list(order))] is no order of \(rank) dimensions") }
        return try apply { ctorch_permute($0, Self.sizes(order), Int32(order.count), $1) }
    }
    public func transpose(_ a: Int, _ b: Int) throws -> Tensor {
        let (a, b) = (try checked(dimension: a), try checked(dimension: b))
        return try apply { ctorch_transpose($0, a, b, $1) }
    }
    public func unsqueeze(_ dimension: Int) throws -> Tensor { try apply { ctorch_unsqueeze($0, Int64(dimension), $1) } }
    public func squeeze(_ dimension: Int) throws -> Tensor {
        let dimension = try checked(dimension: dimension)
        return try apply { ctorch_squeeze($0, dimension, $1) }
    }

    /// One slice along a dimension, which disappears.
    public func select(_ dimension: Int, _ index: Int) throws -> Tensor {
        let place = try checked(dimension: dimension)
        guard rank > 0 else { throw EngineError("a tensor of one number can't be indexed") }
        let size = shape[dimension < 0 ? dimension + rank : dimension]
        guard index >= -size, index < size else { throw EngineError("index \(index) is out of range for dimension \(dimension) of size \(size)") }
        return try apply { ctorch_select($0, place, Int64(index), $1) }
    }

    public func narrow(_ dimension: Int, _ start: Int, _ length: Int) throws -> Tensor {
        let place = try checked(dimension: dimension)
        let size = rank == 0 ? 0 : shape[dimension < 0 ? dimension + rank : dimension]
        guard start >= 0, length >= 0, start <= size, length <= size - start else {
            throw EngineError("elements \(start) to \(start &+ length) are out of range for dimension \(dimension) of size \(size)")
        }
        return try apply { ctorch_narrow($0, place, Int64(start), Int64(length), $1) }
    }

    /// Elements from start up to end by a positive step; bounds are clamped.
    public func slice(_ dimension: Int, _ start: Int, _ end: Int, step: Int = 1) throws -> Tensor {
        guard step > 0 else { throw EngineError("the step of a slice must be positive, not \(step)") }
        let place = try checked(dimension: dimension)
        return try apply { ctorch_slice($0, place, Int64(start), Int64(end), Int64(step), $1) }
    }

    public func flip(_ dimension: Int) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try apply { ctorch_flip($0, place, $1) }
    }

    private static func join(_ tensors: [Tensor], _ dimension: Int, _ call: (UnsafePointer<ctorch_tensor?>, Int32, Int64, Out) -> Int32) throws -> Tensor {
        guard !tensors.isEmpty else { throw EngineError("there are no tensors to join") }
        let handles: [ctorch_tensor?] = tensors.map(\.handle)
        return try withExtendedLifetime(tensors) { try make { call(handles, Int32(handles.count), Int64(dimension), $0) } }
    }

    /// Along a new dimension.
    public static func stack(_ tensors: [Tensor], _ dimension: Int = 0) throws -> Tensor { try join(tensors, dimension) { ctorch_stack($0, $1, $2, $3) } }
    /// Along a dimension that they have.
    public static func cat(_ tensors: [Tensor], _ dimension: Int = 0) throws -> Tensor { try join(tensors, dimension) { ctorch_cat($0, $1, $2, $3) } }

    // MARK: - Indexing

    public func indexSelect(_ dimension: Int, _ indices: Tensor) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try apply(indices) { ctorch_index_select($0, place, $1, $2) }
    }
    public func gather(_ dimension: Int, _ indices: Tensor) throws -> Tensor {
        let place = try checked(dimension: dimension)
        return try apply(indices) { ctorch_gather($0, place, $1, $2) }
    }
    /// Row i of the result is the sum over k of weights[i, k] * self[indices[i, k]]: self float [R, C], indices int64 [N, K], weights float [N, K].
    public func weightedRows(_ indices: Tensor, _ weights: Tensor) throws -> Tensor {
        guard rank == 2, indices.rank == 2, indices.shape[1] > 0, indices.dtype == .int64, weights.shape == indices.shape, weights.dtype == dtype else {
            throw EngineError("rows of \(summary) can't be weighted with \(weights.summary) at \(indices.summary)")
        }
        return try withExtendedLifetime((indices, weights)) { try apply { ctorch_weighted_rows($0, indices.handle, weights.handle, $1) } }
    }
    /// Its size depends on the mask, which a GPU is waited for.
    public func maskedSelect(_ mask: Tensor) throws -> Tensor {
        Torch.hostReads += 1
        return try apply(mask) { ctorch_masked_select($0, $1, $2) }
    }
    public func maskedFill(_ mask: Tensor, _ value: Double) throws -> Tensor { try apply(mask) { ctorch_masked_fill($0, $1, value, $2) } }
}
