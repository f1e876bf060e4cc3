/// The reduced ResNet18 of GEM and its descendants (He et al. 2016 with 20 instead of 64 channels): 3x3 stem, [2, 2, 2, 2] basic blocks.
/// Names as in the published code: `layer2.0.shortcut.0.weight`, ... Starts as PyTorch's layers do by default.
public final class ResNet18: Network {
    public let channels: Int
    /// (channels, height, width) of a sample.
    public let imageShape: [Int]
    public let maxPool: Bool
    private var stem: (conv: Tensor, norm: BatchNorm)!
    private var blocks: [Block] = []
    private var head: (weight: Tensor, bias: Tensor)!

    private struct Block {
        let stride: Int
        let conv1: Tensor, norm1: BatchNorm, conv2: Tensor, norm2: BatchNorm
        let shortcut: (conv: Tensor, norm: BatchNorm)?
    }

    /// - Parameters:
    ///   - channels: of the stem (nf); each stage but the first has twice those of the stage before.
    ///   - maxPool: a 3x3 max pool of stride 2 behind the stem.
    ///   - random: where the first weights come from; nil leaves them zero.
    public init(outputs: Int, channels: Int = 20, imageShape: [Int] = [3, 32, 32], maxPool: Bool = true, random: RandomStream?,
                dtype: DType = .float32, device: Device = .cpu) throws {
        guard outputs >= 1, outputs <= 1 << 20, channels >= 1, channels <= 1024 else { throw EngineError("a resnet18 needs at least one output and one channel") }
        guard imageShape.count == 3, imageShape.allSatisfy({ $0 >= 1 && $0 <= 1 << 16 }) else {
            throw EngineError("the image shape of a resnet18 is (channels, height, width), not [\(Tensor.list(imageShape))]")
        }
        self.channels = channels
        self.imageShape = imageShape
        self.maxPool = maxPool
        var layout = StateLayout()
        layout.add("conv1.weight", [channels, imageShape[0], 3, 3])
        layout.addBatchNorm("bn1", channels)
        for place in Self.places(channels) {
            layout.add("\(place.name).conv1.weight", [place.output, place.input, 3, 3])
            layout.addBatchNorm("\(place.name).bn1", place.output)
            layout.add("\(place.name).conv2.weight", [place.output, place.output, 3, 3])
            layout.addBatchNorm("\(place.name).bn2", place.output)
            if place.hasShortcut {
                layout.add("\(place.name).shortcut.0.weight", [place.output, place.input, 1, 1])
                layout.addBatchNorm("\(place.name).shortcut.1", place.output)
            }
        }
        layout.add("linear.weight", [outputs, channels * 8])
        layout.add("linear.bias", [outputs])
        try super.init(layout, inputSize: imageShape.reduce(1, *), outputs: outputs, dtype: dtype, device: device)
        try initialize(random)
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

    private func initialize(_ random: RandomStream?) throws {
        try withoutGradients {
            for entry in entries {
                let target = view(entry.name).detach
                if entry.name.hasSuffix("running_var") || (entry.storage == .weight && entry.shape.count == 1 && entry.name.hasSuffix(".weight")) {
                    try target().fillInPlace(1)
                } else if let random, entry.shape.count > 1 || entry.name == "linear.bias" {
                    let fanIn = entry.name == "linear.bias" ? channels * 8 : entry.shape.dropFirst().reduce(1, *)
                    let bound = 1 / Double(fanIn).squareRoot()
                    try target().copyInPlace(from: try Tensor.from(random.uniform(entry.count, from: -bound, to: bound), shape: entry.shape).to(dtype).to(device))
                }
            }
        }
    }

    override func didBind() {
        stem = (view("conv1.weight"), BatchNorm(self, "bn1"))
        blocks = Self.places(channels).map { place in
            Block(stride: place.stride, conv1: view("\(place.name).conv1.weight"), norm1: BatchNorm(self, "\(place.name).bn1"),
                  conv2: view("\(place.name).conv2.weight"), norm2: BatchNorm(self, "\(place.name).bn2"),
                  shortcut: place.hasShortcut ? (view("\(place.name).shortcut.0.weight"), BatchNorm(self, "\(place.name).shortcut.1")) : nil)
        }
        head = (view("linear.weight"), view("linear.bias"))
    }

    public override func forward(_ x: Tensor, training: Bool) throws -> Tensor {
        var value = try checked(x).reshape([-1] + imageShape)
        value = try stem.norm(try Layer.conv2d(value, stem.conv, stride: 1, padding: 1), training: training).relu()
        if maxPool { value = try Layer.maxPool2d(value, size: 3, stride: 2, padding: 1) }
        for block in blocks {
            let first = try block.norm1(try Layer.conv2d(value, block.conv1, stride: block.stride, padding: 1), training: training).relu()
            let second = try block.norm2(try Layer.conv2d(first, block.conv2, stride: 1, padding: 1), training: training)
            let shortcut = try block.shortcut.map { try $0.norm(try Layer.conv2d(value, $0.conv, stride: block.stride, padding: 0), training: training) } ?? value
            value = try second.add(shortcut).relu()
        }
        return try Layer.linear(try Layer.globalAveragePool(value), head.weight, head.bias)
    }

    public override func makeEmpty() throws -> Network {
        try ResNet18(outputs: outputs, channels: channels, imageShape: imageShape, maxPool: maxPool, random: nil, dtype: dtype)
    }

    public override var description: String { "resnet18 (\(channels) channels) \(imageShape.map(String.init).joined(separator: "x"))-\(outputs)" }
}
