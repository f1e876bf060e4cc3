import Engine
import XCTest

final class NetworkTests: XCTestCase {
    private func random(_ shape: [Int], _ stream: RandomStream, _ dtype: DType = .float64) throws -> Tensor {
        try Tensor.from(stream.normal(shape.reduce(1, *)), shape: shape).to(dtype)
    }

    /// Cross entropy of a linear layer: dL/dW = (softmax - onehot)^T x / B, dL/db its column sums.
    func testLinearGradientInClosedForm() throws {
        let stream = RandomStream(seed: 1)
        let net = try MLP(widths: [4, 3], random: stream, dtype: .float64)
        let x = try random([5, 4], stream)
        let y = try Tensor.from([0, 2, 1, 1, 0])
        let logits = try net.forward(x, training: true)
        try Loss.crossEntropy(logits, y).backward()
        let delta = try logits.detach().softmax().sub(try y.oneHot(3).to(.float64)).div(5)
        let expected = try Tensor.cat([try delta.transpose(0, 1).matmul(x).reshape([12]), try delta.sum(0)])
        XCTAssertLessThan(try net.gradients.sub(expected).abs().max().item(), 1e-12)
    }

    func testGradientsAgainstFiniteDifferences() throws {
        let stream = RandomStream(seed: 2)
        let net = try MLP(widths: [3, 5, 4, 3], random: stream, dtype: .float64)
        let x = try random([6, 3], stream)
        let y = try Tensor.from([0, 1, 2, 2, 1, 0])
        let targets = try random([6, 3], stream).softmax()
        func loss() throws -> Tensor {
            let logits = try net.forward(x, training: true)
            return try Loss.crossEntropy(logits, y).add(try Loss.kl(logits, targets: targets, temperature: 5).mul(100))
        }
        try loss().backward()
        let gradients = try net.gradients.doubles()
        for index in stride(from: 0, to: net.parameterCount, by: 7) {
            let place = try net.weights.narrow(0, index, 1)
            let start = try place.item()
            try place.fillInPlace(start + 1e-6)
            let above = try loss().item()
            try place.fillInPlace(start - 1e-6)
            let below = try loss().item()
            try place.fillInPlace(start)
            XCTAssertEqual(gradients[index], (above - below) / 2e-6, accuracy: 1e-6)
        }
    }

    /// KL against its formula, written out.
    func testKLByHand() throws {
        let logits = try Tensor.from([1.0, 2.0, 0.5, 0.0], shape: [2, 2])
        let p = try Tensor.from([0.25, 0.75, 0.5, 0.5], shape: [2, 2])
        var expected = 0.0
        for (row, values) in [[1.0, 2.0], [0.5, 0.0]].enumerated() {
            let exps = values.map { exp($0 / 5) }
            for column in 0..<2 {
                let (target, q) = (try p.doubles()[row * 2 + column], exps[column] / exps.reduce(0, +))
                expected += target * (log(target) - log(q)) / 4
            }
        }
        XCTAssertEqual(try Loss.kl(logits, targets: p, temperature: 5).item(), expected, accuracy: 1e-12)
    }

    func testGradientsAccumulateInTheFlatVector() throws {
        let stream = RandomStream(seed: 3)
        let net = try MLP(widths: [4, 8, 3], random: stream, dtype: .float64)
        let storage = net.gradients
        let x = try random([5, 4], stream)
        let y = try Tensor.from([0, 2, 1, 1, 0])
        try Loss.crossEntropy(try net.forward(x, training: true), y).backward()
        let once = try net.gradients.clone()
        XCTAssertGreaterThan(try once.norm().item(), 0)
        try Loss.crossEntropy(try net.forward(x, training: true), y).backward()
        XCTAssertTrue(try net.gradients.equalsBitwise(try once.mul(2)))
        XCTAssertTrue(net.gradients === storage)
        try net.zeroGradients()
        try Loss.crossEntropy(try net.forward(x, training: true), y).backward()
        XCTAssertTrue(try net.gradients.equalsBitwise(once))
    }

    func testDescendSnapshotRestoreInterpolate() throws {
        let stream = RandomStream(seed: 4)
        let net = try MLP(widths: [4, 8, 3], random: stream)
        let x = try random([5, 4], stream, .float32)
        let y = try Tensor.from([0, 2, 1, 1, 0])
        let before = try net.snapshot()
        try Loss.crossEntropy(try net.forward(x, training: true), y).backward()
        try net.descend(learningRate: 0.5)
        let expected = try before.weights.sub(try net.gradients.mul(0.5))
        XCTAssertTrue(try net.weights.equalsBitwise(expected))
        let after = try net.weights.clone()
        try net.interpolate(from: before, fraction: 0.25)
        XCTAssertTrue(try net.weights.equalsBitwise(try after.sub(before.weights).mul(0.25).add(before.weights)))
        try net.interpolate(from: before, fraction: 0)
        XCTAssertTrue(try net.weights.equalsBitwise(before.weights))
        try net.restore(before)
        XCTAssertTrue(try net.weights.equalsBitwise(before.weights))
        let other = try MLP(widths: [4, 7, 3], random: stream)
        XCTAssertThrowsError(try other.restore(before))
    }

    func testSameSeedSameBits() throws {
        let nets = try (0..<2).map { _ in try MLP(widths: [10, 20, 5], random: RandomStreams(seed: 7).stream("init")) }
        XCTAssertTrue(try nets[0].weights.equalsBitwise(nets[1].weights))
        let bound = (6.0 / 30).squareRoot()
        let first = try nets[0].weights.narrow(0, 0, 200)
        XCTAssertLessThanOrEqual(try first.abs().max().item(), bound)
        XCTAssertGreaterThan(try first.abs().max().item(), bound * 0.9)
        XCTAssertEqual(try nets[0].weights.narrow(0, 200, 20).abs().max().item(), 0)
    }

    func testCopyIsIndependentAndTrains() throws {
        let net = try ResNet18(outputs: 5, channels: 4, imageShape: [3, 8, 8], random: RandomStream(seed: 5))
        let copy = try net.copy()
        let x = try Tensor.ones([2, 192])
        let logits = try copy.forward(x, training: true)
        try Loss.crossEntropy(logits, try Tensor.from([0, 1])).backward()
        try copy.descend(learningRate: 0.1)
        XCTAssertEqual(try net.gradients.abs().sum().item(), 0)
        XCTAssertFalse(try net.weights.equalsBitwise(copy.weights))
        XCTAssertEqual(try copy.counters.ints(), [Int](repeating: 1, count: copy.counters.count))
        XCTAssertFalse(try net.statistics.equalsBitwise(copy.statistics))
    }

    func testBatchNormStatisticsByHand() throws {
        // One channel through the stem's batch norm: running mean moves by a tenth of the batch mean of the convolution.
        let net = try ResNet18(outputs: 2, channels: 1, imageShape: [1, 4, 4], maxPool: false, random: nil)
        _ = try net.forward(try Tensor.ones([3, 16]), training: true)
        let state = Dictionary(uniqueKeysWithValues: try net.stateDict())
        XCTAssertEqual(try state["bn1.running_mean"]!.item(), 0)          // zero weights: the convolution is zero
        XCTAssertEqual(try state["bn1.running_var"]!.item(), 0.9, accuracy: 1e-6)
    }

    func testErrorsAreSentences() throws {
        let net = try MLP(widths: [4, 3], random: nil)
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        XCTAssertEqual(message { _ = try net.forward(try Tensor.ones([2, 5]), training: false) }, "mlp 4-3 takes samples [B, 4], not [2, 5]")
        XCTAssertTrue(message { _ = try Tensor.ones([2, 3]).matmul(try Tensor.ones([2, 3])) }.contains("shapes [2, 3] and [2, 3] can't be multiplied as matrices"))
        XCTAssertEqual(message { _ = try Loss.crossEntropy(try Tensor.zeros([1, 3]), try Tensor.from([7])) }, "label 7 is out of range for 3 classes")
        XCTAssertTrue(message { _ = try Device(named: "tpu") }.contains("there is no device 'tpu'"))
        if Device.cudaCount == 0 { XCTAssertTrue(message { _ = try Device(named: "cuda") }.contains("there is no device 'cuda'")) }
        XCTAssertTrue(message { try Tensor.ones([3]).backward() }.contains("only a single number"))
        XCTAssertTrue(message { _ = try Tensor.zeros([1 << 40, 1 << 40]) }.contains("too large"))
        XCTAssertTrue(message { _ = try Tensor.ones([3]).select(0, 3) }.contains("out of range"))
    }

    func testNoGradientScopeIsRestoredOnThrow() {
        XCTAssertTrue(gradientsEnabled())
        XCTAssertThrowsError(try withoutGradients { throw EngineError("x") })
        XCTAssertTrue(gradientsEnabled())
    }

    func testHandlesAreReleased() throws {
        let before = Torch.liveHandles
        try {
            let net = try MLP(widths: [8, 8, 2], random: RandomStream(seed: 1))
            for _ in 0..<50 { try Loss.crossEntropy(try net.forward(try Tensor.ones([4, 8]), training: true), try Tensor.from([0, 1, 0, 1])).backward() }
        }()
        XCTAssertEqual(Torch.liveHandles, before)
    }
}
