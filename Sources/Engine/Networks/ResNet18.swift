/// ResNet18 (He et al. 2016): [2, 2, 2, 2] basic blocks.
public class ResNet18: Network {
    /// Which of the two common ones.
    public enum Style: String, CaseIterable, Sendable {
        /// That of GEM and its descendants, with few channels: 3x3 stem. Names as in their code: `layer2.0.shortcut.0.weight`, `linear.weight`.
        /// Starts as PyTorch's layers do by default.
        case reduced
        /// That of torchvision: 7x7 stem of stride 2. Names as there: `layer2.0.downsample.0.weight`, `fc.weight`. Convolutions start Kaiming normal (fan out).
        case imagenet

        var shortcut: String { self == .reduced ? "shortcut" : "downsample" }
        var head: String { self == .reduced ? "linear" : "fc" }
        var stemSize: Int { self == .reduced ? 3 : 7 }
        var stemStride: Int { self == .reduced ? 1 : 2 }
    }

    public let style: Style
    public let channels: Int
    /// (channels, height, width) of a sample.
    public let imageShape: [Int]
    public let maxPool: Bool
    private var stem: (conv: Tensor, norm: BatchNorm)!
    private var blocks: [Block] = []
    private var head: (weight: Tensor, bias: Tensor)!
    /// Both passes as one operation each; nil where only libtorch's own operations will do.
    private var passes: FusedResNet?

    private struct Block {
        let stride: Int
        let conv1: Tensor, norm1: BatchNorm, conv2: Tensor, norm2: BatchNorm
        let shortcut: (conv: Tensor, norm: BatchNorm)?
    }

    /// - Parameters:
    ///   - channels: of the stem (nf); each stage but the first has twice those of the stage before.
    ///   - maxPool: a 3x3 max pool of stride 2 behind the stem.
    ///   - extra: adds what a subclass has behind the network's own tensors.
    ///   - random: where the first weights come from; nil leaves them zero.
    init(outputs: Int, channels: Int = 20, imageShape: [Int] = [3, 32, 32], maxPool: Bool = true, style: Style = .reduced, random: RandomStream?,
                dtype: DType = .float32, device: Device = .cpu, extra: (inout StateLayout) throws -> Void = { _ in }) throws {
        guard outputs >= 1, outputs <= 1 << 20, channels >= 1, channels <= 1024 else { throw EngineError("a resnet18 has 1 to \(1 << 20) outputs and 1 to 1024 channels, not \(outputs) and \(channels)") }
        guard imageShape.count == 3, imageShape.allSatisfy({ $0 >= 1 && $0 <= 1 << 16 }) else {
            throw EngineError("the image shape of a resnet18 is (channels, height, width) with sizes from 1 to \(1 << 16), not [\(Tensor.list(imageShape))]")
        }
        self.style = style
        self.channels = channels
        self.imageShape = imageShape
        self.maxPool = maxPool
        let order = FusedResNet.suits(channels: channels, imageShape: imageShape) ? StateEntry.Order.byTaps : .asShaped
        var layout = StateLayout()
        layout.add("conv1.weight", [channels, imageShape[0], style.stemSize, style.stemSize], order: order)
        layout.addBatchNorm("bn1", channels)
        for place in Self.places(channels) {
            layout.add("\(place.name).conv1.weight", [place.output, place.input, 3, 3], order: order)
            layout.addBatchNorm("\(place.name).bn1", place.output)
            layout.add("\(place.name).conv2.weight", [place.output, place.output, 3, 3], order: order)
            layout.addBatchNorm("\(place.name).bn2", place.output)
            if place.hasShortcut {
                layout.add("\(place.name).\(style.shortcut).0.weight", [place.output, place.input, 1, 1], order: order)
                layout.addBatchNorm("\(place.name).\(style.shortcut).1", place.output)
            }
        }
        layout.add("\(style.head).weight", [outputs, channels * 8])
        layout.add("\(style.head).bias", [outputs])
        try extra(&layout)
        try super.init(layout, inputSize: imageShape.reduce(1, *), outputs: outputs, dtype: dtype, device: device)
        try initialize(random) { style == .imagenet && $0.count == 4 ? .kaiming : .pytorch }
    }

    public convenience init(outputs: Int, channels: Int = 20, imageShape: [Int] = [3, 32, 32], maxPool: Bool = true, style: Style = .reduced, random: RandomStream?,
                            dtype: DType = .float32, device: Device = .cpu) throws {
        try self.init(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, random: random, dtype: dtype, device: device, extra: { _ in })
    }

    private struct Place {
        let name: String
        let input: Int, output: Int, stride: Int
        var hasShortcut: Bool { stride != 1 || input != output }
    }

    private static func places(_ channels: Int) -> [Place] {
        var input = channels
        var result: [Place] = []
        for stage in 0..<4 {
            for block in 0..<2 {
                let output = channels << stage
                result.append(Place(name: "layer\(stage + 1).\(block)", input: input, output: output, stride: block == 0 && stage > 0 ? 2 : 1))
                input = output
            }
        }
        return result
    }

    override func didBind() {
        stem = (view("conv1.weight"), BatchNorm(self, "bn1"))
        blocks = Self.places(channels).map { place in
            Block(stride: place.stride, conv1: view("\(place.name).conv1.weight"), norm1: BatchNorm(self, "\(place.name).bn1"),
                  conv2: view("\(place.name).conv2.weight"), norm2: BatchNorm(self, "\(place.name).bn2"),
                  shortcut: place.hasShortcut ? (view("\(place.name).\(style.shortcut).0.weight"), BatchNorm(self, "\(place.name).\(style.shortcut).1")) : nil)
        }
        head = (view("\(style.head).weight"), view("\(style.head).bias"))
        let units = [(stem.conv, stem.norm)] + blocks.flatMap { block in
            [(block.conv1, block.norm1), (block.conv2, block.norm2)] + (block.shortcut.map { [($0.conv, $0.norm)] } ?? [])
        }
        passes = FusedResNet(self, units.flatMap { [$0.0, $0.1.weight, $0.1.bias, $0.1.mean, $0.1.variance, $0.1.counter] } + [head.weight, head.bias])
    }

    override func pass(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        if let passes, FusedPasses.areKernels, !x.requiresGrad { return try passes.forward(x, training: training) }
        return try classify(try features(x, training: training))
    }

    /// Feature maps [B, 8 * channels, H, W] of the last block.
    /// - Parameter endsInReLU: whether blocks end in a ReLU.
    final func features(_ x: Tensor, endsInReLU: Bool = true, training: Bool) throws -> Tensor {
        var value = try x.reshape([-1] + imageShape)
        value = try stem.norm(try Layer.conv2d(value, stem.conv, stride: style.stemStride, padding: style.stemSize / 2), training: training).relu()
        if maxPool { value = try Layer.maxPool2d(value, size: 3, stride: 2, padding: 1) }
        for block in blocks {
            let first = try block.norm1(try Layer.conv2d(value, block.conv1, stride: block.stride, padding: 1), training: training).relu()
            let second = try block.norm2(try Layer.conv2d(first, block.conv2, stride: 1, padding: 1), training: training)
            let shortcut = try block.shortcut.map { try $0.norm(try Layer.conv2d(value, $0.conv, stride: block.stride, padding: 0), training: training) } ?? value
            value = try second.add(shortcut)
            if endsInReLU { value = try value.relu() }
        }
        return value
    }

    final func classify(_ features: Tensor) throws -> Tensor { try Layer.linear(try Layer.globalAveragePool(features), head.weight, head.bias) }

    /// Sets the weights from a state_dict of the same kind of network, which may have another head: its own, with the first weights, then stays.
    /// - Returns: what became of the head.
    public func loadPretrained(_ state: [String: Tensor]) throws -> PretrainedHead {
        var state = state
        let names = ["\(style.head).weight", "\(style.head).bias"]
        let found = state[names[0]]?.shape
        let isMissing = found == nil && state[names[1]] == nil
        // Of another number of classes; anything else that does not fit is an error.
        let isOther = found.map { $0.count == 2 && $0[1] == channels * 8 && $0[0] != outputs && state[names[1]]?.shape == [$0[0]] } ?? false
        if isMissing || isOther { for name in names { state[name] = try view(name).detach() } }
        try load(state)
        return isMissing ? .missing : isOther ? .replaced(outputs: found![0]) : .taken
    }

    public enum PretrainedHead: Equatable {
        case taken, missing
        /// The file's has so many outputs.
        case replaced(outputs: Int)
    }

    public override func makeEmpty() throws -> Network {
        try ResNet18(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, random: nil, dtype: dtype)
    }

    public override func makeEmpty(_ dtype: DType) throws -> Network? {
        try ResNet18(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, style: style, random: nil, dtype: dtype)
    }

    public override var description: String { "resnet18 (\(style == .reduced ? "" : "imagenet, ")\(channels) channels\(maxPool == (style == .reduced) || maxPool ? "" : ", no pool")) \(imageShape.map(String.init).joined(separator: "x"))-\(outputs)" }
}
