/// The controller of contextual transformation networks (Pham, Liu, Sahoo, Hoi 2021): an embedding for each task, and a linear layer for each place where
/// features are scaled and shifted (FiLM, Perez et al. 2018). Scales and shifts are vectors of norm 1.
struct FiLMController {
    private let embeddings: Tensor
    private let layers: [(weight: Tensor, bias: Tensor)]
    private let firstNumber: Int

    /// Adds its tensors behind those of the base network: `film1.weight`, ..., `emb.weight`, as in the published code.
    /// - Parameter widths: features at each place; the first has the number `first`.
    static func add(to layout: inout StateLayout, tasks: Int, embedding: Int, widths: [Int], first: Int) throws {
        guard tasks >= 1, tasks <= 100_000, embedding >= 1, embedding <= 65_536 else { throw EngineError("a controller needs at least one task and one number in an embedding") }
        for (index, width) in widths.enumerated() {
            layout.add("film\(first + index).weight", [2 * width, embedding])
            layout.add("film\(first + index).bias", [2 * width])
        }
        layout.add("emb.weight", [tasks, embedding])
    }

    init(_ network: Network, places: Int, first: Int) {
        embeddings = network.view("emb.weight")
        firstNumber = first
        layers = (0..<places).map { (network.view("film\(first + $0).weight"), network.view("film\(first + $0).bias")) }
    }

    /// Embeddings standard normal; layers Xavier uniform with zero biases.
    func initialize(_ random: RandomStream) throws {
        try withoutGradients {
            for layer in layers {
                try Self.set(layer.weight, Initialization.xavier.weights(layer.weight.shape, random))
                try layer.bias.detach().zeroInPlace()
            }
            try Self.set(embeddings, random.normal(embeddings.count))
        }
    }

    private static func set(_ target: Tensor, _ values: [Double]) throws {
        try target.detach().copyInPlace(from: try Tensor.from(values, shape: target.shape).to(target.dtype).to(target.device))
    }

    /// Embeddings [B, E] of the samples' tasks, int64 [B].
    func embed(_ numbers: Tensor?) throws -> Tensor {
        guard let numbers else { throw EngineError("a network with a controller takes the tasks of the samples") }
        return try embeddings.indexSelect(0, numbers)
    }

    /// Scales and shifts [B, width] at a place.
    func modulation(_ place: Int, _ embedded: Tensor) throws -> (scale: Tensor, shift: Tensor) {
        let both = try Layer.linear(embedded, layers[place].weight, layers[place].bias)
        let width = both.shape[1] / 2
        func unit(_ v: Tensor) throws -> Tensor { try v.div(try v.norm(1, keepDim: true)) }
        return (try unit(try both.narrow(1, 0, width)), try unit(try both.narrow(1, width, width)))
    }
}
