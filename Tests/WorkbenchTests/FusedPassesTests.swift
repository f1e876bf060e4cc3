import BCLScript
import Engine
import Interpreter
import Workbench
import TestSupport
import XCTest

/// Whatever is fused gives the losses and predictions of libtorch's own operations (`--plain`), for each method of the standard library.
final class FusedPassesTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    /// Losses of all minibatches, and accuracies at the end.
    private func numbers(_ program: String, plain: Bool) -> [Double] {
        FusedPasses.areOff = plain
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        guard case .finished = session.execute(SourceFile(name: "t", text: program), sink: sink) else {
            XCTFail("\(program) failed")
            return []
        }
        return sink.lines.joined(separator: " ").split(whereSeparator: { " [],".contains($0) }).compactMap { Double($0) }
    }

    private func compare(_ program: String, tolerance: Double, _ name: String) {
        let (fused, plain) = (numbers(program, plain: false), numbers(program, plain: true))
        XCTAssertEqual(fused.count, plain.count, name)
        XCTAssertGreaterThan(plain.count, 4, name)
        for (index, (one, other)) in zip(fused, plain).enumerated() {
            XCTAssertLessThanOrEqual(abs(one - other), tolerance * max(1, abs(other)), "\(name), number \(index)")
        }
    }

    private func rate(_ method: String, _ value: String) -> String { method == "la_maml" ? "rate=\(value)" : "lr=\(value)" }

    func testEveryMethodWithAnMLP() {
        for method in Project.library.files.keys.sorted() {
            for bench in ["permuted(digits(), tasks=3, per_task=40, seed=1)", "split(digits(), tasks=5, per_task=40)"] {
                compare("""
                    seed 5
                    let bench = \(bench)
                    let me = \(method)(mlp(64, 32, 24, 10), bench, \(rate(method, "0.02")))
                    train me on bench.tasks[:3]
                    print me.losses
                    """, tolerance: 1e-4, "\(method) on \(bench)")
            }
        }
    }

    /// Few and small steps: training a ResNet amplifies rounding. `mir` chooses the samples that an update would hurt most: there rounding chooses others.
    func testEveryMethodWithAResNet() {
        for method in Project.library.files.keys.sorted() where method != "mir" {
            compare("""
                seed 5
                let bench = split(digits(), tasks=5, per_task=30)
                let me = \(method)(resnet18(10, channels=4, image=(1, 8, 8), pool=false), bench, \(rate(method, "0.00001")))
                train me on bench.tasks[:2]
                print me.losses
                """, tolerance: 5e-3, "\(method)")
        }
    }

    /// The fused passes were taken at all: to the last bit they differ.
    func testTheyAreNotTheSame() {
        for net in ["mlp(64, 32, 24, 10)", "resnet18(10, channels=4, image=(1, 8, 8))"] {
            let program = "seed 1\nlet bench = permuted(digits(), tasks=2, per_task=60)\nlet net = \(net)\nlet me = single(net, bench)\ntrain me on bench.tasks[0]\nprint net.weights.vector.list()"
            XCTAssertNotEqual(numbers(program, plain: false), numbers(program, plain: true), net)
        }
    }
}
