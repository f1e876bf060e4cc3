import BCLScript
import Interpreter
import Workbench
import XCTest

/// Benchmarks and samples as the language sees them.
final class StreamBuiltinTests: XCTestCase {
    /// What a program prints, with the message of its error at the end if it has one.
    private func run(_ program: String) -> [String] {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        switch session.execute(SourceFile(name: "t", text: program), sink: sink) {
        case .failed(let problem): return sink.lines + [problem.message]
        case .rejected(let problems): return sink.lines + problems.map(\.message)
        default: return sink.lines
        }
    }

    func testTasksAndSamples() {
        XCTAssertEqual(run("""
            let bench = split(digits(), tasks=5, order=[3, 1, 4, 0, 5, 9, 2, 6, 8, 7], seed=1)
            let task = bench[2]
            print task.number, task.name, task.classes, task.class_names, task.outputs
            print len(task.train), task.train.x.shape, task.train.y.shape, task.test[0:5].images.shape, task.test.images.dtype
            let some = task.train[0:16]
            print some, len(some), some.y.max().item(), some.class_names
            let (image, label) = some[3]
            print image.shape, label == some.y[3].item(), (image.reshape(64) - some.x[3]).abs().max().item()
            print len([y for (x, y) in some]), len(some[::4]), len(task.train[-3:]), task.train[0:0].x.shape
            print bench.learning[1].number, bench.learning[1].classes, bench.learning.outputs, bench.validation.outputs, bench.heads, bench.learning[0].outputs
            print permuted(digits(), tasks=3, seed=1)[2]
            print digits().train[0:2], digits().test.counts
            """), [
            "2 classes 5,9 [5, 9] [\"5\", \"9\"] [5, 9]",
            "290 [290, 64] [290] [5, 1, 8, 8] uint8",
            "<16 training samples of task 3 of split digits, images 1x8x8> 16 1 [\"5\", \"9\"]",
            "[1, 8, 8] true 0.0",
            "16 4 3 [0, 64]",
            "1 [8, 7] 4 6 task [0, 1]",
            "<task 3 of permuted digits: permutation 3, 1442 training and 355 test samples>",
            "<2 training samples of digits, images 1x8x8> {\"0\": 35, \"1\": 36, \"2\": 35, \"3\": 36, \"4\": 36, \"5\": 36, \"6\": 36, \"7\": 35, \"8\": 34, \"9\": 36}",
        ])
    }

    /// A recipe is a program: run, it makes the same again.
    func testRecipesMakeTheSameAgain() {
        let makers = [
            "permuted(digits(), tasks=3)", "rotated(digits(), tasks=4, min=-10.5, max=20, angles=\"even\", use=0.25)", "rotated(digits(), angles=[1, 2.5])",
            "split(digits(), classes_per_task=2, order=[\"4\", 2, 3, 1], heads=\"shared\")", "blurry(split(digits(), tasks=5), share=0.3)", "blurry(permuted(digits(), tasks=6), share=0.3).learning",
            "concat(permuted(digits(), tasks=2), split(digits(), tasks=2))", "subset(permuted(digits(), tasks=5), tasks=[3, 1], count=40)", "permuted(rotated(split(digits(), tasks=5), max=45)).validation",
            "permuted(concat(digits(), subset(digits(), classes=[1], count=0.5)), tasks=2, per_task=100)",
        ]
        for maker in makers {
            let fingerprint = "print bench, [[len(t.train), t.name, t.outputs, t.train[0:30].x.double().sum().item(), t.train[7:30].y.list()] for t in bench.tasks]"
            let first = run("seed 7\nlet bench = \(maker)\n\(fingerprint)\nprint bench.recipe")
            XCTAssertEqual(first.count, 2, "\(maker): \(first)")
            guard first.count == 2 else { continue }
            XCTAssertEqual(run("seed 8\nlet bench = \(first[1])\n\(fingerprint)"), [first[0]], maker)
        }
        // One that holds a path, with every character that could end a string.
        XCTAssertEqual(run("print mnist(path=\"no \\\"such\\\" {{folder}}\")").last?.contains("folder}"), true)
    }

    func testEvaluationByTheStatisticsOfTestSamples() {
        let program = """
            seed 1
            let bench = split(digits(), tasks=2, per_task=60, seed=1)
            let net = resnet18(bench.outputs, channels=4, image=(1, 8, 8), pool=false)
            let me = er(net, bench, lr=0.1, memory=20)
            train me on bench
            let running = evaluate(me, bench)
            let (acc, state, f) = (me.acc, net.state, classifier(net, bench))
            let own = evaluate(me, bench, statistics="test")
            assert all([(net.state[name] - state[name]).abs().max().item() == 0 for name in state.keys()])
            assert me.acc == acc and own != running
            assert own[1] == evaluate(me, bench[1], statistics="test") and evaluate(me, bench, statistics="running") == running
            let kept = net.weights.snapshot()
            let right = 0
            no_grad { right = (f(bench[0].test.x, 0, training=true).argmax(1) == bench[0].test.y).sum().item() }
            assert round(own[0] * len(bench[0].test)) == right
            # A method with an 'on predict' of its own.
            method mine(net, bench) {
              let f = classifier(net, bench)
              on batch(x, y, t) { return 0.0 }
              on predict(x, t) { return f(x, t) }
            }
            net.weights.restore(kept)
            let other = mine(net, bench)
            assert [evaluate(other, task, statistics="test") for task in bench.tasks] == own
            evaluate me on bench statistics="batch"
            """
        let lines = run(program)
        XCTAssertEqual(lines.filter { !$0.hasPrefix("after") }, ["'statistics' of evaluate must be one of \"running\", \"test\", not \"batch\""])
        XCTAssertTrue(lines.contains { $0.contains("over 2 tasks learned, by the test samples' statistics") })
        let mlp = "let bench = permuted(digits(), tasks=2, per_task=20)\nlet me = er(mlp(64, 10), bench)\n"
        XCTAssertEqual(run(mlp + "evaluate me on bench statistics=\"test\"").last, "'statistics' of evaluate is for networks with batch norms, and mlp 64-10 has none")
        XCTAssertEqual(run(mlp + "evaluate me on bench with adapt(steps=1) statistics=\"test\"").last, "statistics=\"test\" does not go with adapt: an adapted copy is tested by the running statistics")
    }

    func testEvaluationBothWays() {
        let program = """
            seed 1
            let bench = split(digits(), tasks=5, seed=1)
            let me = er(mlp(64, 32, 10), bench, lr=0.1)
            train me on bench
            let own = evaluate(me, bench)
            let all = evaluate(me, bench, classes="all")
            let seen = evaluate(me, bench, classes="seen")
            let task = evaluate(me, bench, classes="task")
            assert own == task and all == seen
            assert mean(all) < mean(own)
            assert all[2] == evaluate(me, bench[2], classes="all")
            print me.acc == me.accuracies.task.acc, me.accuracies.all.acc == mean(all), me.accuracy.acc > 0.9
            let ci = er(mlp(64, 32, 10), split(digits(), tasks=5, heads="shared", seed=1), lr=0.1)
            train ci on ci.bench[0]
            assert evaluate(ci, ci.bench[0], classes="seen") >= evaluate(ci, ci.bench[0])
            assert evaluate(ci, ci.bench[0], classes="task") == evaluate(ci, ci.bench[0], classes="seen")
            assert evaluate(ci, ci.bench[1], classes="seen") == 0
            # The same outputs under another benchmark's heads.
            assert evaluate(me, split(digits(), tasks=5, heads="shared", seed=1)) == all
            assert evaluate(ci, split(digits(), tasks=5, seed=1)) == evaluate(ci, ci.bench, classes="task")
            evaluate me on bench classes="none"
            """
        let lines = run(program)
        XCTAssertEqual(lines.filter { !$0.hasPrefix("after") }, ["true true true", "'classes' of evaluate must be one of \"task\", \"all\", \"seen\", not \"none\""])
        XCTAssertEqual(lines.filter { $0.contains("over 5 tasks learned among all classes") }.count, 1)
        XCTAssertEqual(run("let me = single(mlp(64, 4), split(subset(digits(), classes=[1, 2, 3, 4]), tasks=2))\nevaluate me on split(digits(), tasks=5)").last,
                       "the network has 4 outputs, but split digits needs 10")
    }

    /// Every method learns every kind of benchmark: labels lie where its network has outputs.
    func testMethodsLearnEveryKindOfBenchmark() {
        for make in ["rotated(digits(), tasks=2, per_task=40)", "blurry(split(digits(), tasks=5, per_task=40), share=0.4)", "split(digits(), tasks=5, heads=\"shared\", per_task=40).learning",
                     "concat(permuted(digits(), tasks=1, per_task=40), split(digits(), tasks=2, per_task=40))"] {
            for method in Project.library.files.keys.sorted() {
                let lines = run("""
                    seed 2
                    let bench = \(make)
                    let me = \(method)(mlp(bench.inputs, 16, bench.outputs), bench)
                    train me on bench
                    evaluate me on bench
                    print min(me.losses) > -1 and max(me.losses) < 1000
                    """)
                XCTAssertEqual(lines.last, "true", "\(method) on \(make): \(lines)")
            }
        }
    }

    func testALearnerIsNotLoadedOntoAnotherBenchmark() {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-recipe-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        func program(_ bench: String) -> String { "let bench = \(bench)\nlet me = er(mlp(64, 8, 10), bench)\n" }
        XCTAssertEqual(run(program("permuted(digits(), tasks=2, seed=1)") + "save me to \"\(file)\""), [])
        XCTAssertEqual(run(program("permuted(digits(), tasks=2, seed=1)") + "load me from \"\(file)\"\nprint me"), ["<learner er: 0 minibatches>"])
        let other = run(program("permuted(digits(), tasks=2, seed=2)") + "load me from \"\(file)\"").last ?? ""
        XCTAssertTrue(other.contains("'bench' was permuted(digits(), tasks=2, seed=1), but is permuted(digits(), tasks=2, seed=2) here"), other)
    }

    func testImagesAreLoadedWithProgress() throws {
        final class Watcher: OutputSink {
            var progress: [Interpreter.Progress] = []
            var others: [Event] = []
            func receive(_ event: Event) { if case .progress(let progress) = event { self.progress.append(progress) } else { others.append(event) } }
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-birds-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
            for index in 0..<5 {
                try FileManager.default.copyItem(at: Project.root.appendingPathComponent("Tests/Images/modes/rgb.jpg"), to: folder.appendingPathComponent("\(name)/\(index).jpg"))
            }
        }
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = Watcher()
        let program = "let d = image_folder(\"\(folder.path)\", size=(6, 5), cache=false)\nassert d.image_shape == [3, 6, 5] and d.train_size == 8 and d.class_names == [\"a\", \"b\"]"
        guard case .finished = session.execute(SourceFile(name: "t", text: program), sink: sink) else { return XCTFail("it failed") }
        XCTAssertEqual(sink.progress.last?.done, 10)
        XCTAssertEqual(sink.progress.last?.total, 10)
        XCTAssertEqual(sink.progress.last?.unit, "images")
        XCTAssertTrue(sink.others.isEmpty)
    }
}
