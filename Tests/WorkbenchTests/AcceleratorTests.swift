import BCLScript
import Engine
import Interpreter
import TestSupport
import XCTest

@testable import Workbench

/// What a GPU would meet, as far as it can be told without one: methods with recorded passes, on the device "meta", and how often they read a number.
final class AcceleratorTests: XCTestCase {
    override func setUpWithError() throws { try beginWithOneThread() }

    private var methods: [String] { Project.library.files.keys.sorted() }

    private func make(_ method: String, _ net: String) -> String { "\(method)(\(net), bench\(method == "la_maml" ? ", glances=2" : ""))" }

    // MARK: - Recorded passes

    /// The same losses and weights, to the bit, as by libtorch's operations. bcl_dual adds the gradients of a minibatch up in another order.
    func testEveryMethodWithRecordedPasses() {
        for net in ["mlp(64, 16, 10)", "resnet18(10, channels=2, image=(1, 8, 8), pool=false)", "film(mlp(64, 16, 10), tasks=3)"] {
            for method in methods where !net.contains("resnet") || ["er", "bcl_dual", "bcl_single", "icarl", "la_maml"].contains(method) {
                let program = """
                    seed 3
                    let bench = permuted(digits(), tasks=3, per_task=40, seed=1)
                    let net = \(net)
                    let me = \(make(method, "net"))
                    train me on bench.tasks[:2]
                    print me.losses
                    print me.net.weights.vector.double().sum().item(), me.net.weights.vector.double().square().sum().item()
                    """
                func numbers(recording: Bool) -> [String] {
                    (FusedPasses.areOff, FusedPasses.areRecorded) = (!recording, recording)
                    defer { (FusedPasses.areOff, FusedPasses.areRecorded) = (false, false) }
                    return Project.run(program)
                }
                let (plain, recorded) = (numbers(recording: false), numbers(recording: true))
                guard method == "bcl_dual" else {
                    XCTAssertEqual(plain, recorded, "\(method) with \(net)")
                    continue
                }
                func values(_ lines: [String]) -> [Double] { lines.joined(separator: " ").split(whereSeparator: { " [],".contains($0) }).compactMap { Double($0) } }
                XCTAssertEqual(values(plain).count, values(recorded).count)
                for (one, other) in zip(values(plain), values(recorded)) { XCTAssertEqual(one, other, accuracy: net.contains("resnet") ? 0.1 : 1e-3, "\(method) with \(net)") }
            }
        }
    }

    // MARK: - Devices and reads

    /// On "meta" reading a number is an error, and so is mixing devices: these methods do neither in their updates or at the ends of tasks.
    func testMethodsThatNeedNotBeWaitedFor() {
        // gem solves a quadratic program on the CPU, mir chooses samples by their losses, icarl chooses exemplars at the end of a task.
        let looking = ["gem", "icarl", "mir"]
        for method in methods {
            for bench in ["permuted(digits(), tasks=3, per_task=40, seed=1)", "split(digits(), tasks=5, per_task=40)"] {
                let lines = Project.run("""
                    device "meta"
                    let bench = \(bench)
                    let me = \(make(method, "mlp(64, 16, 10)"))
                    train me on bench.tasks[:3]
                    print me.minibatches
                    """)
                if looking.contains(method) {
                    XCTAssertTrue(lines.last?.contains("on meta is asked for") ?? false || lines.last?.contains("Cannot copy out of meta") ?? false, "\(method) on \(bench): \(lines)")
                } else {
                    XCTAssertEqual(lines, ["12"], "\(method) on \(bench)")
                }
            }
        }
    }

    /// The detector finds what it should: numbers that are read, and tensors of the CPU among others.
    func testReadingAndMixingAreErrorsOnMeta() {
        let start = "let here = zeros(3)\nlet order = permutation(3)\ndevice \"meta\"\nlet there = zeros(3)\n"
        for line in ["there.sum().item()", "there.list()", "there[there > 0]", "if there.sum() { print 1 }", "there.max(0).int().one_hot(3)", "print there[0] == 1 and true"] {
            let lines = Project.run(start + line)
            XCTAssertTrue(lines.last?.hasPrefix("BCL") ?? false, "\(line): \(lines)")
        }
        for line in ["there + here", "here * there", "there.dot(here)", "here.maximum(there)", "zeros(3, 4)[:, 0] + here"] {
            let lines = Project.run(start + line)
            XCTAssertTrue(lines.last?.contains("device") ?? false, "\(line): \(lines)")
        }
        XCTAssertEqual(Project.run(start + "print (there * 2 + 1)[order].shape, there.max().shape"), ["[3] []"])
    }

    /// Numbers read in a minibatch of the second task: the loss that `observe` returns, and nothing else (offline's is a number anyway). la_maml checks its indices, which lie on the CPU.
    func testReadsInAMinibatch() {
        let reads = ["gem": 3, "mir": 2, "la_maml": 82]
        for method in methods {
            let (session, _) = Workbench.makeSession(library: Project.library)
            func run(_ program: String) {
                guard case .finished = session.execute(SourceFile(name: "t", text: program), sink: CollectingSink()) else { return XCTFail("\(method): \(program)") }
            }
            run("""
                let bench = permuted(digits(), tasks=2, per_task=60, seed=1)
                let me = \(make(method, "mlp(64, 16, 10)"))
                train me on bench[0]
                let batches = [bench[1].minibatch(10 * i) for i in 0..5]
                observe me on (batches[0][0], batches[0][1], 1)
                """)
            let before = Torch.hostReads
            run("for (x, y) in batches[1:2] { observe me on (x, y, 1) }")
            let found = Torch.hostReads - before
            if let most = reads[method] { XCTAssertLessThanOrEqual(found, most, method) } else { XCTAssertEqual(found, method == "offline" ? 0 : 1, method) }
        }
    }

    /// `train` reads no losses of its own, except to show one ten times a second.
    func testLossesAreReadWhenSomebodyLooks() throws {
        let losses = LossHistory([0.5])
        let before = Torch.hostReads
        for number in 0..<10 {
            try losses.append(try Tensor.scalar(Double(number)))
            losses.append(-1)
        }
        XCTAssertEqual(losses.count, 21)
        XCTAssertEqual(Torch.hostReads, before)
        XCTAssertEqual(losses.values, [0.5] + (0..<10).flatMap { [Double($0), -1] })
        XCTAssertEqual(Torch.hostReads, before + 1)
        XCTAssertEqual(losses.last, -1)
        XCTAssertEqual(Torch.hostReads, before + 1)
    }

    func testALossKeepsNoHistory() throws {
        let losses = LossHistory()
        let net = try MLP(widths: [4, 3], random: RandomStream(seed: 1))
        let handles = Torch.liveHandles
        try {
            let loss = try Loss.crossEntropy(try net.forward(try Tensor.ones([2, 4]), training: true), try Tensor.from([0, 1]))
            try losses.append(loss)
        }()
        XCTAssertEqual(Torch.liveHandles, handles + 1)
        XCTAssertEqual(losses.values.count, 1)
        XCTAssertEqual(Torch.liveHandles, handles)
    }

    func testTensorsAreMadeWhereTheSessionWorks() {
        XCTAssertEqual(Project.run("""
            device "meta"
            print zeros(2).device, ones(2, 2).device, tensor([1, 2]).device, permutation(3).device
            print mlp(4, 2)
            print zeros(3)[permutation(3)].shape
            device "cpu"
            print zeros(2).device
            """), ["meta meta meta cpu", "<mlp 4-2, 10 parameters, meta>", "[3]", "cpu"])
    }
}
