import BCLScript
import Foundation
import Interpreter
import Workbench
import XCTest

/// A run that is left at any statement or minibatch, and goes on in another process from what the checkpoint holds, does what it would have done.
final class CheckpointTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-checkpoint-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

    private struct Ending: Equatable {
        var lines: [String]
        /// How it ended: errors with their places and calls.
        var end: String
    }

    private func ending(_ outcome: Session.Outcome, _ lines: [String]) -> Ending {
        let renderer = DiagnosticRenderer(colour: false)
        switch outcome {
        case .finished: return Ending(lines: lines, end: "finished")
        case .rejected(let problems): return Ending(lines: lines, end: problems.map(renderer.render).joined())
        case .failed(let problem): return Ending(lines: lines, end: renderer.render(problem))
        case .interrupted: return Ending(lines: lines, end: "interrupted")
        }
    }

    private func straight(_ source: SourceFile) -> Ending {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        return ending(session.execute(source, sink: sink, kind: .file), sink.lines)
    }

    private func resumed(_ source: SourceFile, _ path: String) -> Ending {
        let (session, workbench) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        Checkpoint.prepare(session)
        return ending(session.execute(source, sink: sink, kind: .file) { try Checkpoint(path).restore(session, workbench) }, sink.lines)
    }

    /// Takes checkpoints at places of a run, goes on from each in a fresh session, and compares with the straight run.
    /// - Parameters:
    ///   - most: so many places, spread over the run.
    ///   - least: places that there must be.
    @discardableResult
    private func check(_ text: String, name: String = "program.bcl", most: Int = 40, least: Int = 1, file: StaticString = #filePath, line: UInt = #line) -> [String] {
        let source = SourceFile(name: name, text: text)
        let wanted = straight(source)
        let total = places(source, { _ in false }, wanted, file, line).count
        let step = max(1, total / most)
        return goOn(from: places(source, { $0 % step == 0 }, wanted, file, line), source, wanted, least: least, file, line)
    }

    /// The same at places of some numbers, without a look at how many there are: for programs that take a while.
    private func check(_ text: String, name: String, at numbers: Set<Int>, file: StaticString = #filePath, line: UInt = #line) {
        let source = SourceFile(name: name, text: text)
        let wanted = straight(source)
        _ = goOn(from: places(source, numbers.contains, wanted, file, line), source, wanted, least: 0, file, line)
    }

    private func goOn(from places: [Place?], _ source: SourceFile, _ wanted: Ending, least: Int, _ file: StaticString, _ line: UInt) -> [String] {
        let (name, taken, total) = (source.name, places.compactMap { $0 }, places.count)
        XCTAssertGreaterThanOrEqual(taken.count, least, "\(name): too few places; it ended with \(wanted.end)", file: file, line: line)
        for place in taken {
            var found = resumed(source, place.path)
            found.lines = wanted.lines.prefix(place.lines) + found.lines
            XCTAssertEqual(found, wanted, "\(name): from checkpoint \(place.number) of \(total), statement \(place.at)", file: file, line: line)
            if found != wanted { break }
        }
        return wanted.lines
    }

    private struct Place {
        let number: Int
        let path: String
        let lines: Int
        let at: String
    }

    /// Steps out at every place of a run; where a checkpoint is to be taken it writes it. The run itself goes on as if nothing had been.
    private func places(_ source: SourceFile, _ isTaken: @escaping (Int) -> Bool, _ wanted: Ending, _ file: StaticString, _ line: UInt) -> [Place?] {
        let (session, workbench) = Workbench.makeSession(library: Project.library)
        let sink = CollectingSink()
        var places: [Place?] = []
        session.interrupt.requestPause()
        session.didSuspend = { position in
            let number = places.count
            if number >= 2000 { session.interrupt.requestPause(false) }
            guard isTaken(number) else { return places.append(nil) }
            let path = "\(self.folder)/\(number)"
            do {
                try Checkpoint.Draft(position, session, workbench, notes: Data()).write(to: path)
                places.append(Place(number: number, path: path, lines: sink.lines.count, at: position.span.map { source.text($0) } ?? "?"))
            } catch let problem as CheckpointProblem {
                XCTAssertTrue(problem.isPassing, "\(problem.holder): \(problem.reason)", file: file, line: line)
                places.append(nil)
            }
        }
        XCTAssertEqual(ending(session.execute(source, sink: sink, kind: .file), sink.lines), wanted, "\(source.name): stepping out changed the run", file: file, line: line)
        return places
    }

    // MARK: - The language

    func testEveryKindOfStatement() {
        check("""
            let xs = [3, 1, 2]
            let total = 0
            for x in xs { total += x
              print "x", x, total }
            for i in 2..5 { if i == 3 { continue }
              print "i", i }
            for (i, x) in enumerate(xs) { print i, x }
            for c in "abc" { print c }
            let record = {"a": 1, "b": 2}
            for key in record { record[key + "x"] = 0
              print key }
            print record
            let n = 0
            while n < 5 { n += 1
              if n == 2 { continue } else if n == 4 { break } else { print "n", n } }
            repeat 3 { n += 10
              print n }
            let (a, b) = (n, n + 1)
            phase "one" { print a
              print b }
            no_grad { print "quiet"
              print "still" }
            for i in 0..3 { for j in 0..3 { if j > i { break }
                print i, j } }
            xs[1] = 7
            record.c = xs
            record.c.append(record)
            print xs[1], len(record.c), record.c[3].c[1]
            """, most: 100, least: 60)
    }

    func testCallsAtAnyDepthOfAnExpression() {
        check("""
            let log = []
            def note(x) { log.append(x)
              return x }
            def twice(x) { let y = note(x)
              let z = note(x)
              return y + z }
            def outer(x) { for i in 0..2 { if i == 1 { return twice(x) + twice(i) } }
              return 0 }
            print outer(4)
            let rows = [twice(i) for i in 0..3 if i != 1]
            let pairs = [[twice(i), j] for i in 0..2 for j in [5, 6]]
            let record = {"a": twice(1), "b": [twice(2), twice(3)]}
            log[0] = twice(8)
            record.c = note(twice(9))
            record.a += twice(10)
            rows.append(twice(11))
            print rows, pairs, record
            print "text {twice(12)} and {twice(13):.2f}", if twice(1) == 2 then twice(2) else twice(3)
            let (p, q) = [twice(1), twice(2)]
            print p, q, map([1, 2, 3], twice), map([1, 2], x => twice(x) * 10)
            print sorted([3, 1], by=twice), filter([1, 2, 3], x => note(x) > 1), twice(4) * twice(5) - twice(1)
            def deep(n) { if n == 0 { return 0 }
              let below = deep(n - 1)
              return below + note(n) }
            print deep(6), len(log)
            """, most: 150, least: 100)
    }

    func testVariablesThatFunctionsShare() {
        check("""
            def counter(start) {
              let n = start
              def up(by=1) { n += by
                return n }
              def both() { return [n, up] }
              return {"up": up, "both": both}
            }
            let a = counter(1)
            let b = counter(10)
            let same = a.up
            same()
            print a.up(), b.up(5), same(2)
            let (n, up) = a.both()
            print n, up(), a.up()
            let functions = []
            for i in 0..3 { let k = i * i
              functions.append(() => k + i) }
            for f in functions { print f() }
            def make() {
              let kept = []
              for i in 0..4 { kept.append(x => x + i)
                print len(kept), kept[i](1) }
              return kept
            }
            for f in make() { print f(100) }
            let append = functions.append
            append(1)
            print len(functions)
            let later = []
            def first() { return second() }
            def second() { later.append(1)
              return later }
            print first() == later
            """, most: 150, least: 30)
    }

    func testErrorsAfterwardsHaveTheirPlacesAndCalls() {
        check("""
            def inner(x) { print "inner", x
              assert x < 2, "too large"
              return x }
            def outer(x) { let y = inner(x)
              return y }
            for i in 0..3 { let y = outer(i)
              print y }
            """, least: 10)
        check("let xs = [1]\nfor i in 0..2 {\n  print i\n  print xs[i]\n}", least: 4)
    }

    func testWhatIsSharedStaysShared() {
        check("""
            let t = zeros(4)
            let view = t[1:3]
            let columns = tensor([[1.0, 2.0], [3.0, 4.0]]).transpose(0, 1)
            let xs = [t, view]
            view[0] = 5
            print t, xs[0], xs[1]
            xs[1][1] = 6
            print t, view, columns[0], columns.shape
            let f = grad(x => x * x)
            print f(3.0)
            let net = mlp(4, 3, 2)
            let (w, copy) = (net.weights, net.copy())
            let before = w.snapshot()
            w.add(w.vector * 0.5)
            print w.distance(before).item() > 0, copy.weights.distance(before).item(), net.double().weights.norm().item()
            let xs2 = [i * 0.1 for i in 0..100]
            let alias = xs2
            alias[3] = 7.0
            print xs2[3], len(alias), sum(xs2)
            """, least: 15)
    }

    func testPresetsAndParams() {
        check("""
            param lr = 0.1
            presets(er, {"mine": {"lr": 0.5, "memory": 7}})
            let bench = permuted(digits(), tasks=2, per_task=30)
            let me = er(mlp(64, 8, 10), bench, preset="mine")
            let other = er(mlp(64, 8, 10), bench, preset="mine")
            print me.lr, other.memory, er.presets.mine.lr, lr
            """, least: 5)
    }

    // MARK: - Learning

    private let result = "print me.net.weights.vector.double().sum().item(), me.losses, me.minibatches, me.acc, me.accuracies, me.curves, me.lca"

    func testEveryMethodGoesOnToTheSameBits() {
        let nets = ["ctn": "film(mlp(64, 12, 10), tasks=2)"]
        for name in Project.library.files.keys.sorted() {
            let arguments = ["mer": ", memory=20"][name] ?? ""
            check("""
                seed 5
                let bench = permuted(digits(), tasks=2, per_task=40, seed=1)
                let me = \(name)(\(nets[name] ?? "mlp(64, 12, 10)"), bench\(arguments))
                for task in bench.tasks {
                  train me on task epochs=2 curve=2
                  evaluate me on bench
                }
                \(result)
                """, name: name, most: 3, least: name == "offline" ? 1 : 3)
        }
    }

    func testTrainingInFunctionsLoopsAndComprehensions() {
        check("""
            let bench = permuted(digits(), tasks=3, per_task=30, seed=1)
            def learn(method, seed_number, tasks) {
              seed seed_number
              let me = method(mlp(64, 8, 10), bench)
              for task in tasks {
                train me on task
                if task.number == 1 { print "second", me.minibatches }
              }
              evaluate me on bench
              return me
            }
            let mean_of = xs => sum(xs) / len(xs)
            let accs = [learn(m, s, bench.tasks[:2]).acc for m in [er, single] for s in 0..2]
            print accs, mean_of(accs)
            let learners = {"a": learn(bcl_dual, 1, bench.tasks)}
            let me = learners["a"]
            let memories = [me.replay, me.evaluation]
            train me on bench[2] epochs=2
            print len(memories[0]), len(memories[0]) == len(me.replay), me.replay.counts
            \(result)
            """, most: 25, least: 20)
    }

    func testSearchGoesOnInTheMiddle() {
        check("""
            let bench = permuted(digits(), tasks=4, per_task=30, seed=1)
            let found = search(er, bench.validation, over={lr: [0.01, 0.1], memory: [5, 10], epochs: 1})
            print found.best, [row.acc for row in found.table], len(found.runs), found.runs[0].net
            print mlp(3, 2).weights.vector.sum().item()
            """, most: 12, least: 8)
    }

    func testMethodsWrittenInTheScript() {
        check("""
            method mine(net, bench, lr=0.1) {
              let f = classifier(net, bench)
              let seen = 0
              let history = []
              let pool = reservoir(bench, slots=12)
              let by_class = class_memory(bench, slots=2)
              def report() { return "{seen} {len(history)} {len(pool)} {len(by_class)}" }
              on task_start(t) { history.append(t) }
              on batch(x, y, t) {
                seen += len(y)
                pool.store(x, y, task=t)
                by_class.store(x, y, task=t)
                net.zero_grad()
                let loss = cross_entropy(f(x, t), y)
                loss.backward()
                net.step(lr)
                return loss
              }
              on task_end(t) { print "end of", t, report() }
            }
            let bench = split(digits(), tasks=5, per_task=40, seed=2)
            let me = mine(mlp(64, 8, 10), bench)
            train me on bench
            evaluate me on bench
            print me.seen, me.history, me.report(), me.pool.labels, me.by_class.counts
            \(result)
            """, most: 15, least: 8)
    }

    func testFigures() {
        check("""
            let bench = permuted(digits(), tasks=2, per_task=30, seed=1)
            let me = er(mlp(64, 8, 10), bench)
            train me on bench[1]
            let figures = [plot([1, 2, 3]), show(me.net), show(bench[0].test[0:4]), plot({"a": [1.0, 2.0], "b": [2.0, 3.0]}), plot(me), show(me.accuracy)]
            train me on bench[0]
            for figure in figures { show figure }
            """, most: 8, least: 6)
    }

    func testExamplesAndLessons() throws {
        let examples = Project.root.appendingPathComponent("examples")
        let lessons = try FileManager.default.contentsOfDirectory(atPath: examples.appendingPathComponent("lessons").path).sorted().map { "lessons/\($0)" }
        for name in ["my_method.bcl"] + lessons {
            let path = examples.appendingPathComponent(name).path
            check(try String(contentsOfFile: path, encoding: .utf8), name: path, at: [5, 150])
        }
    }

    func testTrainingByHand() {
        check("""
            let bench = permuted(digits(), tasks=2, per_task=40, seed=1)
            let net = mlp(64, 8, 10)
            let f = classifier(net, bench)
            let data = bench[0].train
            let held = data[4:20]
            let losses = []
            for start in 0..4 {
              let (x, y) = bench[0].minibatch(start * 10)
              net.zero_grad()
              let loss = cross_entropy(f(x, 0), y)
              loss.backward()
              net.step(0.1)
              losses.append(loss.item())
            }
            print losses, net.weights.vector.sum().item(), len(data), held.y
            let x = tensor([1.0, 2.0]).requires_grad()
            (x * x).sum().backward()
            print x.grad
            let a = adapt(steps=3, lr=0.1)
            print a
            """, most: 60, least: 20)
    }

    // MARK: - Files

    func testImportedFiles() throws {
        try """
            let count = [0]
            def learn(bench, n) { count[0] = count[0] + 1
              let me = er(mlp(64, 8, 10), bench)
              for i in 0..n { train me on bench[i] }
              return me }
            let _hidden = {"x": 1}
            def hidden() { _hidden.x += 1
              return _hidden.x }
            """.write(toFile: folder + "/lib.bcl", atomically: true, encoding: .utf8)
        check("""
            import "lib.bcl"
            import "lib.bcl" as lib
            let bench = permuted(digits(), tasks=2, per_task=30)
            let me = lib.learn(bench, 2)
            let other = learn(bench, 1)
            print count, lib.count == count, hidden(), lib.hidden(), me.minibatches, other.losses
            """, name: folder + "/main.bcl", most: 30, least: 8)
    }

    func testConformancePrograms() throws {
        let root = Project.root.appendingPathComponent("Tests/Conformance")
        let names = try XCTUnwrap(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }.filter { $0.hasSuffix(".bcl") && !$0.hasPrefix("modules") }.sorted()
        var count = 0
        for name in names {
            for (number, chunk) in try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8).components(separatedBy: "\n---\n").enumerated() where !chunk.contains("clock") {
                count += 1
                check(chunk, name: "\(name)-\(number)", at: [5])
            }
        }
        XCTAssertGreaterThan(count, 150)
    }
}
