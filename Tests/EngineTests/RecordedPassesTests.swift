import Engine
import TestSupport
import XCTest

/// Recorded passes give the very bits of libtorch's own operations. On the CPU a replay does the operations again, on the same tensors as a GPU's graph would.
final class RecordedPassesTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    private func with<T>(recording: Bool, _ body: () throws -> T) rethrows -> T {
        (FusedPasses.areOff, FusedPasses.areRecorded) = (!recording, recording)
        defer { (FusedPasses.areOff, FusedPasses.areRecorded) = (false, false) }
        return try body()
    }

    private static let side = 8

    private func networks() throws -> [Network] {
        let random = RandomStream(seed: 7)
        let pixels = Self.side * Self.side
        let shape = [1, Self.side, Self.side]
        return [
            try MLP(widths: [pixels, 24, 20, 10], random: random),
            try MLP(widths: [pixels, 10], random: random, dtype: .float64),
            try ResNet18(outputs: 10, channels: 4, imageShape: shape, maxPool: false, random: random),
            try FiLMMLP(widths: [pixels, 24, 20, 10], tasks: 3, embedding: 5, random: random),
            try FiLMResNet18(outputs: 10, channels: 3, imageShape: shape, maxPool: false, tasks: 3, embedding: 5, random: random),
        ]
    }

    private func samples(_ count: Int, _ net: Network, seed: UInt64) throws -> (x: Tensor, y: Tensor, tasks: [Int]) {
        let random = RandomStream(seed: seed)
        let x = try Tensor.from(random.uniform(count * net.inputSize, from: 0, to: 1), shape: [count, net.inputSize]).to(net.dtype)
        return (x, try Tensor.from((0..<count).map { _ in random.nextInt(below: net.outputs) }), (0..<count).map { _ in random.nextInt(below: 3) })
    }

    /// - Parameter tolerance: of the norm; 0 for the same bits.
    private func assertSame(_ one: Tensor, _ other: Tensor, _ tolerance: Double, _ what: String) throws {
        guard tolerance > 0 else { return XCTAssertTrue(try one.equalsBitwise(other), what) }
        XCTAssertEqual(one.shape, other.shape, what)
        XCTAssertLessThanOrEqual(try one.to(.float64).sub(try other.to(.float64)).norm().item(), tolerance * (try one.to(.float64).norm().item()), what)
    }

    /// Does the same with a network by libtorch's operations and with its copy recorded; what the body returns must be the same, and all that the network holds.
    /// - Parameter body: is given a network and the number of the round.
    private func compare(rounds: Int = 8, tolerance: Double = 0, _ what: String, _ body: (Network, Int) throws -> [Tensor]) throws {
        for plain in try networks() {
            let recorded = try plain.copy()
            for round in 0..<rounds {
                let wanted = try with(recording: false) { try body(plain, round) }
                let found = try with(recording: true) { try body(recorded, round) }
                XCTAssertEqual(wanted.count, found.count)
                let place = "\(what), round \(round), \(plain.description)"
                for (one, other) in zip(wanted, found) { try assertSame(one, other, tolerance, "\(place): \(one.summary)") }
                try assertSame(plain.weights, recorded.weights, 0, "\(place): weights")
                try assertSame(plain.gradients, recorded.gradients, tolerance, "\(place): gradients")
                try assertSame(plain.statistics, recorded.statistics, 0, "\(place): statistics")
                try assertSame(plain.counters, recorded.counters, 0, "\(place): counters")
            }
            XCTAssertGreaterThan(recorded.recordedPassCounts.replayed, 0, "\(what): \(plain.description)")
            XCTAssertEqual(plain.recordedPassCounts.replayed, 0)
        }
    }

    private func step(_ net: Network, _ loss: Tensor, zero: Bool = true) throws -> Tensor {
        if zero { try net.zeroGradients() }
        try loss.backward()
        try net.descend(learningRate: 0.05)
        return try loss.detach()
    }

    func testTraining() throws {
        try compare("training") { net, round in
            let (x, y, tasks) = try samples(10, net, seed: UInt64(round))
            let logits = try net.forward(x, tasks: tasks, training: true)
            return [try step(net, try Loss.crossEntropy(logits, y)), try logits.detach()]
        }
    }

    /// What is recorded is a shape: here the first passes of each are plain, then come one recording each, and replays.
    func testCounts() throws {
        let net = try networks()[0]
        try with(recording: true) {
            for count in [10, 10, 10, 7, 10, 7, 7, 10] {
                let (x, y, _) = try samples(count, net, seed: 1)
                _ = try step(net, try Loss.crossEntropy(try net.forward(x, training: true), y))
            }
        }
        XCTAssertEqual(net.recordedPassCounts.recorded, 2)
        XCTAssertEqual(net.recordedPassCounts.replayed, 4)
    }

    /// Other sizes, evaluation between, weights from elsewhere: restored, interpolated, loaded.
    func testShapesModesAndWeightsChange() throws {
        let other = try networks().map { try $0.stateDict() }
        var kinds: [String: Int] = [:]
        for (index, net) in try networks().enumerated() { kinds[net.description] = index }
        var befores: [ObjectIdentifier: WeightsSnapshot] = [:]
        try compare(rounds: 24, "changes") { net, round in
            let (x, y, tasks) = try samples(round % 3 == 0 ? 4 : 10, net, seed: UInt64(100 + round))
            var results: [Tensor] = []
            if round % 4 == 1 { results.append(try withoutGradients { try net.forward(x, tasks: tasks, training: false) }) }
            if round % 4 == 2 { results.append(try withoutGradients { try net.forward(x, tasks: tasks, training: true) }) }
            if round % 6 == 0 { befores[ObjectIdentifier(net)] = try net.snapshot() }
            results.append(try step(net, try Loss.crossEntropy(try net.forward(x, tasks: tasks, training: round % 5 != 4), y)))
            if round % 6 == 3 { try net.interpolate(from: befores[ObjectIdentifier(net)]!, fraction: 0.3) }
            if round == 13 { try net.load(Dictionary(uniqueKeysWithValues: other[kinds[net.description]!])) }
            if round == 17 { try net.restore(befores[ObjectIdentifier(net)]!) }
            return results
        }
    }

    /// Several passes of one shape before a backward pass, more than are recorded; the first must not lose its activations to the others.
    /// With more than two, some of them recorded, gradients are summed up in another order.
    func testPassesThatWait() throws {
        for passes in [2, 3, 6] {
            try compare(tolerance: passes == 2 ? 0 : 1e-5, "\(passes) passes that wait") { net, round in
                let parts = try (0..<passes).map { part -> Tensor in
                    let (x, y, tasks) = try samples(10, net, seed: UInt64(1000 * passes + 10 * round + part))
                    let logits = try net.forward(x, tasks: tasks, training: true)
                    let targets = try Tensor.full([10, net.outputs], 1 / Double(net.outputs), dtype: net.dtype)
                    return try Loss.crossEntropy(logits, y).add(try Loss.kl(logits, targets: targets, temperature: 2))
                }
                let loss = try parts.dropFirst().reduce(parts[0]) { try $0.add($1) }
                if passes == 2 { return [try step(net, loss)] }
                try net.zeroGradients()
                try loss.backward()
                return [try loss.detach()]
            }
        }
    }

    /// A pass whose result is thrown away is free again.
    func testPassesThatAreDropped() throws {
        let net = try networks()[2]
        try with(recording: true) {
            for round in 0..<20 {
                let (x, _, _) = try samples(10, net, seed: UInt64(round))
                _ = try net.forward(x, training: true)
            }
        }
        XCTAssertEqual(net.recordedPassCounts.recorded, 1)
        XCTAssertEqual(net.recordedPassCounts.replayed, 18)
    }

    /// Gradients that are kept, asked for by name, and asked for again.
    func testGradientsAsValues() throws {
        try compare("gradients as values") { net, round in
            let (x, y, tasks) = try samples(6, net, seed: UInt64(round))
            let loss = try Loss.crossEntropy(try net.forward(x, tasks: tasks, training: true), y)
            let all = try loss.gradients(with: net.parameters, retainGraph: true)
            let some = try loss.gradients(with: [net.parameters[1]], retainGraph: true)
            try net.zeroGradients()
            try loss.backward(retainGraph: true)
            let once = try net.gradients.clone()
            try loss.backward()
            XCTAssertThrowsError(try loss.backward())
            return all + some + [once]
        }
    }

    /// Second order: along libtorch's own operations, summed up in another order; batch norms' statistics have moved once.
    func testGradientsOfGradients() throws {
        try compare(tolerance: 1e-4, "second order") { net, round in
            let (x, y, tasks) = try samples(6, net, seed: UInt64(round))
            let loss = try Loss.crossEntropy(try net.forward(x, tasks: tasks, training: true), y)
            let first = try net.flat(try loss.gradients(with: net.parameters, createGraph: true))
            return try [first.detach(), net.flat(first.square().sum().gradients(with: net.parameters))]
        }
    }

    func testWeightsThatChangeBeforeTheBackwardPassAreAnError() throws {
        for recording in [false, true] {
            let net = try networks()[0]
            try with(recording: recording) {
                for _ in 0..<3 {
                    let (x, y, _) = try samples(10, net, seed: 1)
                    let loss = try Loss.crossEntropy(try net.forward(x, training: true), y)
                    try net.weights.detach().mulInPlace(0.5)
                    XCTAssertThrowsError(try loss.backward())
                }
            }
        }
    }

    /// Also for a gradient of a gradient, which goes back to the network.
    func testAHistoryKeepsItsNetwork() throws {
        var wanted: [Tensor] = []
        for recording in [false, true] {
            try with(recording: recording) {
                var net: Network? = try networks()[3]
                let parameters = net!.parameters
                let (x, y, tasks) = try samples(10, net!, seed: 1)
                for _ in 0..<3 { try Loss.crossEntropy(try net!.forward(x, tasks: tasks, training: true), y).backward() }
                var loss: Tensor? = try Loss.crossEntropy(try net!.forward(x, tasks: tasks, training: true), y)
                net = nil
                let first = try loss!.gradients(with: [parameters[0]], createGraph: true)[0]
                let second = try first.square().sum().gradients(with: [parameters[0]])[0]
                if !recording { wanted = [try first.detach(), second] } else {
                    XCTAssertTrue(try first.detach().equalsBitwise(wanted[0]))
                    XCTAssertTrue(try second.equalsBitwise(wanted[1]))
                }
                loss = nil
            }
        }
    }

    func testNothingIsLeftBehind() throws {
        try with(recording: true) {
            weak var gone: Network?
            let before = Torch.liveHandles
            try {
                let net = try networks()[2]
                gone = net
                for round in 0..<6 {
                    let (x, y, _) = try samples(10, net, seed: UInt64(round))
                    _ = try step(net, try Loss.crossEntropy(try net.forward(x, training: true), y))
                }
            }()
            XCTAssertNil(gone)
            XCTAssertEqual(Torch.liveHandles, before)
        }
    }

    /// Samples that need a gradient, and none at all, take libtorch's operations.
    func testSamplesThatAreNotRecorded() throws {
        let net = try networks()[0]
        try with(recording: true) {
            for _ in 0..<5 {
                let (x, y, _) = try samples(10, net, seed: 1)
                try x.setRequiresGrad(true)
                try Loss.crossEntropy(try net.forward(x, training: true), y).backward()
                XCTAssertGreaterThan(try XCTUnwrap(x.grad).norm().item(), 0)
                XCTAssertEqual(try net.forward(try Tensor.zeros([0, net.inputSize]), training: true).shape, [0, 10])
            }
        }
        XCTAssertEqual(net.recordedPassCounts.recorded, 0)
    }

    func testAFailureInTheNetworkIsToldAsEver() throws {
        let net = try networks()[3]
        try with(recording: true) {
            let (x, _, _) = try samples(10, net, seed: 1)
            XCTAssertThrowsError(try net.forward(x, tasks: [0], training: true)) { XCTAssertEqual("\($0)", "10 samples come with 1 tasks") }
            XCTAssertThrowsError(try net.forward(x, tasks: Array(repeating: 3, count: 10), training: true)) { XCTAssertEqual("\($0)", "the network has the tasks 0 to 2, not 3") }
            XCTAssertThrowsError(try net.forward(x, training: true))
        }
    }
}
