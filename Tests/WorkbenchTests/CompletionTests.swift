import BCLScript
import Workbench
import XCTest

/// Completion at any place of any script, whole or cut off there: it may offer nothing, but it answers.
final class CompletionTests: XCTestCase {
    func testEveryPlaceOfEveryScript() throws {
        let (session, _) = Workbench.makeSession(library: Project.library)
        var places = 0
        for folder in ["stdlib/methods", "examples", "Tests/Conformance/expressions", "Tests/Conformance/functions", "Tests/Conformance/mistakes"] {
            for file in try FileManager.default.contentsOfDirectory(at: Project.root.appendingPathComponent(folder), includingPropertiesForKeys: nil) where file.pathExtension == "bcl" {
                let bytes = [UInt8](try Data(contentsOf: file))
                for offset in stride(from: 0, through: bytes.count, by: 23) {
                    let whole = Completion.at(offset, in: SourceFile(name: file.path, bytes: bytes), session)
                    XCTAssertLessThanOrEqual(whole.replaced.end, bytes.count)
                    _ = Completion.at(offset, in: SourceFile(name: file.path, bytes: Array(bytes[..<offset])), session)
                    places += 1
                }
            }
        }
        XCTAssertGreaterThan(places, 200)
    }
}
