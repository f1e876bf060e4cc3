/// An MLP whose hidden layers h = relu(a) + relu(scale(t) * a + shift(t)) depend on the task (the ContextMLP of Pham et al. 2021).
/// Names as in the published code: `layer1.weight`, ..., `film1.weight`, ..., `emb.weight`.
public final class FiLMMLP: Network {
    public let widths: [Int]
    public let tasks: Int
    public let embedding: Int
    private var layers: [(weight: Tensor, bias: Tensor)] = []
    private var controller: FiLMController!

    public init(widths: [Int], tasks: Int, embedding: Int = 16, random: RandomStream?, dtype: DType = .float32, device: Device = .cpu) throws {
        guard widths.count >= 3, widths.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else { throw EngineError("a film mlp needs at least three positive sizes: input, hidden, output") }
        guard dtype.isFloatingPoint else { throw EngineError("a network's weights are floats, not \(dtype.rawValue)") }
        (self.widths, self.tasks, self.embedding) = (widths, tasks, embedding)
        var layout = StateLayout()
        for layer in 1..<widths.count {
            _ = try Tensor.count(of: [widths[layer], widths[layer - 1]], dtype)
            layout.add("layer\(layer).weight", [widths[layer], widths[layer - 1]])
            layout.add("layer\(layer).bias", [widths[layer]])
        }
        try FiLMController.add(to: &layout, tasks: tasks, embedding: embedding, widths: Array(widths[1..<widths.count - 1]), first: 1)
        try super.init(layout, inputSize: widths[0], outputs: widths[widths.count - 1], dtype: dtype, device: device)
        guard let random else { return }
        let base = try MLP(widths: widths, random: random, dtype: dtype, device: device)
        try takeBase(base)
        try controller.initialize(random)
    }

    /// With a controller around the weights of an mlp.
    public convenience init(around base: MLP, tasks: Int, embedding: Int, random: RandomStream) throws {
        try self.init(widths: base.widths, tasks: tasks, embedding: embedding, random: nil, dtype: base.dtype, device: base.device)
        try takeBase(base)
        try controller.initialize(random)
    }

    private func takeBase(_ base: MLP) throws {
        try withoutGradients {
            for layer in 1..<widths.count {
                for part in ["weight", "bias"] { try view("layer\(layer).\(part)").detach().copyInPlace(from: base.view("net.\(2 * layer - 2).\(part)").detach()) }
            }
        }
    }

    override func didBind() {
        layers = (1..<widths.count).map { (view("layer\($0).weight"), view("layer\($0).bias")) }
        controller = FiLMController(self, places: widths.count - 2, first: 1)
    }

    public override var taskCount: Int? { tasks }
    public override var contextStart: Int? { entries.first { $0.name == "film1.weight" }?.offset }

    override func pass(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        var value = x
        let embedded = try controller.embed(tasks)
        for (index, layer) in layers.enumerated() {
            value = try Layer.linear(value, layer.weight, layer.bias)
            guard index < layers.count - 1 else { break }
            let (scale, shift) = try controller.modulation(index, embedded)
            value = try value.relu().add(try scale.mul(value).add(shift).relu())
        }
        return value
    }

    public override func makeEmpty() throws -> Network { try FiLMMLP(widths: widths, tasks: tasks, embedding: embedding, random: nil, dtype: dtype) }
    public override func makeEmpty(_ dtype: DType) throws -> Network? { try FiLMMLP(widths: widths, tasks: tasks, embedding: embedding, random: nil, dtype: dtype) }
    public override var description: String { "film mlp \(widths.map(String.init).joined(separator: "-")), \(tasks) tasks" }
}
