@testable import Continual
import Engine
import XCTest

final class TaskFileTests: DataTestCase {
    private func load(_ name: String, heads: Benchmark.Heads? = nil) throws -> Benchmark {
        guard case .benchmark(let benchmark) = try TorchData.load(name.hasPrefix("/") ? name : "\(Self.fixtures)/\(name)", heads: heads) else { throw DataError("no benchmark") }
        return benchmark
    }

    func testPermutations() throws {
        for name in ["permutations.pt", "permutations-legacy.pt", "permutations-uint8.pt", "permutations-uint8-legacy.pt"] {
            let bench = try load(name)
            XCTAssertEqual(bench.heads, .shared)
            XCTAssertEqual([bench.tasks.count, bench.outputs, bench.inputSize], [3, 3, 16])
            XCTAssertEqual(bench.imageShape, [1, 4, 4])
            XCTAssertEqual(bench.tasks[1].name, "random permutation")
            for (number, task) in bench.tasks.enumerated() {
                let expected = (0..<6).flatMap { row in (0..<16).map { Float(Self.grey(row * 16 + ($0 * (2 * number + 3) + number) % 16)) / 255 } }
                XCTAssertEqual(try task.train.minibatch(0, 6).x.floats(), expected, name)
                XCTAssertEqual(try task.train.minibatch(0, 6).y.ints(), [0, 1, 2, 0, 1, 2])
                XCTAssertEqual(try task.train.pixels(0, 1).dtype, .uint8)
                XCTAssertEqual(task.test.count, 3)
            }
        }
    }

    func testSplit() throws {
        for name in ["split.pt", "split-legacy.pt"] {
            let bench = try load(name)
            XCTAssertEqual(bench.heads, .perTask)
            XCTAssertEqual(bench.imageShape, [3, 2, 2])
            XCTAssertEqual(bench.tasks.map(\.classes), [[0, 1], [2, 3], [4, 5]])
            XCTAssertEqual(bench.tasks[2].name, "classes 4 to 5")
            XCTAssertEqual(try bench.tasks[2].train.minibatch(0, 4).y.ints(), [0, 1, 0, 1])
            let shared = try load(name, heads: .shared)
            XCTAssertEqual(try shared.tasks[2].train.minibatch(0, 4).y.ints(), [4, 5, 4, 5])
            XCTAssertEqual(shared.headSize(2), 6)
        }
    }

    func testRotationsAndViews() throws {
        for suffix in ["", "-legacy"] {
            let rotations = try load("rotations\(suffix).pt")
            XCTAssertEqual(rotations.tasks.map(\.name), ["rotation by 0.0 degrees", "rotation by 37.5 degrees"])
            XCTAssertEqual(try rotations.tasks[1].train.minibatch(0, 1).x.floats()[1], Float(7) / 255 * 3 - 1)
            XCTAssertEqual(try rotations.tasks[1].train.minibatch(0, 4).y.ints(), [0, 1, 2, 3])
            XCTAssertTrue(problem { _ = try load("views\(suffix).pt") }.contains("task 0 has [1, 4, 4] (channels, height, width)"))
        }
        XCTAssertTrue(problem { _ = try load("module.pt") }.contains("no code is run"))
        XCTAssertTrue(problem { _ = try load("named.pt", heads: .shared) }.contains("holds no tasks"))
    }

    // MARK: - Writing

    private func check(_ bench: Benchmark, _ again: Benchmark) throws {
        XCTAssertEqual(again.heads, bench.heads)
        XCTAssertEqual(again.imageShape, bench.imageShape)
        XCTAssertEqual(again.tasks.count, bench.tasks.count)
        for (old, new) in zip(bench.tasks, again.tasks) {
            for (a, b) in [(old.train, new.train), (old.test, new.test)] {
                let (x, y) = (try a.minibatch(0, a.count), try b.minibatch(0, b.count))
                XCTAssertTrue(try x.x.equalsBitwise(y.x))
                XCTAssertTrue(try x.y.equalsBitwise(y.y))
            }
        }
    }

    func testRoundTrip() throws {
        let digits = try Digits.load()
        for bench in [try Benchmark.permuted(digits, tasks: 3, perTask: 50, seed: 1), try Benchmark.split(digits, tasks: 5, perTask: 30, seed: 2)] {
            try bench.save(to: "\(folder)/bench.pt")
            try check(bench, try load("\(folder)/bench.pt"))
        }
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["bench.pt"])
        XCTAssertThrowsError(try Benchmark.permuted(digits, tasks: 1, perTask: 5, seed: 1).save(to: "\(folder)/missing/bench.pt"))
    }

    func testHalfWrittenFilesDoNotStay() throws {
        let bench = try Benchmark.permuted(try Digits.load(), tasks: 3, perTask: 50, seed: 1)
        try write("bench.pt", [1, 2, 3])
        // A full disk, as far as a process can have one.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let old = limit
        signal(SIGXFSZ, SIG_IGN)
        limit.rlim_cur = 50_000
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let message = problem { try bench.save(to: "\(folder)/bench.pt") }
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), [old])
        XCTAssertTrue(message.contains("bench.pt' can't be written"), message)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["bench.pt"])
        XCTAssertEqual([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/bench.pt"))), [1, 2, 3])
    }

    /// torch.load and GEM's own way through the file give what the benchmark gives.
    func testPyTorchReadsIt() throws {
        guard Self.torchPython != nil else { throw XCTSkip("torch's own Python is not here") }
        let digits = try Digits.load()
        for (name, bench) in [("p", try Benchmark.permuted(digits, tasks: 3, perTask: 50, seed: 1)), ("s", try Benchmark.split(digits, tasks: 5, perTask: 30, seed: 2))] {
            try bench.save(to: "\(folder)/\(name).pt")
            let output = try python("""
                import torch
                d_tr, d_te = torch.load('\(name).pt', weights_only=True)
                n_outputs = 0
                for i in range(len(d_tr)):
                    n_outputs = max(n_outputs, d_tr[i][2].max(), d_te[i][2].max())
                print(len(d_tr), d_tr[0][1].size(1), int(n_outputs) + 1, d_tr[1][0])
                for part in (d_tr, d_te):
                    for description, x, y in part:
                        weights = torch.arange(x.numel(), dtype=torch.double).view_as(x) % 1009
                        print(str(x.dtype), list(x.shape), repr((x.double() * weights).sum().item()), y.tolist()[:20], str(y.dtype))
                torch.save([d_tr, d_te], '\(name)-zip.pt')
                torch.save([d_tr, d_te], '\(name)-legacy.pt', _use_new_zipfile_serialization=False)
                """)
            var lines = ["\(bench.tasks.count) 64 10 \(bench.heads == .shared ? "permutation 2" : "(2, 4)")"]
            for isTest in [false, true] {
                for task in bench.tasks {
                    let samples = isTest ? task.test : task.train
                    let batch = try samples.minibatch(0, samples.count)
                    let weights = try Tensor.from((0..<batch.x.count).map { $0 % 1009 }, shape: batch.x.shape).to(.float64)
                    let labels = try batch.y.ints().prefix(20).map { $0 + (bench.heads == .perTask ? 2 * task.number : 0) }
                    lines.append("torch.float32 [\(samples.count), 64] \(try batch.x.to(.float64).mul(weights).sum().item()) \(labels) torch.int64")
                }
            }
            XCTAssertEqual(output.split(separator: "\n").map(String.init), lines)
            try check(bench, try load("\(folder)/\(name)-zip.pt"))
            try check(bench, try load("\(folder)/\(name)-legacy.pt"))
        }
    }

    // MARK: - Bad files

    func testBadTasks() throws {
        guard Self.torchPython != nil else { throw XCTSkip("torch's own Python is not here") }
        _ = try python("""
            import torch
            x, y = torch.rand(4, 4), torch.tensor([0, 1, 0, 1])
            good = ['a', x, y]
            def save(name, obj): torch.save(obj, name + '.pt')
            save('counts', [[good, good], [good]])
            save('empty', [[], []])
            save('pair', [[['a']], [good]])
            save('short', [[['a', x, y[:3]]], [good]])
            save('negative', [[['a', x, y - 1]], [good]])
            save('huge', [[['a', x, y + 10**9]], [good]])
            save('fraction', [[['a', x, y + 0.5]], [good]])
            save('nan', [[['a', x / 0 - x / 0, y]], [good]])
            save('flat', [[['a', x.view(-1), y]], [good]])
            save('text', [[['a', 'x', y]], [good]])
            save('widths', [[good], [['a', x[:, :2], y]]])
            save('number', 5)
            save('ints', [[['a', (x * 1000).long(), y]], [good]])
            save('tables', [[['a', x, y * 99_999]] * 300] * 2)
            save('none', [[['a', x[:0], y[:0]]], [good]])
            save('complex', [[['a', x + 1j, y]], [good]])
            """)
        for (name, wanted) in [
            ("counts", "has 2 tasks for training, but 1 for testing"), ("empty", "holds 0 tasks"), ("pair", "training task 0 of"), ("short", "has 4 images, but y of training task 0"),
            ("negative", "has the label -1 at 0"), ("huge", "has the label 1000000000 at 0"), ("fraction", "where a whole number is needed"), ("nan", "in image 0"),
            ("flat", "not a tensor [N, D]"), ("text", "is a string, not a tensor"), ("widths", "test images [1, 1, 2]"), ("number", "holds an int, not tasks or samples"),
            ("ints", "with a value outside of 0 to 255 in image 0"), ("tables", "has labels up to 99999 in 300 tasks"), ("none", "holds no images"), ("complex", "torch.ComplexFloatStorage"),
        ] {
            let message = problem { _ = try load("\(folder)/\(name).pt") }
            XCTAssertTrue(message.contains(wanted) && message.contains("\(name).pt"), "\(name): \(message)")
        }
    }
}
