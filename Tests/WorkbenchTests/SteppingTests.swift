import BCLScript
import Interpreter
import Workbench
import XCTest

/// Steps, the way back and files of stopped learners: whatever the way, training ends with the same bits.
final class SteppingTests: XCTestCase {
    private var file = ""

    override func setUp() { file = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-step-\(UUID().uuidString)").path }
    override func tearDown() { try? FileManager.default.removeItem(atPath: file) }

    /// One session at a prompt, cell by cell.
    private final class Prompt {
        let session: Session
        private var cells = 0

        init() {
            session = Workbench.makeSession(library: Project.library).session
            session.evaluator.isInteractive = true
        }

        /// What a cell prints, with the message of its error at the end.
        @discardableResult
        func callAsFunction(_ text: String) -> [String] {
            cells += 1
            let sink = CollectingSink()
            switch session.execute(SourceFile(name: "cell \(cells)", text: text), sink: sink, showsValues: true) {
            case .failed(let problem): return sink.lines + ["\(problem.code.name): \(problem.message)"]
            case .rejected(let problems): return sink.lines + problems.map { "\($0.code.name): \($0.message)" }
            case .finished, .interrupted: return sink.lines
            }
        }
    }

    private func start(_ make: String, network: String = "mlp(64, 8, 10)") -> String {
        """
        seed 3
        let bench = permuted(digits(), tasks=2, per_task=25, seed=1)
        let net = \(network)
        let me = \(make)
        """
    }
    private let bits = "print net.weights.vector.double().sum().item(), net.gradients.double().sum().item(), me.losses"

    private func straight(_ make: String, network: String = "mlp(64, 8, 10)") -> [String] {
        let prompt = Prompt()
        prompt(start(make, network: network))
        prompt("train me on bench")
        return prompt(bits)
    }

    /// Every method; la_maml with fewer of its many steps.
    private let makes = Project.library.files.keys.sorted().map { $0 == "la_maml" ? "la_maml(net, bench, glances=1, piece=5)" : "\($0)(net, bench)" }

    func testStepsOfEachSizeEndLikeTraining() {
        for make in makes {
            let expected = straight(make)
            for unit in ["batch", "task", "phase", "statement"] {
                let prompt = Prompt()
                prompt(start(make))
                var turns = 0
                while turns < 5000, !(prompt("step me \(unit)").last ?? "").contains("all its tasks") { turns += 1 }
                XCTAssertGreaterThan(turns, unit == "task" ? 0 : 3, "\(make) by \(unit)")
                XCTAssertEqual(prompt(bits), expected, "\(make) by \(unit)")
            }
        }
    }

    func testRandomWaysEndWithTheSameBits() {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64(ProcessInfo.processInfo.environment["BCL_TEST_SEED"] ?? "") ?? UInt64.random(in: 0...UInt64.max, using: &random)
        var state = seed
        func choose(_ count: Int) -> Int {
            state = state &* 6364136223846793005 &+ 1442695040888963407
            return Int((state >> 33) % UInt64(count))
        }
        let methods = ["bcl_dual(net, bench, memory=10, replay=8)", "er(net, bench, memory=10, replay=8)", "bcl_single(net, bench, memory=10, replay=8)", "der_pp(net, bench, memory=15, replay=6)"]
        let expected = methods.map { straight($0) }
        let moves = ["step me", "step me", "step phase", "step batch", "run me to \"outer\"", "back", "back", "back", "save", "load", "continue"]
        for sequence in 0..<1000 {
            let which = choose(methods.count)
            var prompt = Prompt()
            prompt(start(methods[which]))
            prompt("step me")
            var path: [String] = []
            for _ in 0..<choose(14) {
                let move = moves[choose(moves.count)]
                path.append(move)
                switch move {
                case "save": prompt("save me to \"\(file)\"")
                case "load":
                    // Into another process, as far as the learner is concerned.
                    guard FileManager.default.fileExists(atPath: file) else { continue }
                    prompt = Prompt()
                    prompt(start(methods[which]))
                    XCTAssertEqual(prompt("load me from \"\(file)\"\nlet _ = me"), [], "seed \(seed), sequence \(sequence): \(path)")
                default: prompt(move)
                }
            }
            prompt("continue me")
            prompt("continue me")
            XCTAssertEqual(prompt("print me.minibatches"), ["6"], "seed \(seed), sequence \(sequence): \(path)")
            XCTAssertEqual(prompt(bits), expected[which], "seed \(seed), sequence \(sequence): \(path)")
            try? FileManager.default.removeItem(atPath: file)
        }
    }

    func testBackReturnsToTheSameBits() {
        let prompt = Prompt()
        prompt(start("bcl_dual(net, bench, memory=10, replay=8)"))
        prompt("step me task")
        prompt("run me to \"outer\"")
        let here = prompt(bits) + prompt("locals")
        for move in ["step", "step phase", "step batch", "continue"] {
            prompt(move)
            prompt("back")
            XCTAssertEqual(prompt(bits) + prompt("locals"), here, move)
        }
    }

    func testWhatACellSetsIsUsedAndSurvivesTheWayBack() {
        let prompt = Prompt()
        prompt(start("bcl_dual(net, bench, memory=10, replay=8)"))
        prompt("run me to \"outer\"")
        prompt("step me")
        XCTAssertEqual(prompt("outer_loss"), [], "none is not shown")
        prompt("step me")
        XCTAssertEqual(prompt("print t, type(last_evaluation)"), ["0 draw"])
        prompt("beta = 0.9")
        XCTAssertEqual(prompt("print me.beta"), ["0.9"])
        prompt("step batch")
        let changed = prompt(bits)
        prompt("back")
        XCTAssertEqual(prompt("print me.beta"), ["0.9"])
        prompt("step batch")
        XCTAssertEqual(prompt(bits), changed)
        prompt("back")
        prompt("back")
        XCTAssertEqual(prompt("print me.beta"), ["0.3"], "before it was set")
        // The session's own names are there again between two updates.
        prompt("step batch")
        XCTAssertEqual(prompt("outer_loss").first?.hasPrefix("BCL0012"), true)
    }

    func testBreakpointsStopTraining() {
        let prompt = Prompt()
        prompt(start("bcl_dual(net, bench, memory=10, replay=8)"))
        let expected = straight("bcl_dual(net, bench, memory=10, replay=8)")
        XCTAssertEqual(prompt("break bcl_dual:\"outer\" if t == 1"), ["breakpoint 1: bcl_dual:\"outer\" if t == 1"])
        let lines = prompt("train me on bench\nprint \"not reached\"")
        XCTAssertEqual(lines.first, "breakpoint 1: bcl_dual:\"outer\" if t == 1")
        XCTAssertFalse(lines.contains("not reached"))
        XCTAssertEqual(prompt("print t, me.minibatches"), ["1 3"])
        XCTAssertEqual(prompt("train me on bench").last?.hasPrefix("BCL0066"), true, "an update is stopped")
        prompt("continue")
        prompt("unbreak 1")
        prompt("continue")
        XCTAssertEqual(prompt(bits), expected)
    }

    func testBreakpointsAreChecked() {
        let prompt = Prompt()
        XCTAssertEqual(prompt("break bcl_dual:\"otter\""), ["BCL0058: 'place' of breakpoint is no phase: \"otter\"; did you mean \"outer\"?"])
        XCTAssertEqual(prompt("break single:\"outer\""), ["BCL0058: 'place' of breakpoint is no phase: \"outer\"; single has none"])
        XCTAssertTrue(prompt("break bcl_dual:1").first?.hasPrefix("BCL0058") == true)
        XCTAssertTrue(prompt("break 3:4").first?.hasPrefix("BCL0014") == true)
        XCTAssertEqual(prompt("unbreak 7"), ["BCL0058: 'number' of unbreak is no breakpoint: 7"])
        prompt(start("bcl_dual(net, bench)"))
        prompt("break bcl_dual:\"outer\" if nonsense > 1")
        XCTAssertEqual(prompt("train me on bench").dropFirst().first, "its condition can't be told: there is no 'nonsense'")
    }

    func testAnErrorInsideAnUpdateLeavesTheLearnerBeforeIt() {
        let prompt = Prompt()
        prompt(start("er(net, bench)"))
        prompt("step me batch")
        let before = prompt(bits)
        prompt("step me")
        prompt("step me")
        prompt("x = zeros(10, 3)")
        XCTAssertTrue(prompt("step batch").last?.hasPrefix("BCL00") == true)
        XCTAssertEqual(prompt(bits), before)
        prompt("step me task")
        XCTAssertEqual(prompt("print me.minibatches"), ["3"])
    }

    // MARK: - Where training fails

    private let failing = """
        seed 3
        let bench = permuted(digits(), tasks=2, per_task=45, seed=1)
        let net = mlp(64, 8, 10)
        method brittle(net, bench, fails=-1) {
          let f = classifier(net, bench)
          let replay_memory = reservoir(bench, slots=12)
          let seen = []
          on task_start(t) { seen.append(t) }
          on batch(x, y, t) {
            seen.append(len(seen))
            net.zero_grad()
            let loss = cross_entropy(f(x, t), y)
            if len(replay_memory) > 0 { loss = loss + cross_entropy(f(replay_memory.draw(4).x, t), y[0:4]) }
            loss.backward()
            net.step(0.1)
            replay_memory.store(x, y, task=t)
            if len(seen) == fails { tensor([1, 2]) @ loss }
            return loss
          }
        }

        """
    private let all = "print net.weights.vector.double().sum().item(), net.gradients.double().sum().item(), me.losses, me.seen, me.replay.all.x.sum().item(), me.last_task, pick(1_000_000)"

    func testAFailingMinibatchLeavesTheLearnerAsItWasBefore() {
        for (fails, batches, place) in [(2, 0, "minibatch 1/5 of task 1"), (5, 3, "minibatch 4/5 of task 1"), (8, 5, "minibatch 1/5 of task 2"), (10, 7, "minibatch 3/5 of task 2")] {
            let prompt = Prompt()
            prompt(failing + "let me = brittle(net, bench, fails=\(fails))")
            var notes: [String] = []
            if case .failed(let problem) = prompt.session.execute(SourceFile(name: "cell", text: "train me on bench"), sink: CollectingSink()) { notes = problem.notes.map(\.message) }
            XCTAssertEqual(notes.first, "the learner is as it was before \(place)")
            let straight = Prompt()
            straight(failing + "let me = brittle(net, bench)")
            for _ in 0..<batches { straight("step me batch") }
            XCTAssertEqual(prompt(all), straight(all), "\(fails)")
        }
    }

    func testAnObservedMinibatchThatFailsIsTakenBack() {
        let prompt = Prompt()
        prompt(failing + "let me = brittle(net, bench, fails=4)\nlet (x, y) = bench[0].minibatch(0)\nobserve me on (x, y, 0)\nobserve me on (x, y, 0)")
        let before = prompt(all)
        prompt("seed 5")
        XCTAssertTrue(prompt("observe me on (x, y, 0)").last?.hasPrefix("BCL00") ?? false)
        prompt("seed 5")
        XCTAssertEqual(prompt("print me.minibatches, me.seen"), ["2 [0, 1, 2]"])
        XCTAssertEqual(prompt(all).map { $0.split(separator: " ").dropLast() }, before.map { $0.split(separator: " ").dropLast() })
    }

    func testAnInterruptInsideAMinibatchLosesNothing() {
        let straight = Prompt()
        straight(failing + "let me = brittle(net, bench)\ntrain me on bench")
        let expected = straight(all)
        for statements in [3, 8, 20, 33, 47, 60] {
            let prompt = Prompt()
            prompt(failing + "let me = brittle(net, bench)")
            prompt.session.evaluator.stepsLeft = statements
            let lines = prompt("train me on bench")
            prompt.session.evaluator.stepsLeft = nil
            XCTAssertTrue(lines.last?.hasPrefix("the learner is as it was before minibatch") ?? false, "\(statements): \(lines)")
            prompt("continue")
            XCTAssertEqual(prompt(all), expected, "\(statements)")
        }
    }

    func testBreakpointsHoldInObservedMinibatches() {
        let prompt = Prompt()
        prompt(start("bcl_dual(net, bench, memory=10, replay=8)") + "\nlet (x, y) = bench[0].minibatch(0)")
        prompt("step me batch")
        prompt("break bcl_dual:\"outer\"")
        let lines = prompt("observe me on (x, y, 1)\nprint \"not reached\"")
        XCTAssertEqual(lines.first, "breakpoint 1: bcl_dual:\"outer\"")
        XCTAssertTrue(lines.contains { $0.contains("a minibatch of task 2, given by 'observe'") }, "\(lines)")
        XCTAssertFalse(lines.contains("not reached"))
        XCTAssertEqual(prompt("print me.minibatches, t"), ["1 1"])
        XCTAssertTrue(prompt("save me to \"\(file)\"").last?.contains("'observe' gave it") ?? false)
        prompt("unbreak")
        prompt("continue")
        XCTAssertEqual(prompt("print me.minibatches, me.last_task"), ["2 1"])
        // What went on before goes on.
        XCTAssertTrue(prompt("step me batch").last?.contains("next is minibatch 3/3 of task 1") ?? false)
        XCTAssertTrue(prompt("back").contains { $0.contains("next is minibatch 2/3 of task 1") })
    }

    func testALongStepIsSummedUp() {
        let prompt = Prompt()
        prompt(start("er(net, bench, memory=10, replay=8)").replacingOccurrences(of: "per_task=25", with: "per_task=100"))
        XCTAssertEqual(prompt("step me task").dropFirst().first, "  replay_memory: wrote 100 samples in 10 writes - task 1: slots 0-9")
        let lines = prompt("step me task")
        XCTAssertTrue(lines.contains { $0.hasPrefix("  replay_memory: drew 80 samples in 10 draws - task 1: slots ") }, "\(lines)")
    }

    func testStepsTellWhatReservoirsKeep() {
        let prompt = Prompt()
        prompt(failing + "let me = brittle(net, bench)")
        XCTAssertTrue(prompt("step me batch").contains("  replay_memory: wrote slots 0-9, 10 of 10 samples of task 1"))
        let lines = prompt("step me batch")
        XCTAssertTrue(lines.contains { $0.hasPrefix("  replay_memory: drew 4 samples - task 1: 4 (slots ") }, "\(lines)")
        XCTAssertTrue(lines.contains { $0.hasPrefix("  replay_memory: wrote slots ") && $0.hasSuffix(" of 10 samples of task 1") }, "\(lines)")
    }
}
