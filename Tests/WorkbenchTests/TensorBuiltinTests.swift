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

    /// A vector [P] is one of the same network in any precision, and comes apart into tensors of PyTorch's names and shapes.
    func testVectorsByName() {
        for net in ["mlp(48, 10)", "mlp(48, 8, 10)", "mlp(48, 16, 20, 10)", "resnet18(10, channels=4, image=(3, 4, 4))", "film(mlp(48, 16, 10), tasks=2)"] {
            XCTAssertEqual(run("""
                let net = \(net)
                let wide = net.double()
                let (x, y) = (stack([tensor([(i * k) % 7 / 7.0 - 0.4 for i in 0..48]) for k in 1..6]), tensor([0, 1, 2, 3, 4]))
                def loss(n) { return if n.takes_tasks then cross_entropy(n(x, 1), y) else cross_entropy(n(x), y) }
                print (net.weights.vector.double() - wide.weights.vector).abs().max().item(), (grad(loss(net), net).double() - grad(loss(wide), wide)).norm().item() < 0.0001
                let parts = net.named(net.weights.vector)
                print all([(parts[name] - net.state[name]).abs().max().item() == 0 for name in parts.keys()]), (net.flat(parts) - net.weights.vector).abs().max().item()
                net.zero_grad()
                loss(net).backward()
                let first = net.named(net.gradients)
                let stepped = {}
                for name in parts.keys() { stepped[name] = net.state[name] - 0.1 * first[name] }
                net.step(0.1)
                print (net.flat(stepped) - net.weights.vector).abs().max().item() < 0.000001
                """), ["0.0 true", "true 0.0", "true"], net)
        }
        XCTAssertEqual(run("let net = mlp(4, 2)\nnet.named(zeros(3))").last?.contains("must be a vector of 10 numbers"), true)
        XCTAssertEqual(run("let net = mlp(4, 2)\nnet.flat({\"net.0.weight\": zeros(2, 4)})").last?.contains("'net.0.bias' is missing"), true)
        XCTAssertEqual(run("let net = mlp(4, 2)\nnet.flat({\"net.0.weight\": zeros(4, 2), \"net.0.bias\": zeros(2)})").last?.contains("'net.0.weight' is [4, 2] instead of [2, 4]"), true)
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
