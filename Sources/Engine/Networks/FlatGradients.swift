extension Network {
    /// Gradients of the parameters, one tensor for each in their order, as one vector [P] in the order of `weights` and `gradients`.
    public func flat(_ parts: [Tensor]) throws -> Tensor {
        try Tensor.cat(try zip(entries.filter { $0.storage == .weight }, parts).map { entry, part in
            try (entry.isTransposed ? part.transpose(0, 1) : part).flatten(0)
        })
    }
}
