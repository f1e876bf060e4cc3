import CTorch

/// strength sum(importance (weights - anchor)^2): what elastic weight consolidation and its relatives hold weights by.
public enum QuadraticPenalty {
    public enum Value {
        case number(Double)
        case tensor(Tensor)
    }

    /// Adds the penalty's gradient, 2 strength importance (weights - anchor), to the network's gradients.
    /// - Parameters: anchor and importance [P], floats of either precision.
    /// - Returns: the penalty; as a tensor of one number where it was not computed on the CPU, so that nobody waits for it.
    public static func add(to network: Network, anchor: Tensor, importance: Tensor, strength: Double) throws -> Value {
        let (weights, gradients) = (network.weights, network.gradients)
        for vector in [anchor, importance] where vector.shape != weights.shape || !vector.dtype.isFloatingPoint {
            throw EngineError("a penalty takes vectors like the weights, \(weights.summary), not \(vector.summary)")
        }
        return try withoutGradients {
            guard weights.dtype == .float32, weights.device == .cpu, FusedPasses.areKernels,
                  anchor.dtype == .float32, importance.dtype == .float32, anchor.isContiguous, importance.isContiguous else {
                // In the order in which PyTorch's autograd takes strength * importance * (weights - anchor)^2, so that bits agree.
                let away = try weights.sub(anchor), scaled = try importance.mul(.float(strength))
                try gradients.addInPlace(try scaled.mul(try away.mul(2)))
                return .tensor(try scaled.mul(try away.square()).sum())
            }
            var penalty = 0.0
            try withExtendedLifetime((weights, gradients, anchor, importance)) {
                try check(ctorch_quadratic_penalty(weights.handle, anchor.handle, importance.handle, strength, gradients.handle, &penalty))
            }
            return .number(penalty)
        }
    }
}
