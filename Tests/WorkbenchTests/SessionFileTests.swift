import BCLScript
import Interpreter
import Workbench
import XCTest

/// A session that is saved and loaded into a new one is the same session: its values, what they share, and what training goes on to.
final class SessionFileTests: XCTestCase {
    private var folder = ""
    private var file: String { folder + "/s.bcls" }

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-session-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

    /// What cells print in one session, with the messages of their errors.
    private func run(_ cells: [String]) -> [String] {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        var lines: [String] = []
        for (number, cell) in cells.enumerated() {
            let outcome = session.execute(SourceFile(name: "cell \(number + 1)", text: cell), sink: sink)
            lines = sink.lines + []
            switch outcome {
            case .failed(let problem): lines.append("\(problem.code.name): \(problem.message)")
            case .rejected(let problems): lines += problems.map { "\($0.code.name): \($0.message)" }
            default: continue
            }
            return lines
        }
        return lines
    }

    private var save: String { "save session to \"\(file)\"" }
    private var load: String { "load session \"\(file)\"" }

    func testValuesComeBackAsTheyWere() {
        XCTAssertEqual(run(["""
            let n = -3; let x = 0.1; let infinite = 1e308 * 10; let nil_value = none; let yes = true; let s = "a \\"ä\\" \\n{{}}"
            let xs = [1, 2.5, "a", none, true, [], {"k": [1]}]
            let t = tensor([[1.5, -0.0]]); let ints = tensor([1, 2]); let r = 2..5
            let net = mlp(4, 3, 2); let before = net.weights.snapshot()
            """, save]), [])
        XCTAssertEqual(run([load, "print n, x, infinite, nil_value, yes, s", "print xs, t.shape, t[0, 1].item(), ints.sum().item(), r", "print net.weights.distance(before).item(), type(before)"]), [
            "-3 0.1 inf none true a \"ä\" \n{}", "[1, 2.5, \"a\", none, true, [], {\"k\": [1]}] [1, 2] -0.0 3 2..5", "0.0 snapshot",
        ])
    }

    func testWhatWasOneIsOneAgain() {
        let make = """
            let bench = permuted(digits(), tasks=2, per_task=40); let net = mlp(64, 8, 10)
            let me = er(net, bench, memory=10); let other = single(net, bench)
            let a = [1]; let b = [a, a]; let c = {"a": a}; b.append(b)
            let memory = me.replay; let weights = net.weights; let task = bench[1]; let f = classifier(net, bench)
            train me on bench[0]
            """
        XCTAssertEqual(run([make, save]), [])
        XCTAssertEqual(run([load, """
            a.append(2)
            print b[0], b[1], c.a, len(b[2])
            let was = net.weights.snapshot()
            train other on task
            print me.net == net, other.net == net, weights.distance(was).item() > 0.0, f(zeros(1, 64), 0).shape
            let held = len(memory)
            train me on task
            print len(memory) > held, len(memory) == len(me.replay), me.bench == bench, task.number
            """]), ["[1, 2] [1, 2] [1, 2] 3", "true true true [1, 10]", "true true true 1"])
    }

    private let check = "print net.weights.vector.double().sum().item(), net.gradients.double().sum().item(), me.losses, me.minibatches"

    func testEveryMethodGoesOnToTheSameBitsFromTheMiddleOfATask() throws {
        for make in ["single(net, bench, lr=0.1)", "er(net, bench, memory=20, replay=8)", "ewc(net, bench)", "gem(net, bench, memory=10)", "ftml(net, bench)", "bcl_single(net, bench)", "bcl_dual(net, bench, memory=20, replay=8)", "mir(net, bench, memory=20, candidates=10, replay=5)", "icarl(net, bench, memory=20)"] {
            let start = "seed 5\nlet bench = permuted(digits(), tasks=3, per_task=60, seed=1)\nlet net = mlp(64, 12, 10)\nlet me = \(make)\ntrain me on bench[0]\nstep me batch\nstep me batch"
            let rest = ["continue me", "train me on bench[2] epochs=2", check]
            let straight = run([start, save] + rest)
            XCTAssertEqual(straight.last, run([load] + rest).last, make)
            XCTAssertTrue(straight.last?.contains("[") ?? false, straight.joined(separator: "\n"))
            XCTAssertFalse(straight.last?.hasPrefix("BCL") ?? true, straight.joined(separator: "\n"))
        }
    }

    func testAnUpdateThatIsStoppedGoesOn() {
        let start = "seed 5\nlet bench = permuted(digits(), tasks=2, per_task=40, seed=1)\nlet net = mlp(64, 12, 10)\nlet me = bcl_dual(net, bench, memory=20, replay=8)\ntrain me on bench[0]\nstep me batch\nstep me\nstep me\nstep me"
        let rest = ["step me\nstep me", "continue me", check]
        let straight = run([start, save] + rest)
        XCTAssertEqual(straight.last, run([load] + rest).last)
        XCTAssertFalse(straight.last?.hasPrefix("BCL") ?? true, straight.joined(separator: "\n"))
    }

    func testCodeComesBackByItsText() throws {
        try "# Three times.\ndef thrice(x) { return x * 3 }\nlet factor = 7\nlet quadruple = x => x * 4\n".write(toFile: folder + "/part.bcl", atomically: true, encoding: .utf8)
        let make = [
            "import \"\(folder)/part.bcl\"\nimport \"\(folder)/part.bcl\" as part", "let k = 10", "def later(x) { return sooner(x) + k }\ndef sooner(x, y=k) { return x + y }",
            "let add = x => sooner(x) + 1", "let also = later", "factor = 8", "let table = {f: later, g: add, h: thrice, p: print}",
            "method mine(net, bench, lr=0.1) {\n  let f = classifier(net, bench)\n  let seen = []\n  on batch(x, y, t) {\n    net.zero_grad()\n    let loss = cross_entropy(f(x, t), y)\n    loss.backward()\n    net.step(lr)\n    seen.append(k)\n    return loss\n  }\n}",
            "let bench = permuted(digits(), tasks=2, per_task=20); let me = mine(mlp(64, 10), bench)\ntrain me on bench[0]",
        ]
        XCTAssertEqual(run(make + [save]), [])
        let rest = ["print later(1), add(1), also(2), thrice(2), part.thrice(3), part.factor, factor", "k = 100\nprint later(1), table.f(1), table.h(1)", "train me on bench[1]\nprint me.seen, me.method\nprint mine"]
        XCTAssertEqual(run([load] + rest), run(make + rest))
        // An error of code that came back names the cell that it came from.
        XCTAssertTrue(run([load, "later(none)"]).last?.hasPrefix("BCL0050") ?? false)

        try "def thrice(x) { return x * 4 }\nlet factor = 7\nlet quadruple = 1\n".write(toFile: folder + "/part.bcl", atomically: true, encoding: .utf8)
        let refused = run(["let kept = 5", load])
        XCTAssertEqual(refused, ["BCL0062: the session in '\(file)' can't be loaded: the imported file '\(folder)/part.bcl' has changed since"])
    }

    func testAFailedLoadChangesNothing() throws {
        try "let p = 1\n".write(toFile: folder + "/part.bcl", atomically: true, encoding: .utf8)
        XCTAssertEqual(run(["let x = 1\nimport \"\(folder)/part.bcl\"\nlet t = zeros(3)", save]), [])
        try FileManager.default.removeItem(atPath: folder + "/part.bcl")
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        func execute(_ text: String) -> Bool {
            if case .finished = session.execute(SourceFile(name: "t", text: text), sink: sink) { return true }
            return false
        }
        XCTAssertTrue(execute("seed 9\nlet x = 5\nlet y = mlp(4, 2)"))
        XCTAssertFalse(execute(load))
        XCTAssertTrue(execute("print x, y.weights.vector.double().sum().item()"))
        XCTAssertEqual(sink.lines, run(["seed 9\nlet x = 5\nlet y = mlp(4, 2)\nprint x, y.weights.vector.double().sum().item()"]))
        // Names that the file does not know are forgotten only by a load that succeeds.
        try "let p = 1\n".write(toFile: folder + "/part.bcl", atomically: true, encoding: .utf8)
        XCTAssertTrue(execute(load) && execute("print x, p") && !execute("print y"))
    }

    func testNetworksMemoriesAndSamplesOfEveryKindComeBack() {
        let make = """
            let bench = permuted(digits(), tasks=2, per_task=40); let net = mlp(64, 8, 10); let me = er(net, bench, memory=10)
            train me on bench[0]
            let m = reservoir(bench, slots=20); let c = class_memory(split(digits(), tasks=5), slots=4); let (x, y) = bench[0].minibatch(0, 30)
            m.store(x, y, task=0)
            let nets = [net.double(), net.copy(), resnet18(10, image=(1, 8, 8), channels=4), film(mlp(64, 12, 10), tasks=2), adapt(me, bench[0], steps=2).net]
            let adapted = adapt(me, bench[0], steps=3); let how = adapt(steps=3, lr=0.1); let found = search(single, bench, {lr: [0.1]})
            let part = bench[1].train[10:20][2:5]; let whole = digits().test
            """
        let rest = ["print [n.weights.vector.double().sum().item() for n in nets], m.draw(5).y.list(), len(c)", "print adapted, adapted.losses, how, part.y.list(), len(whole)",
                    "m.store(x, y, task=1)\nprint m.counts, m.labels.list()", "seed 1\nevaluate me on bench with how\nprint evaluate(adapted, bench), found.best"]
        XCTAssertEqual(run([make, save]).filter { $0.contains("not saved") }, [])
        let back = run([load] + rest)
        XCTAssertEqual(Array(run([make, save] + rest).suffix(back.count)), back)
        XCTAssertEqual(back.count, 5, "\(back)")
    }

    func testRandomStreamsGoOn() {
        let draws = "print mlp(3, 2).weights.vector.double().sum().item()"
        let straight = run(["seed 4", draws, save, draws])
        XCTAssertEqual([straight.last], run([load, draws]))
    }

    func testWhatCanNotBeSavedIsTold() {
        let make = ["method m(net) {\n  let n = 1\n  def reader() { return () => n }\n  on batch(x, y, t) { n += 1 }\n}", "let inner = m(mlp(4, 2)).reader(); let xs = [inner]; let fine = 2"]
        let lines = run(make + [save, "print \"on\""])
        XCTAssertEqual(lines.count, 2, lines.joined(separator: "\n"))
        XCTAssertTrue(lines[0].hasPrefix("not saved: inner (it is a function of a learner's own variables, and the learner does not hold it), xs ("), lines[0])
        XCTAssertEqual(run([load, "print fine", "print inner"]), ["2", "BCL0012: there is no 'inner'"])
    }

    func testFunctionsMadeInsideOfOthersShareTheirVariables() {
        let make = [
            "let base = 100",
            "def counter(start) {\n  let n = start\n  def up(by=1) { n += by\n    return n + base }\n  return {up: up, read: () => n, deep: () => () => n * 2}\n}",
            "let (a, b) = (counter(1), counter(10))\nlet up = a.up\nlet inner = a.deep()\nlet all = [a.up, b.up, x => x + 1]\nup()",
            "let functions = []\nfor i in 0..3 { let k = i * i\n  functions.append(() => k + i + base) }",
        ]
        let rest = [
            "print a.up(), up(2), a.read(), b.up(5), b.read(), inner(), all[0](), all[1](), all[2](1)", "base = 0\nprint up(), [f() for f in functions]",
            "print a.up == up, all[0] == up, a.read()",
        ]
        XCTAssertEqual(run(make + [save]), [])
        let straight = run(make + rest)
        XCTAssertEqual(run([load] + rest), straight)
        XCTAssertEqual(straight.count, 3, straight.joined(separator: "\n"))
        // Saved again from where it was loaded, with cells of the same names.
        let mixed = ["def counter(start) { let n = start * 1000\n  return () => n }\nlet mine = counter(1)"]
        XCTAssertEqual(run([load] + mixed + [save]), [])
        XCTAssertEqual(run([load, "print mine()"] + rest), run(make + mixed + ["print mine()"] + rest))
    }

    func testFilesOfOtherKindsAreTold() {
        XCTAssertEqual(run(["save mlp(2, 2) to \"\(file)\"", load]), ["BCL0062: '\(file)' holds no session"])
        XCTAssertTrue(run([save, "let net = mlp(2, 2)\nload net from \"\(file)\""]).last?.hasPrefix("BCL0062") ?? false)
    }
}
