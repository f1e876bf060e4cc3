import Engine
import TestSupport
import XCTest

/// The fused passes of a ResNet18 against libtorch's own operations, from the same state.
final class FusedResNetTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    private struct Outcome {
        let logits: Tensor, gradients: Tensor, statistics: Tensor, counters: [Double]
    }

    private func outcome(_ net: ResNet18, _ x: Tensor, _ y: Tensor, training: Bool, plain: Bool) throws -> Outcome {
        let before = try net.snapshot()
        FusedPasses.areOff = plain
        try net.zeroGradients()
        let logits = try net.forward(x, training: training)
        try Loss.crossEntropy(logits, y).backward()
        let result = Outcome(logits: try logits.detach().clone(), gradients: try net.gradients.clone(), statistics: try net.statistics.clone(), counters: try net.counters.to(.float64).doubles())
        try net.restore(before)
        return result
    }

    /// Relative norm of the difference.
    private func distance(_ a: Tensor, _ b: Tensor) throws -> Double { try a.sub(b).square().sum().item().squareRoot() / max(1e-12, try b.square().sum().item().squareRoot()) }

    /// Shapes that meet every way through the kernels: channels that are and are not multiples of 8 and 16, odd sizes, with and without a pool, a stem of stride 2, one sample.
    func testAgreesWithLibtorch() throws {
        let cases: [(channels: Int, image: [Int], pool: Bool, style: ResNet18.Style, batch: Int)] = [
            (20, [3, 32, 32], true, .reduced, 10), (20, [3, 32, 32], true, .reduced, 17), (20, [3, 16, 16], false, .reduced, 9), (8, [1, 28, 28], true, .reduced, 5),
            (4, [3, 13, 21], true, .reduced, 3), (3, [2, 9, 7], false, .reduced, 4), (16, [3, 24, 20], false, .imagenet, 2), (20, [3, 84, 84], true, .imagenet, 2),
            (5, [3, 32, 32], true, .reduced, 1),
        ]
        let stream = RandomStream(seed: 7)
        for (number, each) in cases.enumerated() {
            for training in [true, false] {
                let net = try ResNet18(outputs: 7, channels: each.channels, imageShape: each.image, maxPool: each.pool, style: each.style, random: stream)
                // Batch norms that do something, scales below zero among them.
                var state = Dictionary(uniqueKeysWithValues: try net.stateDict())
                for entry in net.entries where entry.shape.count == 1 && entry.storage != .counter && !entry.name.hasSuffix("running_var") {
                    state[entry.name] = try state[entry.name]!.add(try Tensor.from(stream.normal(entry.count), shape: entry.shape).to(.float32).mul(0.7))
                }
                try net.load(state)
                let x = try Tensor.from(stream.normal(each.batch * net.inputSize).map { $0 + 3 }, shape: [each.batch, net.inputSize]).to(.float32)
                let y = try Tensor.from((0..<each.batch).map { $0 % 7 })
                let plain = try outcome(net, x, y, training: training, plain: true)
                let fused = try outcome(net, x, y, training: training, plain: false)
                let name = "case \(number), training \(training)"
                XCTAssertLessThan(try distance(fused.logits, plain.logits), 2e-5, name)
                XCTAssertLessThan(try distance(fused.statistics, plain.statistics), 1e-5, name)
                // Where a ReLU or a pool is at the edge, rounding decides: a few values of a small network may then differ by more.
                XCTAssertLessThan(try distance(fused.gradients, plain.gradients), 2e-2, name)
                let apart = try fused.gradients.sub(plain.gradients).abs()
                XCTAssertLessThan(try apart.gt(try plain.gradients.abs().mul(1e-2).add(plain.gradients.abs().max().mul(1e-3))).to(.float64).mean().item(), 0.02, name)
                XCTAssertEqual(fused.counters, plain.counters, name)
            }
        }
    }

    /// A network that has diverged must not look sound: one weight or one pixel that is nan makes the logits nan, and the gradients.
    func testWhatIsNoNumberStaysSo() throws {
        let stream = RandomStream(seed: 8)
        for pool in [true, false] {
            for place in ["conv1.weight", "layer2.0.shortcut.0.weight", "layer3.1.bn2.bias", "pixel"] {
                let net = try ResNet18(outputs: 7, channels: 8, imageShape: [3, 16, 16], maxPool: pool, style: .reduced, random: stream)
                let x = try Tensor.from(stream.normal(4 * net.inputSize), shape: [4, net.inputSize]).to(.float32)
                let y = try Tensor.from((0..<4).map { $0 })
                var state = Dictionary(uniqueKeysWithValues: try net.stateDict())
                let spoilt = try (place == "pixel" ? x : state[place]!).flatten(0).narrow(0, 0, 1)
                try withoutGradients { try spoilt.copyInPlace(from: try Tensor.from([Double.nan]).to(.float32)) }
                if place != "pixel" { state[place] = try state[place]!.contiguous() }
                try net.load(state)
                for plain in [false, true] {
                    let result = try outcome(net, x, y, training: true, plain: plain)
                    XCTAssertTrue(try result.logits.doubles().contains { $0.isNaN }, "\(place), pool \(pool), plain \(plain)")
                    XCTAssertTrue(try result.gradients.doubles().contains { $0.isNaN }, "\(place), pool \(pool), plain \(plain)")
                    if place == "conv1.weight" { XCTAssertTrue(try result.statistics.doubles().contains { $0.isNaN }, "pool \(pool), plain \(plain)") }
                }
            }
        }
    }

    /// Two threads and one give the same bits, and the gradients add up.
    func testThreadsChangeNothing() throws {
        let stream = RandomStream(seed: 8)
        let net = try ResNet18(outputs: 5, random: stream)
        let x = try Tensor.from(stream.normal(13 * net.inputSize), shape: [13, net.inputSize]).to(.float32)
        let y = try Tensor.from((0..<13).map { $0 % 5 })
        let one = try outcome(net, x, y, training: true, plain: false)
        for count in [2, 3] {
            try Threads.set(count)
            let several = try outcome(net, x, y, training: true, plain: false)
            XCTAssertEqual(try several.logits.sub(one.logits).abs().max().item(), 0)
            XCTAssertEqual(try several.gradients.sub(one.gradients).abs().max().item(), 0)
            XCTAssertEqual(try several.statistics.sub(one.statistics).abs().max().item(), 0)
        }
    }

    /// A gradient of a gradient goes through libtorch's operations.
    func testSecondOrder() throws {
        let stream = RandomStream(seed: 9)
        let net = try ResNet18(outputs: 3, channels: 4, imageShape: [1, 8, 8], random: stream)
        let x = try Tensor.from(stream.normal(6 * net.inputSize), shape: [6, net.inputSize]).to(.float32)
        let y = try Tensor.from([0, 1, 2, 0, 1, 2])
        func curvature(plain: Bool) throws -> Tensor {
            FusedPasses.areOff = plain
            let loss = try Loss.crossEntropy(try net.forward(x, training: true), y)
            let first = try net.flat(try loss.gradients(with: net.parameters, createGraph: true))
            return try net.flat(try first.square().sum().gradients(with: net.parameters))
        }
        XCTAssertLessThan(try distance(try curvature(plain: false), try curvature(plain: true)), 2e-3)
    }
}
