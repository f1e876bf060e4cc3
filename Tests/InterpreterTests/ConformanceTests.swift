import BCLScript
import Interpreter
import XCTest

/// Runs Tests/Conformance; its README tells how a program says what it does.
final class ConformanceTests: XCTestCase {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Conformance")

    private struct Expectation {
        let code: String
        let part: String
        let line: Int
    }

    func testAllPrograms() throws {
        let names = try XCTUnwrap(FileManager.default.enumerator(atPath: Self.folder.path)).compactMap { $0 as? String }.filter { $0.hasSuffix(".bcl") }.sorted()
        var count = 0
        for name in names {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            var line = 1
            for chunk in text.components(separatedBy: "\n---\n") {
                try check(chunk, "\(name):\(line)")
                line += chunk.split(separator: "\n", omittingEmptySubsequences: false).count + 1
                count += 1
            }
        }
        XCTAssertGreaterThan(count, 150)
    }

    /// Each folder has its row in the table, and each row its folder and files.
    func testReadmeNamesEveryFolder() throws {
        let readme = try String(contentsOf: Self.folder.appendingPathComponent("README.md"), encoding: .utf8)
        let rows = Set(readme.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) })
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { !$0.contains(".") }
        XCTAssertEqual(rows, Set(folders))
    }

    private func check(_ chunk: String, _ place: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = chunk.components(separatedBy: "\n@ ")
        for file in files.dropFirst() {
            let lines = file.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let path = folder.appendingPathComponent(String(lines[0]))
            try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((lines.count > 1 ? String(lines[1]) : "").utf8).write(to: path)
        }
        run(files[0], folder.appendingPathComponent("main.bcl").path, place)
    }

    private func run(_ program: String, _ path: String, _ place: String) {
        var expected: [String] = []
        var (error, warnings): (Expectation?, [Expectation]) = (nil, [])
        for (index, line) in program.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let range = line.range(of: "# => ") { expected.append(String(line[range.upperBound...])) }
            func expectation(_ mark: String) -> Expectation? {
                guard let range = line.range(of: mark) else { return nil }
                let rest = line[range.upperBound...].split(separator: ":", maxSplits: 1)
                return Expectation(code: String(rest[0]), part: rest.count > 1 ? rest[1].trimmingCharacters(in: .whitespaces) : "", line: index + 1)
            }
            error = expectation("# error ") ?? error
            if let warning = expectation("# warning ") { warnings.append(warning) }
        }
        let registry = Registry()
        registry.add([EventForm("batch", ["x", "y", "t"], doc: "")])
        let session = Session(registry: registry, library: Library(folder: nil))
        let sink = CollectingSink()
        let source = SourceFile(name: path, text: program)
        let outcome = session.execute(source, sink: sink, showsValues: true)
        XCTAssertEqual(sink.lines, expected, place)
        XCTAssertEqual(sink.warnings.count, warnings.count, "\(place): \(sink.warnings.map(\.message))")
        for (found, wanted) in zip(sink.warnings, warnings) { compare(found, wanted, source, place) }
        let problem: Diagnostic?
        switch outcome {
        case .rejected(let problems): problem = problems.first
        case .failed(let failure): problem = failure
        case .finished, .interrupted: problem = nil
        }
        guard let error else { return XCTAssertNil(problem?.message, place) }
        guard let problem else { return XCTFail("\(place): no error") }
        compare(problem, error, source, place)
    }

    private func compare(_ found: Diagnostic, _ wanted: Expectation, _ source: SourceFile, _ place: String) {
        XCTAssertEqual(found.code.name, wanted.code, "\(place): \(found.message)")
        XCTAssertTrue(found.message.contains(wanted.part), "\(place): \(found.message)")
        if let location = found.location, location.source === source { XCTAssertEqual(location.source.position(at: location.span.start).line, wanted.line, place) }
    }
}
