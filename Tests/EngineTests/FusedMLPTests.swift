import Engine
import TestSupport
import XCTest

/// The fused passes of an MLP against libtorch's own operations, from the same weights.
final class FusedMLPTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    /// Samples [n, size], with so many zeros among them.
    private func samples(_ n: Int, _ size: Int, zeros: Double, _ stream: RandomStream) throws -> Tensor {
        try Tensor.from((0..<n * size).map { _ in stream.nextUniform() < zeros ? 0 : stream.nextUniform() - 0.3 }, shape: [n, size]).to(.float32)
    }

    private func labels(_ n: Int, _ classes: Int) throws -> Tensor { try Tensor.from((0..<n).map { $0 * 7 % classes }) }

    private func network(_ widths: [Int], _ stream: RandomStream) throws -> MLP {
        let net = try MLP(widths: widths, random: stream)
        // Biases that do something.
        try withoutGradients { try net.weights.addInPlace(try Tensor.from(stream.normal(net.parameterCount)).to(.float32), alpha: 0.02) }
        return net
    }

    /// The logits, and the gradients that are added to ones that are there.
    private func pass(_ net: MLP, _ x: Tensor, _ y: Tensor, plain: Bool = false) throws -> (logits: [Double], gradients: [Double]) {
        FusedPasses.areOff = plain
        defer { FusedPasses.areOff = false }
        try withoutGradients { try net.gradients.copyInPlace(from: net.weights) }
        let logits = try net.forward(x, training: true)
        try Loss.crossEntropy(logits, y).backward()
        return (try logits.detach().doubles(), try net.gradients.doubles())
    }

    private func check(_ a: [Double], _ b: [Double], _ name: String) {
        XCTAssertEqual(a.count, b.count, name)
        let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        XCTAssertLessThan(difference, 2e-5, name)
    }

    /// Widths that are and are not multiples of 16, one and many samples, mostly zeros or none: every way through the kernels.
    func testAgreesWithLibtorch() throws {
        let stream = RandomStream(seed: 3)
        for widths in [[784, 100, 100, 10], [784, 128, 128, 128, 10], [50, 17, 33, 3], [64, 16, 5], [70, 300, 20, 2], [33, 16, 1, 4]] {
            for (batch, zeros) in [(1, 0.8), (1, 0), (10, 0.8), (23, 0.9), (64, 0.8), (65, 0.7), (150, 0.8), (64, 0.1)] {
                let net = try network(widths, stream)
                let (x, y) = (try samples(batch, widths[0], zeros: zeros, stream), try labels(batch, widths.last!))
                let (fused, plain) = (try pass(net, x, y), try pass(net, x, y, plain: true))
                check(fused.logits, plain.logits, "logits of \(widths), \(batch) samples, \(zeros) zeros")
                check(fused.gradients, plain.gradients, "gradients of \(widths), \(batch) samples, \(zeros) zeros")
            }
        }
    }

    /// A network that has diverged must not look sound: nan and infinity go where they go with libtorch's operations.
    func testWhatIsNoNumberStaysSo() throws {
        let stream = RandomStream(seed: 9)
        let widths = [40, 16, 20, 5]
        for bad in [Double.nan, .infinity] {
            // A weight and a bias of the first layer, a bias of the second, a weight of the last; then a sample.
            for place in [3, 40 * 16 + 2, 40 * 16 + 16 + 16 * 20 + 4, 40 * 16 + 16 + 16 * 20 + 20 + 7, -1] {
                let net = try network(widths, stream)
                let (x, y) = (try samples(12, 40, zeros: 0, stream), try labels(12, 5))
                let spoilt = place < 0 ? try x.narrow(0, 5, 1).narrow(1, 7, 1) : try net.weights.narrow(0, place, 1)
                try withoutGradients { try spoilt.copyInPlace(from: try Tensor.from([bad]).to(.float32).reshape(spoilt.shape)) }
                let (fused, plain) = (try pass(net, x, y), try pass(net, x, y, plain: true))
                XCTAssertEqual(fused.logits.map(\.isNaN), plain.logits.map(\.isNaN), "\(bad) at \(place)")
                XCTAssertEqual(fused.gradients.map(\.isFinite), plain.gradients.map(\.isFinite), "\(bad) at \(place)")
                XCTAssertTrue(fused.logits.contains { $0.isNaN } || fused.gradients.contains { $0.isNaN }, "\(bad) at \(place)")
            }
        }
    }

    func testThreadsChangeNothing() throws {
        let stream = RandomStream(seed: 4)
        for widths in [[784, 100, 100, 10], [784, 128, 128, 10]] {
            for (batch, zeros) in [(64, 0.8), (67, 0.8), (256, 0.8), (70, 0.1)] {
                let net = try network(widths, stream)
                let (x, y) = (try samples(batch, 784, zeros: zeros, stream), try labels(batch, 10))
                try Threads.set(1)
                let one = try pass(net, x, y)
                for count in [2, 3, 5] {
                    try Threads.set(count)
                    let several = try pass(net, x, y)
                    XCTAssertEqual(one.logits, several.logits, "\(widths), \(batch) samples, \(count) threads")
                    XCTAssertEqual(one.gradients, several.gradients, "\(widths), \(batch) samples, \(count) threads")
                }
            }
        }
    }

    /// Weights that the passes hold in another order follow every change, whoever makes it.
    func testFollowsTheWeights() throws {
        let stream = RandomStream(seed: 5)
        let net = try network([40, 20, 24, 5], stream)
        let (x, y) = (try samples(12, 40, zeros: 0.7, stream), try labels(12, 5))
        let (dense, other) = (try samples(12, 40, zeros: 0, stream), try network([40, 20, 24, 5], stream))
        let start = try net.snapshot()
        let changes: [(String, () throws -> Void)] = [
            ("step", { try net.descend(learningRate: 0.5) }), ("interpolate", { try net.interpolate(from: start, fraction: 0.3) }), ("restore", { try net.restore(other.snapshot()) }),
            ("load", { try net.load(Dictionary(uniqueKeysWithValues: try other.stateDict())) }), ("back", { try net.restore(start) }),
            ("a part", { try net.descend(learningRate: 0.5, in: 900..<1000) }), ("in place", { try withoutGradients { try net.weights.copyInPlace(from: try net.weights.mul(1.1)) } }),
        ]
        for (name, change) in changes {
            try change()
            check(try pass(net, x, y).logits, try pass(net, x, y, plain: true).logits, name)
            check(try pass(net, dense, y).logits, try pass(net, dense, y, plain: true).logits, "\(name), dense")
            check(try pass(net, x, y).gradients, try pass(net, x, y, plain: true).gradients, name)
        }
    }

    /// Losses of several passes added and weighted, with and without a graph that is kept: as libtorch's engine has it, which takes over where the samples have gradients.
    func testSumsOfLosses() throws {
        let stream = RandomStream(seed: 6)
        let net = try network([64, 32, 10], stream)
        let (x, past) = (try samples(10, 64, zeros: 0.7, stream), try samples(30, 64, zeros: 0.7, stream))
        let targets = try Tensor.from(stream.normal(300), shape: [30, 10]).to(.float32).softmax(1)

        func gradients(plain: Bool, keeps: Bool = false, viaSamples: Bool = false) throws -> [Double] {
            FusedPasses.areOff = plain
            defer { FusedPasses.areOff = false }
            try net.zeroGradients()
            let given = try x.clone()
            if viaSamples { try given.setRequiresGrad(true) }
            let out = try net.forward(past, training: true)
            let current = try Loss.crossEntropy(try net.forward(given, training: true), try labels(10, 10))
            let loss = try current.add(try Loss.crossEntropy(out, try labels(30, 10))).add(try Loss.kl(out, targets: targets, temperature: 5).mul(100)).add(current)
            try loss.backward(retainGraph: keeps)
            if keeps { try loss.backward() } else { XCTAssertThrowsError(try loss.backward()) }
            if viaSamples { XCTAssertEqual(try given.grad?.shape, [10, 64]) }
            return try net.gradients.doubles()
        }

        let plain = try gradients(plain: true)
        check(try gradients(plain: false), plain, "once")
        check(try gradients(plain: false, keeps: true), plain.map { 2 * $0 }, "twice")
        XCTAssertEqual(try gradients(plain: false, viaSamples: true), try gradients(plain: false), "the engine sums in the same order")
    }

    /// A pass whose weights have changed since has no gradients: that is an error, not a wrong number.
    func testChangedWeightsAreAnError() throws {
        let stream = RandomStream(seed: 8)
        let net = try network([64, 32, 10], stream)
        let loss = try Loss.crossEntropy(try net.forward(try samples(4, 64, zeros: 0.5, stream), training: true), try labels(4, 10))
        try withoutGradients { try net.weights.addInPlace(net.weights, alpha: 0.1) }
        XCTAssertThrowsError(try loss.backward())
        let again = try Loss.crossEntropy(try net.forward(try samples(4, 64, zeros: 0.5, stream), training: true), try labels(4, 10))
        try net.interpolate(from: try net.snapshot(), fraction: 0.5)
        XCTAssertThrowsError(try again.backward())
    }
}
