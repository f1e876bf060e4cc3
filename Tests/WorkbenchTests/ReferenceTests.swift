import Interpreter
import Workbench
import XCTest

/// The reference in docs/language.md says what the tables say. With BCL_RECORD=1 it is written anew, and the run fails.
final class ReferenceTests: XCTestCase {
    private let start = "<!-- The reference below is written by `BCL_RECORD=1 swift test --filter ReferenceTests`. -->\n"
    private let page = Project.root.appendingPathComponent("docs/language.md")

    func testReferenceIsUpToDate() throws {
        let text = try String(contentsOf: page, encoding: .utf8)
        let parts = text.components(separatedBy: start)
        XCTAssertEqual(parts.count, 2, "docs/language.md has the marker once")
        let reference = "\n" + Reference(Workbench.makeSession(library: Project.library).session).markdown
        if ProcessInfo.processInfo.environment["BCL_RECORD"] == "1" {
            try Data((parts[0] + start + reference).utf8).write(to: page)
            return XCTFail("recorded the reference: read the difference")
        }
        XCTAssertEqual(parts.last, reference, "run it with BCL_RECORD=1")
    }

    func testEveryMemberIsDocumented() {
        for (type, table) in Reference.types {
            for (name, member) in table.members { XCTAssertTrue(member.doc.hasSuffix(".") || member.doc.hasSuffix(")"), "\(type).\(name): \(member.doc)") }
        }
    }
}
