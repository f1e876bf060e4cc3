@testable import BCLScript
import XCTest

final class ParserTests: XCTestCase {
    private let verbs = ["train": VerbForm("train", [VerbForm.Slot(nil, "learner"), VerbForm.Slot("on", "task")]), "print": VerbForm("print", [VerbForm.Slot(nil, "values", required: false, variadic: true)])]

    /// A sentence gives a value where 'let', '=' and 'return' take one; a verb's name alone, or with a call's parenthesis, is an expression there.
    func testSentencesAsValues() {
        for text in ["let a = train me on x[0] epochs=3", "a = train me on x[0] epochs=3", "a.b = train me on x[0] epochs=3", "def f() { return train me on x[0] epochs=3 }", "let f = x => { return train me on x epochs=3 }"] {
            let result = parse(text)
            XCTAssertTrue(result.diagnostics.isEmpty, "\(text): \(result.diagnostics.map(\.message))")
            var calls = 0
            var walker = Walker()
            walker.onExpression = { if case .call(_, let arguments) = $0.kind, arguments.count == 3, arguments[2].keyword?.text == "epochs" { calls += 1 } }
            walker.walk(result.program)
            XCTAssertEqual(calls, 1, text)
        }
        for text in ["let a = train", "let a = train(me, x)", "let a = train\n-1", "a = train - 1", "let b = train [0]"] { XCTAssertTrue(parse(text).diagnostics.isEmpty, text) }
        for text in ["let a = train me x", "let a = f(train me on x)", "let a = 1 + train me on x"] { XCTAssertFalse(parse(text).diagnostics.isEmpty, text) }
    }

    private func parse(_ text: String) -> Parser.Result { Parser.parse(SourceFile(name: "t", text: text), verbs: verbs) }

    func testVerbsBecomeCalls() throws {
        let result = parse("train me.x on bench[0] epochs=2")
        XCTAssertTrue(result.diagnostics.isEmpty)
        guard case .verb(let call, _)? = result.program.statements.first?.kind, case .call(_, let arguments) = call.kind else { return XCTFail("no verb") }
        XCTAssertEqual(arguments.map { $0.keyword?.text }, [nil, nil, "epochs"])
    }

    func testVerbNamesAreNamesElsewhere() {
        for text in ["let train = 1\ntrain = 2", "train(me, task)", "print -1", "print (1 + 2) * 3", "print", "x.train(1)", "f(train=1)"] {
            XCTAssertEqual(parse(text).diagnostics.map(\.message), [], text)
        }
        XCTAssertEqual(parse("train me").diagnostics.first?.code, .wrongVerbForm)
        XCTAssertEqual(parse("train me at x").diagnostics.first?.hint, "the sentence reads 'train LEARNER on TASK'")
    }

    func testSeveralErrorsInOneGo() {
        let result = parse("let = 1\nlet a = \nlet ok = 1\nif { }\n")
        XCTAssertEqual(result.diagnostics.map { SourceFile(name: "t", text: "let = 1\nlet a = \nlet ok = 1\nif { }\n").position(at: $0.location!.span.start).line }, [1, 2, 4])
    }

    func testSpansUnderlineWhatIsMeant() {
        let source = SourceFile(name: "t.bcl", text: "let é = 1\nprint é + lérning(2)")
        let parsed = Parser.parse(source, verbs: verbs)
        XCTAssertTrue(parsed.diagnostics.isEmpty)
        let diagnostic = Diagnostic(.unknownName, "there is no 'lérning'", at: Location(source, Span(source.bytes.count - 11, source.bytes.count - 3)), hint: "did you mean 'x'?")
        XCTAssertEqual(DiagnosticRenderer(colour: false).render(diagnostic), """
            error[BCL0012]: there is no 'lérning'
             --> t.bcl:2:11
            2 | print é + lérning(2)
              |           ^^^^^^^
              hint: did you mean 'x'?
            """)
    }

    func testCompleteness() {
        for text in ["let x = 1", "if x { print 1 }", "f(1)", "x }", "\"open", ""] { XCTAssertEqual(Completeness.of(text), .complete, text) }
        for text in ["if x {", "f(1,", "[1, 2", "method m(a) {\n  on batch(x) {\n }"] { XCTAssertEqual(Completeness.of(text), .incomplete, text) }
    }

    func testSuggestions() {
        XCTAssertEqual(Suggestion.nearest(to: "evalute", among: ["evaluate", "train"]), "evaluate")
        XCTAssertEqual(Suggestion.nearest(to: "tarin", among: ["train", "print"]), "train")
        XCTAssertNil(Suggestion.nearest(to: "x", among: ["y", "z"]))
        XCTAssertNil(Suggestion.nearest(to: "abcdef", among: ["uvwxyz"]))
    }

    func testLexerSurvivesEveryPrefix() {
        let text = "let s = \"a {x[\"k\"]:.2f} {{b}} \\u{3b2}\" # c\nmethod m(a=0x1F, b=1e-3) { on batch(x) { return [1..2, a.b] } }\n"
        for end in 0...text.utf8.count {
            let bytes = Array(text.utf8.prefix(end))
            _ = Parser.parse(SourceFile(name: "p", bytes: bytes), verbs: verbs)
        }
    }

    func testFormatSpecs() {
        XCTAssertEqual(FormatSpec(".3f")?.precision, 3)
        XCTAssertEqual(FormatSpec("*^10")?.fill, "*")
        XCTAssertNil(FormatSpec("3.q"))
        XCTAssertNil(FormatSpec("99999999999999999999d"))
    }
}
