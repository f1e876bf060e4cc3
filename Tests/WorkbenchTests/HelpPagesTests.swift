import BCLScript
import Interpreter
import Workbench
import XCTest

/// Help at the prompt, and completion that knows the session's values.
final class HelpPagesTests: XCTestCase {
    private let session = Workbench.makeSession(library: Project.library).session
    private var pages: HelpPages { HelpPages(session, width: 60) }

    private func run(_ text: String) -> [String] {
        let sink = CollectingSink()
        switch session.execute(SourceFile(name: "t", text: text), sink: sink) {
        case .failed(let problem): return sink.lines + [problem.message]
        case .rejected(let problems): return sink.lines + problems.map(\.message)
        default: return sink.lines
        }
    }

    func testEverythingThatIsListedHasAPage() {
        for name in session.registry.builtins.keys { XCTAssertTrue(pages.page(for: name)?.contains("example:") ?? false, name) }
        for name in Array(session.loader.library.files.keys) + Array(session.registry.events.keys) + pages.topicNames.filter({ $0 != "topics" }) {
            XCTAssertNotNil(pages.page(for: name), name)
        }
        for name in session.registry.builtins.keys { XCTAssertTrue(pages.topics.contains(name), name) }
        XCTAssertNil(pages.page(for: "prmuted"))
        XCTAssertEqual(pages.suggestion(for: "prmuted"), "did you mean 'permuted'?")
    }

    func testLinesFitTheWindow() {
        for name in ["train", "save", "tensors", "tensor"] {
            for line in (pages.page(for: name) ?? "").split(separator: "\n") where !line.hasPrefix("    ") && line.contains(" ") && !line.contains("(") && !line.contains("|") { XCTAssertLessThanOrEqual(line.count, 72, String(line)) }
        }
    }

    func testExamplesOfMethodsRun() throws {
        for name in session.loader.library.files.keys.sorted() {
            let example = try XCTUnwrap(pages.examples(for: name), name)
            let small = example.replacingOccurrences(of: "per_task=300", with: "per_task=20").replacingOccurrences(of: "tasks=3", with: "tasks=2")
            let (fresh, _) = Workbench.makeSession(library: Project.library)
            let outcome = fresh.execute(SourceFile(name: name, text: small), sink: CollectingSink())
            if case .finished = outcome {} else { XCTFail("\(name): \(outcome)") }
        }
    }

    func testNamesOfTheSession() {
        XCTAssertEqual(run("# Half of it.\ndef half(x) { return x / 2 }\nlet r = {rate: 0.5}\nlet bench = permuted(digits(), tasks=2, per_task=20)\nlet me = er(mlp(64, 8, 10), bench)"), [])
        XCTAssertEqual(pages.page(for: "half"), "def half(x)\n  Half of it.")
        XCTAssertEqual(pages.source(of: "half"), "# t\n# Half of it.\ndef half(x) { return x / 2 }")
        XCTAssertTrue(pages.source(of: "me")?.contains("method er(") ?? false)
        XCTAssertTrue(pages.source(of: "bcl_dual")?.contains("method bcl_dual(") ?? false)
        XCTAssertTrue(pages.page(for: "me.acc")?.contains("Average accuracy") ?? false)
        XCTAssertTrue(pages.page(for: "r")?.hasPrefix("r: record\n") ?? false)
        XCTAssertEqual(run("help half"), ["def half(x)\n  Half of it."])
        XCTAssertTrue(run("help(er)").first?.contains("Experience replay") ?? false)
        XCTAssertEqual(run("help(half)"), ["def half(x)\n  Half of it."])
        XCTAssertTrue(run("help(me.net.initialize)").first?.contains("truncated_normal") ?? false)
        XCTAssertEqual(run("help nonsense_name"), ["nothing is known about 'nonsense_name'"])
    }

    // MARK: - Completion

    /// Labels at the | of a text.
    private func labels(_ marked: String) -> [String] {
        let text = marked.replacingOccurrences(of: "|", with: "")
        let offset = marked.prefix { $0 != "|" }.utf8.count
        return Completion.at(offset, in: SourceFile(name: "", text: text), session).items.map(\.label)
    }

    func testMembersOfLiveValues() {
        XCTAssertEqual(run("let r = {rate: 0.5, inner: {deep: 1}}\nlet bench = permuted(digits(), tasks=2, per_task=20)\nlet me = er(mlp(64, 8, 10), bench)\nlet s = \"x\""), [])
        XCTAssertEqual(labels("r.|").prefix(2), ["rate", "inner"])
        XCTAssertEqual(labels("print r.inner.|").first, "deep")
        XCTAssertTrue(Set(labels("me.|")).isSuperset(of: ["replay", "memory", "acc", "losses"]))
        XCTAssertTrue(labels("me.net.weights.|").contains("snapshot") && !labels("me.net.weights.|").contains("append"))
        XCTAssertTrue(labels("s.|").contains("upper") && !labels("s.|").contains("append"))
        // A name that the text declares is its own.
        XCTAssertTrue(labels("let r = [1]\nr.|").contains("append"))
        XCTAssertTrue(labels("print |").contains("me"))
    }

    func testWordsOfSentences() {
        XCTAssertEqual(run("let bench = permuted(digits(), tasks=2, per_task=20)\nlet me = er(mlp(64, 8, 10), bench)"), [])
        XCTAssertEqual(labels("train me |"), ["on"])
        XCTAssertEqual(labels("train me o|"), ["on"])
        XCTAssertEqual(labels("save me |"), ["to"])
        XCTAssertEqual(labels("train me on bench[0] |"), ["epochs=", "batch=", "curve="])
        XCTAssertEqual(labels("train me on bench[0] epochs=2 |"), ["batch=", "curve="])
        XCTAssertTrue(labels("train me on |").contains("bench") && !labels("train me on |").contains("epochs="))
        XCTAssertTrue(Set(labels("step me |")).isSuperset(of: ["phase", "batch", "task"]))
        XCTAssertTrue(labels("step |").starts(with: ["statement", "phase", "batch", "task"]))
        XCTAssertFalse(labels("train = |").contains("on"))
        XCTAssertEqual(labels("er(me, bench, |").first, "lr=")
        XCTAssertFalse(labels("er(me, bench, |").contains("net="))
    }
}
