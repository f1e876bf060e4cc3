import CTorch

/// Linear layers with ReLU between them. Names as in the published code: `net.0.weight`, `net.0.bias`, `net.2.weight`, ...
/// Weights start as `Initialization.xavier`.
public final class MLP: Network {
    /// Sizes of the layers, input and output included.
    public let widths: [Int]
    private var layers: [(weight: Tensor, bias: Tensor)] = []
    /// Both passes as one operation each; nil where libtorch's own operations are as fast, or the only ones.
    private var passes: FusedMLP?

    /// - Parameter random: where the first weights come from; nil leaves them zero.
    public init(widths: [Int], random: RandomStream?, dtype: DType = .float32, device: Device = .cpu) throws {
        guard widths.count >= 2 else { throw EngineError("an mlp needs at least two sizes: input and output") }
        guard widths.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else { throw EngineError("the sizes of an mlp must be from 1 to \(1 << 24), not [\(Tensor.list(widths))]") }
        guard dtype.isFloatingPoint else { throw EngineError("a network's weights are floats, not \(dtype.rawValue)") }
        self.widths = widths
        var layout = StateLayout()
        for layer in 0..<widths.count - 1 {
            _ = try Tensor.count(of: [widths[layer + 1], widths[layer]], dtype)
            layout.add("net.\(2 * layer).weight", [widths[layer + 1], widths[layer]], order: layer == 0 && FusedMLP.suits(widths) ? .transposed : .asShaped)
            layout.add("net.\(2 * layer).bias", [widths[layer + 1]])
        }
        try super.init(layout, inputSize: widths[0], outputs: widths[widths.count - 1], dtype: dtype, device: device)
        if let random { try initialize(random) { _ in .xavier } }
    }

    override func didBind() {
        layers = (0..<widths.count - 1).map { (view("net.\(2 * $0).weight"), view("net.\(2 * $0).bias")) }
        passes = FusedMLP(widths, weights, gradients, layers.flatMap { [$0.weight, $0.bias] })
    }

    override func pass(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        if let passes, FusedPasses.areKernels { return try passes.forward(x) }
        var value = x
        for (index, layer) in layers.enumerated() {
            value = try Layer.linear(value, layer.weight, layer.bias)
            if index < layers.count - 1 { value = try value.relu() }
        }
        return value
    }

    public override func makeEmpty() throws -> Network { try MLP(widths: widths, random: nil, dtype: dtype) }
    public override func makeEmpty(_ dtype: DType) throws -> Network? { try MLP(widths: widths, random: nil, dtype: dtype) }
    public override var description: String { "mlp \(widths.map(String.init).joined(separator: "-"))" }
}
