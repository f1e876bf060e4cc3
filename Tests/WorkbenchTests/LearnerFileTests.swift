import BCLScript
import Interpreter
import Workbench
import XCTest

/// A learner that is saved after a task and loaded into a new session goes on to the same bits.
final class LearnerFileTests: XCTestCase {
    private var file = ""

    override func setUp() { file = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-learner-\(UUID().uuidString)").path }
    override func tearDown() { try? FileManager.default.removeItem(atPath: file) }

    private func run(_ program: String) -> [String] { Project.run(program) }

    private func start(_ make: String, seed: Int, network: String = "mlp(64, 12, 10)", tasks: Int = 3) -> String {
        """
        import "\(Project.root.path)/examples/my_method.bcl"
        seed \(seed)
        let bench = permuted(digits(), tasks=\(tasks), per_task=60, seed=1)
        let net = \(network)
        let me = \(make)

        """
    }
    private let end = """
        train me on bench[1]
        evaluate me on bench
        print me.net.weights.vector.double().sum().item(), me.net.gradients.double().sum().item(), me.losses, me.accuracy, me
        """

    func testEveryMethodGoesOnToTheSameBits() {
        let methods = Project.library.files.keys.sorted().map { "\($0)(net, bench)" } + ["bcl_mixed(net, bench)", "bcl_dual(net, bench, variant=\"fixed\")"]
        for make in methods {
            let first = "train me on bench[0]\nevaluate me on bench\n"
            let straight = run(start(make, seed: 4) + first + end)
            XCTAssertEqual(straight.count, 3, "\(make): \(straight)")
            XCTAssertEqual(run(start(make, seed: 4) + first + "save me to \"\(file)\"").count, 1, make)
            let resumed = run(start(make, seed: 5) + "load me from \"\(file)\"\n" + end)
            XCTAssertEqual(resumed, Array(straight.dropFirst()), make)
        }
    }

    func testResNetKeepsItsStatistics() {
        let network = "resnet18(10, channels=2, image=(1, 8, 8), pool=false)"
        let first = "train me on bench[0]\n"
        let straight = run(start("bcl_dual(net, bench, memory=16, replay=8)", seed: 4, network: network) + first + end)
        _ = run(start("bcl_dual(net, bench, memory=16, replay=8)", seed: 4, network: network) + first + "save me to \"\(file)\"")
        XCTAssertEqual(run(start("bcl_dual(net, bench, memory=16, replay=8)", seed: 5, network: network) + "load me from \"\(file)\"\n" + end), straight)
    }

    func testWhatDoesNotFitIsRefusedAndChangesNothing() {
        _ = run(start("er(net, bench)", seed: 4) + "train me on bench[0]\nsave me to \"\(file)\"")
        let fingerprint = "print net.weights.vector.double().sum().item(), len(me.replay)\n"
        func refused(_ beginning: String) -> String {
            let before = run(beginning + fingerprint)
            let lines = run(beginning + "load me from \"\(file)\"")
            // The message ends the program; what was loaded by then is looked at in the same session.
            let (session, _) = Workbench.makeSession(library: Project.library)
            let sink = CollectingSink()
            _ = session.execute(SourceFile(name: "t", text: beginning + "load me from \"\(file)\""), sink: sink)
            _ = session.execute(SourceFile(name: "t", text: fingerprint), sink: sink)
            XCTAssertEqual(sink.lines, before)
            return lines.last ?? ""
        }
        XCTAssertTrue(refused(start("er(net, bench)", seed: 1, tasks: 4)).contains("'bench' was <permuted digits: 3 tasks"))
        XCTAssertTrue(refused(start("er(net, bench)", seed: 1, network: "mlp(64, 13, 10)")).contains("'net' was mlp 64-12-10, but is mlp 64-13-10"))
        XCTAssertTrue(refused(start("er(net, bench, memory=64)", seed: 1)).contains("the memory has"))
        XCTAssertTrue(refused(start("bcl_single(net, bench)", seed: 1)).contains("holds a learner of er"))
        let whole = FileManager.default.contents(atPath: file)!
        FileManager.default.createFile(atPath: file, contents: whole.dropLast(100))
        XCTAssertTrue(refused(start("er(net, bench)", seed: 1)).hasPrefix("BCL0062"))
        FileManager.default.createFile(atPath: file, contents: replacing("filled", "spille", in: whole))
        XCTAssertTrue(refused(start("er(net, bench)", seed: 1)).hasPrefix("BCL0062"))
        FileManager.default.createFile(atPath: file, contents: replacing("\"version\":\"2\"", "\"version\":\"9\"", in: whole))
        XCTAssertTrue(refused(start("er(net, bench)", seed: 1)).contains("newer bclsh"))
    }

    /// The bytes with one text, which must be there, replaced by another of the same length.
    private func replacing(_ old: String, _ new: String, in data: Data) -> Data {
        var data = data
        guard let range = data.range(of: Data(old.utf8)), old.utf8.count == new.utf8.count else {
            XCTFail("there is no \(old)")
            return data
        }
        data.replaceSubrange(range, with: Data(new.utf8))
        return data
    }
}
