@testable import Engine
import XCTest

final class InitializationTests: XCTestCase {
    private func random(_ seed: UInt64 = 7) -> RandomStream { RandomStreams(seed: seed).stream("init") }

    /// A network starts by its own scheme: drawn again from the same numbers it has the same bits, whatever it was before.
    func testANetworksOwnSchemeIsItsStart() throws {
        let mlp = try MLP(widths: [20, 9, 4], random: random())
        let again = try MLP(widths: [20, 9, 4], random: random(8))
        try again.initialize(.xavier, random())
        XCTAssertEqual(try again.weights.doubles(), try mlp.weights.doubles())

        let net = try ResNet18(outputs: 5, channels: 3, imageShape: [3, 8, 8], random: random())
        let trained = try ResNet18(outputs: 5, channels: 3, imageShape: [3, 8, 8], random: random(8))
        let x = try Tensor.from(random(9).uniform(4 * 192, from: 0, to: 1), shape: [4, 192]).to(.float32)
        try Loss.crossEntropy(try trained.forward(x, training: true), try Tensor.from([0, 1, 2, 3], shape: [4]).to(.int64)).backward()
        try trained.descend(learningRate: 0.1)
        XCTAssertNotEqual(try trained.statistics.doubles(), try net.statistics.doubles())
        try trained.initialize(.pytorch, random())
        XCTAssertEqual(try trained.weights.doubles(), try net.weights.doubles())
        XCTAssertEqual(try trained.statistics.doubles(), try net.statistics.doubles())
        XCTAssertEqual(try trained.counters.doubles(), try net.counters.doubles())
        XCTAssertEqual(try trained.gradients.abs().max().item(), 0)
    }

    /// Bounds, deviations and biases of each scheme.
    func testSchemes() throws {
        let net = try MLP(widths: [300, 200, 10], random: nil)
        func first(_ scheme: Initialization) throws -> (weights: [Double], biases: [Double]) {
            try net.initialize(scheme, random())
            return (try net.view("net.0.weight").detach().doubles(), try net.view("net.0.bias").detach().doubles())
        }
        func deviation(_ values: [Double]) -> Double { (values.map { $0 * $0 }.reduce(0, +) / Double(values.count)).squareRoot() }
        let xavier = try first(.xavier), bound = (6 / 500.0).squareRoot()
        XCTAssertLessThanOrEqual(xavier.weights.map(abs).max()!, bound * 1.000001)
        XCTAssertEqual(deviation(xavier.weights), bound / 3.0.squareRoot(), accuracy: 0.001)
        XCTAssertEqual(xavier.biases, Array(repeating: 0, count: 200))
        let pytorch = try first(.pytorch), own = 1 / 300.0.squareRoot()
        XCTAssertLessThanOrEqual(pytorch.weights.map(abs).max()!, own * 1.000001)
        XCTAssertEqual(deviation(pytorch.weights), own / 3.0.squareRoot(), accuracy: 0.001)
        XCTAssertEqual(deviation(pytorch.biases), own / 3.0.squareRoot(), accuracy: 0.004)
        let kaiming = try first(.kaiming)
        XCTAssertEqual(deviation(kaiming.weights), 0.1, accuracy: 0.001)
        XCTAssertGreaterThan(kaiming.weights.map(abs).max()!, 0.3)
        let truncated = try first(.truncatedNormal)
        XCTAssertLessThanOrEqual(truncated.weights.map(abs).max()!, 0.2000001)
        // A standard normal cut at two has the deviation 0.8796.
        XCTAssertEqual(deviation(truncated.weights), 0.08796, accuracy: 0.0005)
        XCTAssertEqual(truncated.biases, Array(repeating: Double(Float(0.1)), count: 200))
    }

    func testANetworkWithAControllerKeepsItsOwn() throws {
        let net = try FiLMMLP(widths: [6, 5, 3], tasks: 2, random: random())
        let before = try net.weights.doubles()
        XCTAssertThrowsError(try net.initialize(.xavier, random())) { XCTAssertTrue("\($0)".contains("give it to film"), "\($0)") }
        XCTAssertEqual(try net.weights.doubles(), before)
    }
}
