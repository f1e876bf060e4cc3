import Engine
import TestSupport
import XCTest

/// Operations on flat vectors that several threads share.
final class VectorTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    /// Lengths below and above what is shared; the latter don't divide evenly.
    private let lengths = [1_000, 65_536, 134_794]

    func testThreadsChangeNoBit() throws {
        for length in lengths {
            let stream = RandomStream(seed: 3)
            let (a, b) = (try Tensor.from(stream.normal(length)).to(.float32), try Tensor.from(stream.normal(length)).to(.float32))

            func results(_ count: Int) throws -> [[Double]] {
                try Threads.set(count)
                return try withoutGradients {
                    let (stepped, moved, cleared, combined) = (try a.clone(), try a.clone(), try a.clone(), try a.clone())
                    try stepped.addInPlace(b, alpha: -0.03)
                    try moved.interpolateInPlace(from: b, 0.3)
                    try cleared.zeroInPlace()
                    try combined.combineInPlace([b, stepped], [0.5, -2])
                    return try [stepped, moved, cleared, combined].map { try $0.doubles() } + [try a.inner([b, stepped, moved])]
                }
            }

            let one = try results(1)
            XCTAssertEqual(one[2], [Double](repeating: 0, count: length))
            for count in [2, 3] { XCTAssertEqual(try results(count), one, "\(length) numbers, \(count) threads") }
        }
    }

    /// With several threads too, weights that changed since a forward pass are an error in its backward pass, not wrong gradients.
    func testAChangeIsNoticed() throws {
        for count in [1, 2] {
            try Threads.set(count)
            let net = try MLP(widths: [784, 128, 10], random: RandomStream(seed: 1))
            let changes: [(String, () throws -> Void)] = [
                ("a step", { try net.descend(learningRate: 0.1) }), ("zeros", { try net.weights.zeroInPlace() }), ("a sum", { try net.weights.addInPlace(net.gradients) }),
                ("interpolation", { try net.weights.interpolateInPlace(from: net.gradients, 0.5) }),
            ]
            for (name, change) in changes {
                let loss = try Loss.crossEntropy(try net.forward(try Tensor.from([Double](repeating: 0.5, count: 784 * 4), shape: [4, 784]).to(.float32), training: true), try Tensor.from([0, 1, 2, 3]))
                try withoutGradients { try change() }
                XCTAssertThrowsError(try loss.backward(), "\(name), \(count) threads")
            }
        }
    }

    /// What was taken stays as it is, and the network's gradients begin at zero: of passes of our own, of libtorch's into views of the vector, and of a part of it.
    func testTakenGradientsAreNoLongerTheNetworks() throws {
        for dtype in [DType.float32, .float64] {
            for count in [1, 2] {
                try Threads.set(count)
                let net = try MLP(widths: [784, 128, 10], random: RandomStream(seed: 1), dtype: dtype)
                let x = try Tensor.from(RandomStream(seed: 2).normal(784 * 4), shape: [4, 784]).to(dtype)
                func backward(_ label: Int) throws { try Loss.crossEntropy(try net.forward(x, training: true), try Tensor.from([label, 1, 2, 3])).backward() }

                let part = try net.gradients.narrow(0, 784 * 128, 128)
                var wanted: [[Double]] = [], taken: [Tensor] = []
                for label in [4, 5] {
                    try net.zeroGradients()
                    try backward(label)
                    wanted.append(try net.gradients.doubles())
                }
                try net.zeroGradients()
                for label in [4, 5] {
                    try backward(label)
                    taken.append(try net.takeGradients())
                    XCTAssertEqual(try net.gradients.abs().max().item(), 0)
                }
                XCTAssertEqual(try taken.map { try $0.doubles() }, wanted, "\(dtype), \(count) threads")
                XCTAssertNotEqual(wanted[0], wanted[1])
                try backward(4)
                XCTAssertEqual(try part.doubles(), Array(wanted[0][784 * 128..<785 * 128]))
            }
        }
    }

    func testRowsAreThoseOfTheirIndices() throws {
        let table = try Tensor.from((0..<12).map(Double.init), shape: [4, 3]).to(.float32)
        XCTAssertEqual(try table.indexSelect(0, try Tensor.from([2, 0, 2])).doubles(), [6, 7, 8, 0, 1, 2, 6, 7, 8])
        XCTAssertEqual(try table.indexSelect(0, try Tensor.from([Int]())).shape, [0, 3])
        XCTAssertEqual(try Tensor.from([5, 6, 7]).indexSelect(0, try Tensor.from([1])).doubles(), [6])
        for wrong in [4, -1] { XCTAssertThrowsError(try table.indexSelect(0, try Tensor.from([0, wrong]))) { XCTAssert("\($0)".contains("index \(wrong) is out of range for 4 rows"), "\($0)") } }
        // Along another dimension, and with a gradient, it is libtorch's own.
        XCTAssertEqual(try table.indexSelect(1, try Tensor.from([2])).doubles(), [2, 5, 8, 11])
        let leaf = try table.clone()
        try leaf.setRequiresGrad(true)
        try leaf.indexSelect(0, try Tensor.from([1, 1])).sum().backward()
        XCTAssertEqual(try leaf.grad?.doubles(), [0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0])
    }
}
