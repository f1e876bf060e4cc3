/// A ResNet18 whose last features h become relu(scale(t) * h + shift(t)) + relu(h) (the ContextNet of Pham et al. 2021); its blocks end without a ReLU.
/// Names as in the published code: those of the reduced ResNet18, `film4.weight`, `film4.bias`, `emb.weight`.
public final class FiLMResNet18: ResNet18 {
    public let tasks: Int
    public let embedding: Int
    private var controller: FiLMController!

    public init(outputs: Int, channels: Int = 20, imageShape: [Int] = [3, 32, 32], maxPool: Bool = true, style: Style = .reduced, tasks: Int, embedding: Int = 64, random: RandomStream?,
                dtype: DType = .float32, device: Device = .cpu) throws {
        (self.tasks, self.embedding) = (tasks, embedding)
        try super.init(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, random: random, dtype: dtype, device: device) { layout in
            try FiLMController.add(to: &layout, tasks: tasks, embedding: embedding, widths: [8 * channels], first: 4)
        }
        if let random { try controller.initialize(random) }
    }

    /// With a controller around the weights of a resnet18.
    public convenience init(around base: ResNet18, tasks: Int, embedding: Int, random: RandomStream) throws {
        try self.init(outputs: base.outputs, channels: base.channels, imageShape: base.imageShape, maxPool: base.maxPool, style: base.style, tasks: tasks, embedding: embedding, random: nil,
                      dtype: base.dtype, device: base.device)
        try withoutGradients {
            try weights.narrow(0, 0, base.parameterCount).copyInPlace(from: base.weights)
            try statistics.copyInPlace(from: base.statistics)
            try counters.copyInPlace(from: base.counters)
        }
        try controller.initialize(random)
    }

    override func didBind() {
        super.didBind()
        controller = FiLMController(self, places: 1, first: 4)
    }

    public override var taskCount: Int? { tasks }
    public override var contextStart: Int? { entries.first { $0.name == "film4.weight" }?.offset }

    override func pass(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        let value = try features(x, endsInReLU: false, training: training)
        let (scale, shift) = try controller.modulation(0, try controller.embed(tasks))
        func spread(_ v: Tensor) throws -> Tensor { try v.unsqueeze(2).unsqueeze(3) }
        return try classify(try spread(scale).mul(value).add(try spread(shift)).relu().add(try value.relu()))
    }

    public override func makeEmpty() throws -> Network {
        try FiLMResNet18(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, tasks: tasks, embedding: embedding, random: nil, dtype: dtype)
    }

    public override func makeEmpty(_ dtype: DType) throws -> Network? {
        try FiLMResNet18(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, tasks: tasks, embedding: embedding, random: nil, dtype: dtype)
    }

    public override var description: String { "film \(super.description), \(tasks) tasks" }
}
