@testable import BCLScript
import Interpreter
import Workbench
import XCTest

/// `bclsh fmt` keeps the meaning: the tree of the formatted text is that of the source, and formatting it again changes nothing.
final class FormatterTests: XCTestCase {
    private let verbs = Workbench.makeSession(library: Library(folder: nil)).0.registry.verbs

    private func check(_ text: String, _ name: String, file: StaticString = #filePath, line: UInt = #line) throws {
        let source = SourceFile(name: name, text: text)
        let parsed = Parser.parse(source, verbs: verbs)
        XCTAssertEqual(parsed.diagnostics.map(\.message), [], "\(name):\n\(text)", file: file, line: line)
        guard parsed.diagnostics.isEmpty else { return }
        guard let formatted = try Formatter.format(source, verbs: verbs) else { return XCTFail("\(name): does not read back:\n\(text)", file: file, line: line) }
        let again = Parser.parse(SourceFile(name: name, text: formatted), verbs: verbs)
        XCTAssertEqual(TreeText.of(again.program.statements), TreeText.of(parsed.program.statements), "\(name):\n\(text)\n->\n\(formatted)", file: file, line: line)
        XCTAssertEqual(again.program.comments.map(\.text), parsed.program.comments.map(\.text), name, file: file, line: line)
        XCTAssertEqual(try Formatter.format(SourceFile(name: name, text: formatted), verbs: verbs), formatted, "\(name): formatted twice", file: file, line: line)
    }

    func testScriptsOfTheProject() throws {
        var count = 0
        for folder in ["stdlib", "examples", "Tests/Conformance"] {
            let files = try XCTUnwrap(FileManager.default.enumerator(at: Project.root.appendingPathComponent(folder), includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "bcl" {
                let text = try String(contentsOf: file, encoding: .utf8)
                // Conformance programs are many in a file, and some are wrong on purpose.
                let programs = folder.hasPrefix("Tests") ? text.components(separatedBy: "\n---\n").map { $0.components(separatedBy: "\n@ ")[0] } : [text]
                for program in programs where !program.contains("# error") {
                    try check(program, file.lastPathComponent)
                    count += 1
                }
                if !folder.hasPrefix("Tests") {
                    XCTAssertEqual(try Formatter.format(SourceFile(name: file.path, text: text), verbs: verbs), text, "\(file.lastPathComponent) is not formatted")
                }
            }
        }
        XCTAssertGreaterThan(count, 20)
    }

    func testGeneratedPrograms() throws {
        for seed in 0..<400 {
            var generator = ProgramGenerator(seed: UInt64(seed))
            try check(generator.program(), "seed \(seed)")
            if testRun?.failureCount ?? 0 > 0 { return }
        }
    }

    func testStyle() throws {
        let untidy = "let  x=1   # one\nlet yy = [ 1,2 , 3 ]# two\n\n\n\nif x==1{print   'a';print -x}\nelse {\nprint yy[ 0:2 ],x** -2\n}\nlet f=(a,b=2)=>a+b"
        XCTAssertEqual(try Formatter.format(SourceFile(name: "t", text: untidy), verbs: verbs), """
            let x = 1           # one
            let yy = [1, 2, 3]  # two

            if x == 1 { print "a"; print -x } else {
              print yy[0:2], x ** -2
            }
            let f = (a, b=2) => a + b

            """)
    }
}

/// A tree as text, without the places.
enum TreeText {
    static func of(_ value: Any) -> String {
        var result = ""
        write(value, into: &result)
        return result
    }

    private static func write(_ value: Any, into result: inout String) {
        if value is Span || value is SourceFile { return }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional, mirror.children.isEmpty {
            result += "nil "
        } else if mirror.children.isEmpty {
            result += "\(value) "
        } else {
            result += mirror.displayStyle == .class || mirror.displayStyle == .struct ? "\(mirror.subjectType)(" : "("
            for child in mirror.children {
                if let label = child.label { result += label + ":" }
                write(child.value, into: &result)
            }
            result += ")"
        }
    }
}
