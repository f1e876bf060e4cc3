import BCLScript
import Interpreter
import XCTest

/// Runs Tests/Conformance/*.bcl. A file holds programs separated by lines of `---`; each says what it does:
/// `# => text` for a line of output, in order; `# error BCL0012: part of the message` for how it ends, on or above the line at fault.
final class ConformanceTests: XCTestCase {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Conformance")

    func testAllPrograms() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil).filter { $0.pathExtension == "bcl" }
        XCTAssertFalse(files.isEmpty)
        for file in files.sorted(by: { $0.path < $1.path }) {
            let text = try String(contentsOf: file, encoding: .utf8)
            var line = 1
            for chunk in text.components(separatedBy: "\n---\n") {
                check(chunk, "\(file.lastPathComponent):\(line)")
                line += chunk.split(separator: "\n", omittingEmptySubsequences: false).count + 1
            }
        }
    }

    private func check(_ program: String, _ place: String) {
        var expected: [String] = []
        var error: (code: String, part: String, line: Int)?
        for (index, line) in program.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let range = line.range(of: "# => ") { expected.append(String(line[range.upperBound...])) }
            if let range = line.range(of: "# error ") {
                let rest = line[range.upperBound...].split(separator: ":", maxSplits: 1)
                error = (String(rest[0]), rest.count > 1 ? rest[1].trimmingCharacters(in: .whitespaces) : "", index + 1)
            }
        }
        let registry = Registry()
        registry.add([EventForm("batch", ["x", "y", "t"], doc: "")])
        let session = Session(registry: registry, library: Library(folder: nil))
        let sink = CollectingSink()
        let outcome = session.execute(SourceFile(name: place, text: program), sink: sink, showsValues: true)
        XCTAssertEqual(sink.lines, expected, place)
        let problem: Diagnostic?
        switch outcome {
        case .rejected(let problems): problem = problems.first
        case .failed(let failure): problem = failure
        case .finished, .interrupted: problem = nil
        }
        guard let error else { return XCTAssertNil(problem?.message, place) }
        XCTAssertEqual(problem?.code.name, error.code, "\(place): \(problem?.message ?? "no error")")
        XCTAssertTrue(problem?.message.contains(error.part) ?? false, "\(place): \(problem?.message ?? "no error")")
        if let location = problem?.location { XCTAssertEqual(location.source.position(at: location.span.start).line, error.line, place) }
    }
}
