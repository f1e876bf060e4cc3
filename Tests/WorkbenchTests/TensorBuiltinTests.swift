import BCLScript
import Interpreter
import Workbench
import XCTest

final class TensorBuiltinTests: XCTestCase {
    private func run(_ program: String) -> [String] {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        if case .failed(let problem) = session.execute(SourceFile(name: "t", text: program), sink: sink) { return sink.lines + ["\(problem.code.name): \(problem.message)"] }
        return sink.lines
    }

    /// A number keeps the digits that its type has room for.
    func testElementTypes() {
        XCTAssertEqual(run("""
            print tensor([0.1], dtype="float64").item(), tensor([[0.1, 1], [2, 3]], dtype="float64").list()
            print tensor([0.1]).item(), tensor([0.1], dtype="float32").item(), tensor([0.1], dtype=none).dtype
            print tensor([9007199254740993]).item(), tensor([1, 2]).dtype, tensor([1, 2], dtype="float64").dtype, tensor([2.0], dtype="int64").item()
            tensor([1], dtype="double")
            """), [
            "0.1 [[0.1, 1.0], [2.0, 3.0]]", "0.10000000149011612 0.10000000149011612 float32", "9007199254740993 int64 float64 2",
            "BCL0058: 'dtype' of tensor must be one of float32, float64, int64, uint8, bool, not 'double'",
        ])
        XCTAssertEqual(run("tensor([1], dtype=5)"), ["BCL0050: 'dtype' of tensor must be a string, not an int"])
    }

    func testSecondDerivativesThroughANetwork() {
        XCTAssertEqual(run("""
            seed 1
            let net = mlp(4, 5, 3).double()
            let x = tensor([[0.1, 0.2, -0.3, 0.4], [0.5, 0.1, 0.3, -0.2]], dtype="float64")
            let y = tensor([0, 2])
            let d = permutation(net.parameters).double() / net.parameters - 0.5
            let product = grad(grad(cross_entropy(net(x), y), net, create_graph=true).dot(d), net)
            net.weights.add(d, scale=0.00001)
            let above = grad(cross_entropy(net(x), y), net)
            net.weights.add(d, scale=-0.00002)
            let wanted = (above - grad(cross_entropy(net(x), y), net)) / 0.00002
            print wanted.norm().item() > 0.01, (product - wanted).norm().item() < 0.000001, net.gradients.norm().item()
            """), ["true true 0.0"])
    }
}
