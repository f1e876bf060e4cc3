import CTorch

/// How a tensor lies in the elements that it may share with others.
public struct TensorLayout: Codable, Equatable {
    public let shape: [Int]
    public let strides: [Int]
    public let offset: Int
}

extension Tensor {
    /// The same for all tensors that share elements, while one of them lives.
    public var storageIdentity: UnsafeRawPointer? { withExtendedLifetime(self) { ctorch_storage(handle) } }

    public var layout: TensorLayout {
        withExtendedLifetime(self) {
            TensorLayout(shape: shape, strides: (0..<rank).map { Int(ctorch_stride(handle, Int32($0))) }, offset: Int(ctorch_offset(handle)))
        }
    }

    /// All elements of its storage as one vector, shared with it, outside of any gradient.
    public func wholeStorage() throws -> Tensor {
        let count = withExtendedLifetime(self) { ctorch_storage_count(handle) }
        return try apply { ctorch_as_strided($0, [count], [1], 1, 0, $1) }
    }

    /// A view of this vector's elements.
    /// - Throws: `EngineError` where the layout reaches beyond them.
    public func view(_ layout: TensorLayout) throws -> Tensor {
        guard rank == 1, isContiguous, layout.shape.count == layout.strides.count, layout.offset >= 0, layout.shape.allSatisfy({ $0 >= 0 }), layout.strides.allSatisfy({ $0 >= 0 }) else {
            throw EngineError("a layout of a tensor makes no sense")
        }
        var last = layout.offset
        if !layout.shape.contains(0) {
            for (size, stride) in zip(layout.shape, layout.strides) {
                let (step, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
                let (end, tooLong) = last.addingReportingOverflow(step)
                guard !tooFar, !tooLong else { throw EngineError("a layout of a tensor makes no sense") }
                last = end
            }
            guard last < count else { throw EngineError("a tensor reaches beyond its \(count) elements") }
        } else if last > count { throw EngineError("a tensor reaches beyond its \(count) elements") }
        return try apply { ctorch_as_strided($0, Self.sizes(layout.shape), Self.sizes(layout.strides), Int32(layout.shape.count), Int64(layout.offset), $1) }
    }

    /// Sets the gradient that `backward` adds to.
    public func restoreGrad(_ values: Tensor) throws { try setGrad(values) }
}
