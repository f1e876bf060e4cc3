import BCLScript
import Figures
import Interpreter
import Workbench
import XCTest

/// Keeps the figures as they are.
private final class FigureSink: OutputSink {
    var figures: [Figure] = []
    var lines: [String] = []
    func receive(_ event: Event) {
        switch event {
        case .figure(let figure): figures.append(figure)
        case .text(let text): lines.append(text)
        default: break
        }
    }
}

final class LookingTests: XCTestCase {
    private func run(_ program: String) -> FigureSink {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = FigureSink()
        switch session.execute(SourceFile(name: "t", text: program), sink: sink) {
        case .failed(let problem): sink.lines.append(problem.message)
        case .rejected(let problems): sink.lines.append(problems[0].message)
        default: break
        }
        return sink
    }

    private let trained = """
        seed 1
        let bench = permuted(digits(), tasks=2, per_task=100, seed=1)
        let me = bcl_dual(mlp(64, 16, 10), bench, memory=20, replay=8)
        let before = me.net.weights.snapshot()
        for task in bench.tasks { train me on task }
        let after = me.net.weights.snapshot()

        """

    private func text(_ figure: Figure?) -> String { figure.map(PlainText.text) ?? "nothing" }

    // MARK: - show and plot as values

    func testStatementsShowAndExpressionsDoNot() {
        XCTAssertEqual(run("show 1\nshow(2)\nlet p = show(3)\nprint 4").figures.map(PlainText.text), ["1", "2"])
        XCTAssertEqual(run("show 1, \"a\"").figures.map(PlainText.text), ["1", "\"a\""])
        XCTAssertEqual(run("let p = show(3)\np").figures.count, 1)
        XCTAssertEqual(run("def f(x) { show x }\nfor i in 0..3 { f(i) }").figures.map(PlainText.text), ["0", "1", "2"])
        XCTAssertEqual(run("print plot([1, 2])").lines, ["<figure: plot of 2 points>"])
    }

    // MARK: - Samples

    func testSamplesKeepTheirPixels() throws {
        let sink = run("let d = digits()\nlet b = split(d, tasks=5, order=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])\nshow b[1].test[0:3]\nprint b[1].test[0:3].images.reshape(3, -1).list()\nprint b[1].test[0:3].y.list()")
        guard case .images(let grid)? = sink.figures.first else { return XCTFail("\(sink.lines)") }
        XCTAssertEqual([grid.width, grid.height, grid.channels, grid.tiles.count], [8, 8, 1, 3])
        XCTAssertEqual("[" + grid.tiles.map { "[" + $0.pixels.map(String.init).joined(separator: ", ") + "]" }.joined(separator: ", ") + "]", sink.lines[0])
        // Labels count within the task; captions are the names of the classes.
        XCTAssertEqual("[" + grid.tiles.map { "\(Int($0.caption)! - 2)" }.joined(separator: ", ") + "]", sink.lines[1])
    }

    // MARK: - Memories

    func testMemoriesShowLabelsTasksAndAges() {
        let sink = run(trained + "show me.replay, me.evaluation\nprint me.replay.counts, me.evaluation.labels.list()")
        guard case .beside(let parts)? = sink.figures.first, parts.count == 2, case .stack(let evaluation) = parts[1], case .images(let grid) = evaluation[0] else { return XCTFail("\(sink.lines)") }
        XCTAssertEqual(grid.title, "evaluation")
        XCTAssertEqual(grid.tiles.count, 8)
        let labels = grid.tiles.map { $0.caption.split(separator: " ") }
        XCTAssertTrue(sink.lines[0].hasSuffix("[" + labels.map { String($0[0]) }.joined(separator: ", ") + "]"))
        XCTAssertEqual(labels.map { $0[1] }, ["t1", "t1", "t1", "t1", "t2", "t2", "t2", "t2"])
        // Ten minibatches a task, one sample of each into four slots: the last four of each task are there.
        XCTAssertEqual(labels.prefix(4).map { $0[2] }.sorted(), ["a10", "a11", "a12", "a13"])
        XCTAssertEqual(labels.suffix(4).map { $0[2] }.sorted(), ["a0", "a1", "a2", "a3"])
    }

    func testEveryMethodsMemoryIsShownAndCompared() {
        let setup = "seed 1\nlet bench = permuted(digits(), tasks=2, per_task=40, seed=1)\nlet net = mlp(64, 12, 10)\n"
        var seen: [String] = []
        for method in Project.library.files.keys.sorted() {
            let memory = method == "icarl" ? "exemplars" : "replay_memory"
            guard (try? String(contentsOfFile: Project.library.files[method] ?? "", encoding: .utf8))?.contains("let \(memory) = ") ?? false else { continue }
            seen.append(method)
            let sink = run(setup + "let me = \(method)(net, bench, memory=20)\nlet before = me.weights.snapshot()\nfor task in bench.tasks { train me on task }\nlet after = me.weights.snapshot()\n"
                + "show me.\(memory)\ncompare me.\(memory) with me.\(memory)\nplot me.weights along before, after\n" + (method == "icarl" ? "show [1]" : "show adapt(me, bench[0], steps=2).losses"))
            guard sink.figures.count >= 5, case .images(let grid) = sink.figures[0] else { return XCTFail("\(method): \(sink.lines) \(sink.figures.count)") }
            XCTAssertGreaterThan(grid.tiles.count, 5, method)
            XCTAssertTrue(text(sink.figures[1]).contains("task  held"), method)
            XCTAssertTrue(sink.figures.contains { text($0).contains("cosine of gradients") && text($0).contains(" 1.000") }, method)
            XCTAssertTrue(text(sink.figures.last).hasPrefix("["), method)
        }
        XCTAssertEqual(seen, ["agem", "bcl_dual", "bcl_single", "ctn", "der", "der_pp", "er", "ftml", "gem", "icarl", "la_maml", "mer", "mir"])
    }

    func testAReservoirShowsWhatItHolds() {
        let sink = run("let bench = permuted(digits(), tasks=2, seed=1)\nlet m = reservoir(bench, slots=15)\nlet (x, y) = bench[1].minibatch(0, 20)\nshow m\nm.store(x, y, task=1)\nm.store(x, y, task=0)\nshow m\nprint m.counts, m.labels.list()")
        XCTAssertEqual(text(sink.figures[0]), "memory: empty, 15 slots for all tasks")
        guard case .images(let grid) = sink.figures[1], case .table(let table) = sink.figures[2] else { return XCTFail("\(sink.lines)") }
        XCTAssertEqual(grid.tiles.count, 15)
        XCTAssertTrue(sink.lines[0].hasPrefix("[\(table.rows.map { $0[1] }.joined(separator: ", "))] ["), sink.lines[0])
        XCTAssertEqual(table.title, "memory: 15 samples; 15 slots for all tasks")
        XCTAssertTrue(grid.tiles.allSatisfy { $0.caption.hasSuffix(" t1 a0") || $0.caption.hasSuffix(" t2 a1") })
    }

    func testAMemoryComparedWithItself() {
        let lines = text(run(trained + "compare me.replay with me.replay").figures.last).split(separator: "\n")
        XCTAssertTrue(lines.last!.hasPrefix("all") && lines.last!.hasSuffix("1.000"), "\(lines)")
    }

    func testLossesAreThoseOfTheScript() {
        let sink = run(trained + """
            compare me.replay with me.evaluation
            let f = classifier(me.net, bench)
            def loss(memory) {
              let sum = 0.0
              for t in 0..2 {
                let (x, y) = memory.samples(t)
                sum = sum + cross_entropy(f(x, t), y).item() * len(y)
              }
              return sum / len(memory)
            }
            def slope(memory) {
              let total = none
              for t in 0..2 {
                let (x, y) = memory.samples(t)
                let part = grad(cross_entropy(f(x, t), y), wrt=me.net) * (len(y) / len(memory))
                total = if total == none then part else total + part
              }
              return total
            }
            let (a, b) = (slope(me.replay), slope(me.evaluation))
            print "{loss(me.replay):.4f} {loss(me.evaluation):.4f} {((a * b).sum() / (a.norm() * b.norm())).item():.3f}"
            """)
        let last = text(sink.figures.last).split(separator: "\n").last?.split(separator: " ").suffix(3).joined(separator: " ")
        XCTAssertEqual(last, sink.lines.last)
    }

    func testThePathOfTheWeights() {
        let sink = run(trained + """
            let gradients = me.net.gradients.clone()
            plot me.weights along before, after
            let (x, y) = me.evaluation.samples(0)
            print me.net.weights.distance(after).item(), (me.net.gradients - gradients).abs().max().item()
            me.net.weights.restore(before)
            let (a, b) = (me.evaluation.samples(0), me.evaluation.samples(1))
            let f = classifier(me.net, bench)
            print "{((cross_entropy(f(a[0], 0), a[1]) + cross_entropy(f(b[0], 1), b[1])) / 2).item():.4f}"
            """)
        XCTAssertEqual(sink.lines.first, "0.0 0.0")
        guard case .lines(let chart)? = sink.figures.first, let series = chart.series.first(where: { $0.name == "evaluation memory" }) else { return XCTFail("\(sink.lines)") }
        let start = series.points.min { abs($0.x) < abs($1.x) }!
        XCTAssertEqual(start.x, 0, accuracy: 1e-9)
        XCTAssertEqual(String(format: "%.4f", start.y), sink.lines.last)
        XCTAssertEqual(chart.markers.map(\.name), ["before", "after"])
        XCTAssertTrue(run(trained + "plot me.weights along before").lines[0].contains("must be two snapshots"))
        XCTAssertTrue(run(trained + "plot me.net.weights along before, after").lines[0].contains("write L.weights"))
        XCTAssertTrue(run(trained + "plot me.weights along after, after").lines[0].contains("the same"))
    }

    // MARK: - Plots

    func testSmoothing() {
        func points(_ program: String) -> [Double] {
            guard case .lines(let chart)? = run(program).figures.first else { return [] }
            return chart.series[0].points.map(\.y)
        }
        XCTAssertEqual(points("plot [1, 2, 3, 4]"), [1, 2, 3, 4])
        XCTAssertEqual(points("plot [1, 2, 3, 4] smooth=2"), [1, 1.5, 2.5, 3.5])
        XCTAssertEqual(points("plot [1, none, 3] smooth=2").map { "\($0)" }, ["1.0", "1.0", "3.0"])
        guard case .lines(let chart)? = run("plot [x % 2 for x in 0..1000]").figures.first else { return XCTFail("no lines") }
        XCTAssertEqual(chart.series[0].points[999].y, 0.5)
        XCTAssertEqual(chart.series[0].raw.count, 1000)
        XCTAssertEqual(chart.notes, ["each point is the mean of the last 10"])
    }

    func testAxesAndLinesAreNamedAsTheyAreWritten() {
        func titles(_ program: String) -> [String] {
            guard case .lines(let chart)? = run(trained + program).figures.first else { return [] }
            return [chart.xTitle, chart.yTitle] + (chart.series.count > 1 ? chart.series.map(\.name) : [])
        }
        XCTAssertEqual(titles("plot me.losses"), ["minibatch", "loss"])
        XCTAssertEqual(titles("plot(me.losses)"), ["index", "value"])
        XCTAssertEqual(titles("let xs = [1, 2]\nplot xs"), ["index", "xs"])
        XCTAssertEqual(titles("let xs = [1, 2]\nplot xs, [3, 4]"), ["index", "value", "xs", "[3, 4]"])
        XCTAssertEqual(titles("plot [1, 2], [3, 4] labels=[\"a\", \"b\"] ylabel=\"y\" xlabel=\"x\""), ["x", "y", "a", "b"])
        XCTAssertEqual(titles("plot {a: [1], b: [2]}"), ["index", "value", "a", "b"])
        XCTAssertEqual(titles("plot me"), ["minibatch", "loss"])
    }

    func testWhatCanBePlotted() {
        func summary(_ program: String) -> String { run(program).figures.first?.summary ?? run(program).lines.joined() }
        XCTAssertEqual(summary("plot tensor([1.0, 2.0])"), "plot of 2 points")
        XCTAssertEqual(summary("plot [1, 2], [2, 3]"), "plot of 2 lines")
        XCTAssertEqual(summary("plot {a: [1, 2], b: [3]}"), "plot of 2 lines")
        XCTAssertEqual(summary("plot zeros(3, 4)"), "heat map 3x4")
        XCTAssertTrue(summary("plot zeros(3, 4, 5)").contains("3 dimensions"))
        XCTAssertTrue(summary("plot []").contains("empty"))
        XCTAssertTrue(summary("plot [1, \"a\"]").contains("must hold numbers, not a string"))
        XCTAssertTrue(summary("plot digits()").contains("must be a list of numbers"))
        XCTAssertTrue(summary("plot [1, 2] labels=[\"a\", \"b\"]").contains("2 labels for 1 line"))
        XCTAssertTrue(summary(trained + "plot me.accuracy").contains("nothing was evaluated yet"))
    }

    func testNetworksShowTheirLayers() {
        let lines = text(run("seed 1\nlet net = mlp(4, 3, 2)\nshow net\nprint net.weights.norm().item()").figures.first).split(separator: "\n").map(String.init)
        XCTAssertEqual(lines.count, 6)
        XCTAssertEqual(lines[0], "mlp 4-3-2, float32 on cpu")
        XCTAssertTrue(lines[2].hasPrefix("net.0  linear  [3, 4] [3]          15  "), lines[2])
        XCTAssertTrue(lines[3].hasPrefix("net.2  linear  [2, 3] [2]           8  "), lines[3])
        XCTAssertTrue(lines[5].split(separator: " ").prefix(2) == ["all", "23"], lines[5])
        let resnet = text(run("show resnet18(10, channels=2)").figures.first)
        XCTAssertTrue(resnet.contains("conv 3x3") && resnet.contains("batch norm") && resnet.contains("linear"))
    }

    // MARK: - Tensors

    func testTensorsPrintAsInPyTorch() {
        func shown(_ expression: String) -> String { run("print \(expression)").lines.joined(separator: "\n") }
        XCTAssertEqual(shown("tensor([[1.0, 2.5], [-3.0, 100.0]])"), "[[  1.0000,   2.5000],\n [ -3.0000, 100.0000]]  float32 [2, 2]")
        XCTAssertEqual(shown("tensor([1.0, 2.0, -3.0])"), "[ 1.,  2., -3.]  float32 [3]")
        XCTAssertEqual(shown("tensor([1, 20, 300])"), "[  1,  20, 300]  int64 [3]")
        XCTAssertEqual(shown("tensor([9007199254740993])"), "[9007199254740993]  int64 [1]")
        XCTAssertEqual(shown("tensor([true, false])"), "[ true, false]  bool [2]")
        XCTAssertEqual(shown("tensor([1.5, 0.0001])"), "[1.5000e+00, 1.0000e-04]  float32 [2]")
        XCTAssertEqual(shown("zeros(2, 2, 1)"), "[[[0.],\n  [0.]],\n\n [[0.],\n  [0.]]]  float32 [2, 2, 1]")
        XCTAssertEqual(shown("zeros(100, 100)"), """
            [[0., 0., 0., ..., 0., 0., 0.],
             [0., 0., 0., ..., 0., 0., 0.],
             [0., 0., 0., ..., 0., 0., 0.],
             ...,
             [0., 0., 0., ..., 0., 0., 0.],
             [0., 0., 0., ..., 0., 0., 0.],
             [0., 0., 0., ..., 0., 0., 0.]]  float32 [100, 100]
            """)
        XCTAssertEqual(shown("zeros(40)").split(separator: "\n").map(\.count).max().map { $0 <= 80 }, true)
        XCTAssertEqual(shown("zeros(0)"), "[]  float32 [0]")
        XCTAssertEqual(shown("tensor(2.5)"), "2.5000")
    }

    func testTensorsShowTheirStatistics() {
        func last(_ expression: String) -> String { text(run("show \(expression)").figures.first).split(separator: "\n").last.map(String.init) ?? "" }
        XCTAssertEqual(last("tensor([1.0, 2.0, 3.0, 6.0])"), "float32 [4] on cpu  min 1  max 6  mean 3  std 2.16")
        XCTAssertEqual(last("tensor([1.0, 0.0]) / tensor([0.0, 0.0])"), "float32 [2] on cpu  nan 1  inf 1")
        XCTAssertEqual(last("tensor([1.0, 3.0, 0.0]) / tensor([1.0, 1.0, 0.0])"), "float32 [3] on cpu  min 1  max 3  mean 2  std 1.414  nan 1")
        XCTAssertEqual(last("tensor([1, 2])"), "int64 [2] on cpu  min 1  max 2  mean 1.5  std 0.7071")
        XCTAssertEqual(last("tensor([true, true, false])"), "bool [3] on cpu  2 of 3 true")
        XCTAssertEqual(last("zeros(0, 3)"), "float32 [0, 3] on cpu  no elements")
    }
}
