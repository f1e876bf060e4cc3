extension Network {
    /// A network of its own with the same state in another precision.
    public func converted(to dtype: DType) throws -> Network {
        guard dtype.isFloatingPoint, let other = try makeEmpty(dtype) else { throw EngineError("a \(description) can't be converted to \(dtype.rawValue)") }
        try other.to(device)
        try other.load(Dictionary(uniqueKeysWithValues: try stateDict()))
        return other
    }

    /// Gradients of the parameters, one tensor for each in their order, as one vector [P] in the order of `weights` and `gradients`.
    public func flat(_ parts: [Tensor]) throws -> Tensor {
        try Tensor.cat(try zip(entries.filter { $0.storage == .weight }, parts).map { try $0.order.flat($1) })
    }
}
