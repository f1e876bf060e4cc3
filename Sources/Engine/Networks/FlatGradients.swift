extension Network {
    /// A network of its own with the same state in another precision.
    public func converted(to dtype: DType) throws -> Network {
        guard dtype.isFloatingPoint, let other = try makeEmpty(dtype) else { throw EngineError("a \(description) can't be converted to \(dtype.rawValue)") }
        try other.to(device)
        try other.load(Dictionary(uniqueKeysWithValues: try stateDict()))
        return other
    }

    /// A vector [P], in the order of `weights` and `gradients`, as tensors under PyTorch's names and in its shapes.
    public func named(_ vector: Tensor) throws -> [(String, Tensor)] {
        guard vector.shape == weights.shape else { throw EngineError("\(description) has \(parameterCount) parameters, not \(vector.summary)") }
        return try entries.filter { $0.storage == .weight }.map { ($0.name, try $0.order.view(try vector.narrow(0, $0.offset, $0.count), $0.shape).contiguous().clone()) }
    }

    /// The vector [P] of tensors that have PyTorch's names and shapes: the inverse of `named`.
    public func flat(named tensors: [String: Tensor]) throws -> Tensor {
        let parameters = entries.filter { $0.storage == .weight }
        let parts = try parameters.map { entry in
            guard let part = tensors[entry.name] else { throw EngineError("'\(entry.name)' is missing: \(description) has \(parameters.map(\.name).joined(separator: ", "))") }
            guard part.shape == entry.shape else { throw EngineError("'\(entry.name)' is [\(Tensor.list(part.shape))] instead of [\(Tensor.list(entry.shape))]") }
            return try part.to(dtype).to(device)
        }
        let known = Set(parameters.map(\.name))
        if let stranger = tensors.keys.filter({ !known.contains($0) }).sorted().first { throw EngineError("'\(stranger)' is not a parameter of \(description)") }
        return try flat(parts)
    }

    /// Gradients of the parameters, one tensor for each in their order, as one vector [P] in the order of `weights` and `gradients`.
    public func flat(_ parts: [Tensor]) throws -> Tensor {
        try Tensor.cat(try zip(entries.filter { $0.storage == .weight }, parts).map { try $0.order.flat($1) })
    }
}
