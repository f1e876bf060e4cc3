/// How the first weights of linear and convolution layers are drawn. fan_in and fan_out: what goes into and comes out of a layer, times the positions of its kernel.
public enum Initialization: String, CaseIterable, Sendable {
    /// Uniform within sqrt(6 / (fan_in + fan_out)), biases zero (Glorot and Bengio 2010): that of GEM's and BCL's code for MLPs.
    case xavier
    /// Uniform within 1 / sqrt(fan_in), biases too: what PyTorch's Linear and Conv2d start as.
    case pytorch
    /// Normal with deviation sqrt(2 / fan_out), biases zero (He et al. 2015): torchvision's for convolutions.
    case kaiming
    /// Normal with deviation 0.1, drawn again beyond 0.2, biases 0.1: that of A-GEM's code for MLPs (Chaudhry et al. 2019).
    case truncatedNormal = "truncated_normal"

    /// - Parameter shape: of the layer's weight: [out, in] or [out, in, k, k].
    func weights(_ shape: [Int], _ random: RandomStream) -> [Double] {
        let count = shape.reduce(1, *)
        let (fanIn, fanOut) = (Double(count / shape[0]), Double(count / shape[1]))
        switch self {
        case .xavier:
            let bound = (6 / (fanIn + fanOut)).squareRoot()
            return random.uniform(count, from: -bound, to: bound)
        case .pytorch:
            let bound = 1 / fanIn.squareRoot()
            return random.uniform(count, from: -bound, to: bound)
        case .kaiming:
            let deviation = (2 / fanOut).squareRoot()
            return random.normal(count).map { $0 * deviation }
        case .truncatedNormal:
            return (0..<count).map { _ in
                var value = random.nextNormal()
                while abs(value) > 2 { value = random.nextNormal() }
                return 0.1 * value
            }
        }
    }

    /// - Parameter shape: of the layer's weight.
    func biases(_ shape: [Int], _ random: RandomStream) -> [Double] {
        switch self {
        case .xavier, .kaiming: return Array(repeating: 0, count: shape[0])
        case .pytorch:
            let bound = 1 / Double(shape.dropFirst().reduce(1, *)).squareRoot()
            return random.uniform(shape[0], from: -bound, to: bound)
        case .truncatedNormal: return Array(repeating: 0.1, count: shape[0])
        }
    }
}

extension Network {
    /// Draws all weights anew, in the order of the state; batch norms are the identity again, with statistics of mean 0 and variance 1.
    /// - Parameters:
    ///   - scheme: for a layer, by the shape of its weight.
    ///   - random: nil leaves the weights of linear and convolution layers as they are.
    func initialize(_ random: RandomStream?, _ scheme: ([Int]) -> Initialization) throws {
        let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
        try withoutGradients {
            for entry in entries {
                let target = try view(entry.name).detach()
                let isBias = entry.name.hasSuffix(".bias")
                guard entry.storage == .weight, let shape = shapes[isBias ? "\(entry.name.dropLast(5)).weight" : entry.name], shape.count > 1 else {
                    let isOne = entry.storage == .weight ? !isBias : entry.name.hasSuffix("running_var")
                    try target.fillInPlace(isOne ? 1 : 0)
                    continue
                }
                guard let random else { continue }
                let values = isBias ? scheme(shape).biases(shape, random) : scheme(shape).weights(shape, random)
                try target.copyInPlace(from: try Tensor.from(values, shape: entry.shape).to(dtype).to(device))
            }
        }
    }

    /// Draws all weights anew by one scheme; gradients are zero then. A network with a controller can't: its controller has a start of its own.
    public func initialize(_ scheme: Initialization, _ random: RandomStream) throws {
        guard contextStart == nil else { throw EngineError("a network with a task controller can't be initialized: initialize the network first, then give it to film") }
        try initialize(random) { _ in scheme }
        try zeroGradients()
    }
}
