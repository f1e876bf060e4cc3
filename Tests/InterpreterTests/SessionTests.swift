import BCLScript
import Interpreter
import XCTest

final class SessionTests: XCTestCase {
    private func session() -> Session { Session(registry: Registry(), library: Library(folder: nil)) }

    @discardableResult
    private func run(_ session: Session, _ text: String) -> (lines: [String], outcome: Session.Outcome) {
        let sink = CollectingSink()
        let outcome = session.execute(SourceFile(name: "cell", text: text), sink: sink, showsValues: true)
        return (sink.lines, outcome)
    }

    func testNamesLiveFromCellToCell() {
        let session = session()
        run(session, "let x = 2\ndef f(a) { return a * x }")
        XCTAssertEqual(run(session, "f(5)").lines, ["10"])
        run(session, "let x = 3")
        XCTAssertEqual(run(session, "f(5)").lines, ["15"])
    }

    func testRejectedCellChangesNothing() {
        let session = session()
        run(session, "let x = 1")
        guard case .rejected = run(session, "x = 5\nlet y = 1\nprint nonsense").outcome else { return XCTFail("should be rejected") }
        XCTAssertEqual(run(session, "x").lines, ["1"])
        guard case .rejected = run(session, "y").outcome else { return XCTFail("y should not be known") }
    }

    func testErrorKeepsWhatWasDoneBefore() {
        let session = session()
        guard case .failed(let problem) = run(session, "let a = 1\nlet b = 1 // 0\nlet c = 1").outcome else { return XCTFail("should fail") }
        XCTAssertEqual(problem.code, .divisionByZero)
        XCTAssertEqual(run(session, "a").lines, ["1"])
        guard case .failed(let later) = run(session, "c").outcome else { return XCTFail("c has no value") }
        XCTAssertEqual(later.code, .noValueYet)
    }

    func testInterruptStopsAnEndlessLoop() {
        let session = session()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { session.interrupt.request() }
        guard case .interrupted = run(session, "let n = 0\nwhile true { n = n + 1 }").outcome else { return XCTFail("should be interrupted") }
        session.interrupt.clear()
        XCTAssertEqual(run(session, "n > 0").lines, ["true"])
    }

    func testImportsBringNamesAndReportCycles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws { try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8) }
        try write("a.bcl", "let base = 10\ndef add(x) { return x + base }\nlet _hidden = 1\n")
        try write("one.bcl", "import \"two.bcl\"\n")
        try write("two.bcl", "import \"one.bcl\"\n")
        let session = session()
        func cell(_ text: String) -> (lines: [String], outcome: Session.Outcome) {
            let sink = CollectingSink()
            let outcome = session.execute(SourceFile(name: folder.path + "/main.bcl", text: text), sink: sink)
            return (sink.lines, outcome)
        }
        XCTAssertEqual(cell("import \"a.bcl\"\nprint add(5)").lines, ["15"])
        XCTAssertEqual(cell("import \"a.bcl\" as m\nprint m.add(1), m.base").lines, ["11 10"])
        guard case .rejected(let hidden) = cell("print _hidden").outcome else { return XCTFail() }
        XCTAssertEqual(hidden.first?.code, .unknownName)
        guard case .rejected(let cycle) = cell("import \"one.bcl\"").outcome else { return XCTFail("a cycle should be reported") }
        XCTAssertEqual(cycle.first?.code, .importCycle)
        guard case .rejected(let missing) = cell("import \"b.bcl\"").outcome else { return XCTFail() }
        XCTAssertEqual(missing.first?.code, .importFailed)
    }

    func testHostileTexts() {
        let texts = [
            String(repeating: "(", count: 10_000), String(repeating: "[", count: 10_000) + "1", String(repeating: "-", count: 10_000) + "1",
            "let x = " + String(repeating: "1+", count: 200_000) + "1", String(repeating: "if true { ", count: 3_000), "\"{{{{\"{", "\"{\"{\"{\"", "let = = =",
            "def f(n) { return f(n + 1) }\nf(0)", "let a = []\na.append(a)\nprint a\na == a", "9223372036854775807 + 1", "-9223372036854775807 - 2", "1 // 0", "1.0 % 0",
            "[1][9223372036854775807]", "\"ab\"[-5]", "2 ** 64", "\"x\" * 9223372036854775807", "let r = -9223372036854775807..9223372036854775807\nlist(r)", "int(1e300)", "round(1e300)",
            "\"{1:999999999999999999999f}\"", "x => ", "repeat -1 { }", "a.b.c = 1", "method m( { }", "\u{0}", "1 if 2 else 3", "for x in 1 { }", "0x", "1e999", "..", "=>",
        ]
        for text in texts {
            switch run(session(), text).outcome {
            case .finished: XCTAssertTrue(text.hasPrefix("let a = []"), "finished: \(text.prefix(60))")
            case .rejected(let problems): XCTAssertFalse(problems.isEmpty)
            case .failed(let problem): XCTAssertNotEqual(problem.code, .internalError, "\(text.prefix(60)): \(problem.message)")
            case .interrupted: XCTFail("interrupted")
            }
        }
        let bytes = session().execute(SourceFile(name: "bytes", bytes: [0x6C, 0xFF, 0xFE]), sink: CollectingSink())
        guard case .rejected(let problems) = bytes else { return XCTFail("invalid UTF-8 should be rejected") }
        XCTAssertEqual(problems.first?.code, .invalidText)
    }

    func testParameterOverrides() {
        let session = session()
        session.settings.texts = ["lr": "0.5", "name": "x y", "sizes": "1,2"]
        XCTAssertEqual(run(session, "param lr = 0.1\nparam name = \"a\"\nparam sizes = [3]\nprint lr, name, sizes").lines, ["0.5 x y [1, 2]"])
        session.settings.texts = ["lr": "fast"]
        guard case .failed(let problem) = run(session, "param lr = 0.1").outcome else { return XCTFail() }
        XCTAssertEqual(problem.code, .badParameterValue)
    }
}
