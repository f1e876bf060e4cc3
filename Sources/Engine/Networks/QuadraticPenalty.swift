import CTorch

/// strength sum(importance (weights - anchor)^2): what elastic weight consolidation and its relatives hold weights by.
public enum QuadraticPenalty {
    /// Adds the penalty's gradient, 2 strength importance (weights - anchor), to the network's gradients.
    /// - Parameters: anchor and importance [P].
    /// - Returns: the penalty.
    public static func add(to network: Network, anchor: Tensor, importance: Tensor, strength: Double) throws -> Double {
        let (weights, gradients) = (network.weights, network.gradients)
        for vector in [anchor, importance] where vector.shape != weights.shape || vector.dtype != weights.dtype {
            throw EngineError("a penalty takes vectors like the weights, \(weights.summary), not \(vector.summary)")
        }
        return try withoutGradients {
            guard weights.dtype == .float32, !weights.device.isCUDA, !FusedPasses.areOff, anchor.isContiguous, importance.isContiguous else {
                // In the order in which PyTorch's autograd takes strength * importance * (weights - anchor)^2, so that bits agree.
                let away = try weights.sub(anchor), scaled = try importance.mul(.float(strength))
                try gradients.addInPlace(try scaled.mul(try away.mul(2)))
                return try scaled.mul(try away.square()).sum().item()
            }
            var penalty = 0.0
            try withExtendedLifetime((weights, gradients, anchor, importance)) {
                try check(ctorch_quadratic_penalty(weights.handle, anchor.handle, importance.handle, strength, gradients.handle, &penalty))
            }
            return penalty
        }
    }
}
