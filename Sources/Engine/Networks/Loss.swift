import CTorch

/// Losses; each a tensor of one number.
public enum Loss {
    /// Columns that are none of a sample's: of heads of different widths in one minibatch. They count for nothing.
    public struct Gaps {
        /// bool [B, C]: where there is a gap.
        public let places: Tensor
        /// How many of the B * C places are none.
        public let present: Int

        public init(places: Tensor, present: Int) { (self.places, self.present) = (places, present) }

        func filled(_ values: Tensor) throws -> Tensor { try values.maskedFill(places, 0) }
        func mean(_ terms: Tensor) throws -> Tensor { try filled(terms).sum().div(.float(Double(present))) }
    }

    /// Mean over samples of -log softmax(logits)[label]. Logits [B, C], labels int64 [B] from 0 to C - 1.
    public static func crossEntropy(_ logits: Tensor, _ labels: Tensor) throws -> Tensor {
        guard logits.rank == 2, labels.rank == 1, logits.shape[0] == labels.shape[0] else {
            throw EngineError("cross entropy takes logits [B, C] and labels [B], not [\(Tensor.list(logits.shape))] and [\(Tensor.list(labels.shape))]")
        }
        guard logits.dtype.isFloatingPoint else { throw EngineError("the logits of cross entropy are floats, not \(logits.dtype.rawValue)") }
        guard labels.dtype == .int64 else { throw EngineError("the labels of cross entropy are int64, not \(labels.dtype.rawValue)") }
        guard logits.shape[0] > 0 else { throw EngineError("cross entropy of no samples is not defined") }
        // On a GPU a label out of range would end the process; on the CPU libtorch checks while it computes.
        if labels.device != .cpu { return try logits.apply(labels) { ctorch_cross_entropy($0, $1, FusedPasses.areOff ? 1 : 0, $2) } }
        do { return try logits.apply(labels) { ctorch_cross_entropy($0, $1, FusedPasses.areOff ? 1 : 0, $2) } } catch let error as EngineError {
            let (low, high) = (try labels.min().itemInt(), try labels.max().itemInt())
            guard low < 0 || high >= logits.shape[1] else { throw error }
            throw EngineError("label \(low < 0 ? low : high) is out of range for \(logits.shape[1]) classes")
        }
    }

    /// -log softmax(logits)[label] of each sample [B].
    public static func crossEntropies(_ logits: Tensor, _ labels: Tensor) throws -> Tensor {
        _ = try withoutGradients { try crossEntropy(logits, labels) }  // checks shapes and labels
        return try logits.logSoftmax().gather(1, try labels.unsqueeze(1)).squeeze(1).neg()
    }

    /// Mean over samples and classes of p (log p - log q) with q = softmax(logits / temperature), without a factor of temperature squared
    /// (as the code of Pham et al., arXiv 2007.15553, computes it). Logits [B, C], targets p [B, C].
    public static func kl(_ logits: Tensor, targets: Tensor, temperature: Double, gaps: Gaps? = nil) throws -> Tensor {
        guard logits.rank == 2, logits.shape == targets.shape else {
            throw EngineError("kl takes logits and targets of one shape [B, C], not [\(Tensor.list(logits.shape))] and [\(Tensor.list(targets.shape))]")
        }
        guard temperature > 0, temperature.isFinite else { throw EngineError("the temperature must be positive, not \(temperature)") }
        guard logits.shape[0] > 0 else { throw EngineError("kl of no samples is not defined") }
        if let gaps {
            let (p, logQ) = (try gaps.filled(targets), try gaps.filled(try logits.div(.float(temperature)).logSoftmax()))
            return try gaps.mean(try p.mul(try p.maskedFill(try p.eq(0), 1).log().sub(logQ)))
        }
        return try logits.apply(targets) { ctorch_kl($0, $1, temperature, FusedPasses.areOff ? 1 : 0, $2) }
    }

    /// Mean of the squared differences.
    public static func meanSquaredError(_ a: Tensor, _ b: Tensor, gaps: Gaps? = nil) throws -> Tensor {
        guard a.shape == b.shape else { throw EngineError("mse takes two tensors of one shape, not [\(Tensor.list(a.shape))] and [\(Tensor.list(b.shape))]") }
        if let gaps { return try gaps.mean(try gaps.filled(a).sub(try gaps.filled(b)).square()) }
        return try a.apply(b) { ctorch_mse($0, $1, $2) }
    }
}
