import BCLScript
import Figures
import Interpreter
import Workbench
import XCTest

/// Tests/Diagnostics/*.golden: programs, each with what a person reads about it. Chunks are separated by lines of `---`; a chunk is a program, a line `=>`, and
/// what it prints with the messages as they are shown. `@ NAME` starts another file of the same chunk.
/// With BCL_RECORD=1 the files are written anew, and the run fails: the difference is to be read before it is kept.
final class DiagnosticsTests: XCTestCase {
    private let home = FileManager.default.currentDirectoryPath

    override func tearDown() { FileManager.default.changeCurrentDirectoryPath(home) }

    func testGoldenMessages() throws {
        let records = ProcessInfo.processInfo.environment["BCL_RECORD"] == "1"
        var count = 0
        let folder = Project.root.appendingPathComponent("Tests/Diagnostics")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).sorted(by: { $0.path < $1.path }) where file.pathExtension == "golden" {
            var recorded: [String] = []
            for chunk in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n---\n") {
                let parts = chunk.components(separatedBy: "\n=>\n")
                let program = parts[0].trimmingCharacters(in: .newlines)
                let shown = try run(program)
                count += 1
                recorded.append("\(program)\n=>\n\(shown)")
                if !records { XCTAssertEqual(shown, parts.count > 1 ? parts[1].trimmingCharacters(in: .newlines) : "", "\(file.lastPathComponent): \(program)") }
            }
            if records { try Data((recorded.joined(separator: "\n---\n") + "\n").utf8).write(to: file) }
        }
        XCTAssertGreaterThanOrEqual(count, 120)
        if records { XCTFail("recorded \(count) messages: read the difference") }
    }

    /// What the program prints, and the messages.
    private func run(_ chunk: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-diagnostics-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = chunk.components(separatedBy: "\n@ ")
        try Data(files[0].utf8).write(to: folder.appendingPathComponent("main.bcl"))
        for file in files.dropFirst() {
            let lines = file.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let path = folder.appendingPathComponent(String(lines[0]))
            try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((lines.count > 1 ? String(lines[1]) : "").utf8).write(to: path)
        }
        FileManager.default.changeCurrentDirectoryPath(folder.path)
        defer { FileManager.default.changeCurrentDirectoryPath(home) }
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = RenderingSink()
        switch session.execute(SourceFile(name: "main.bcl", text: files[0]), sink: sink, kind: .file) {
        case .finished: break
        case .rejected(let problems): sink.lines += problems.map(sink.renderer.render)
        case .failed(let problem): sink.lines.append(sink.renderer.render(problem))
        case .interrupted: sink.lines.append("interrupted")
        }
        return sink.lines.joined(separator: "\n").replacingOccurrences(of: Project.root.path + "/", with: "")
    }

    /// Every code is explained; a wrong program brings about just that code, a right one nothing.
    func testExplanations() throws {
        XCTAssertEqual(Set(Explanation.all.map(\.code)), Set(DiagnosticCode.allCases))
        XCTAssertEqual(Explanation.all.count, DiagnosticCode.allCases.count)
        let folder = FileManager.default.temporaryDirectory
        FileManager.default.changeCurrentDirectoryPath(folder.path)
        for explanation in Explanation.all {
            XCTAssertFalse(explanation.text.isEmpty)
            if let wrong = explanation.wrong { XCTAssertEqual(Set(codes(wrong)), [explanation.code.name], wrong) }
            if let right = explanation.right { XCTAssertEqual(codes(right), [], right) }
        }
    }

    private func codes(_ program: String) -> [String] {
        let (session, _) = Workbench.makeSession(library: Project.library)
        let sink = RenderingSink()
        switch session.execute(SourceFile(name: "t", text: program), sink: sink, kind: .file) {
        case .finished: return sink.warnings
        case .rejected(let problems): return problems.map(\.code.name)
        case .failed(let problem): return sink.warnings + [problem.code.name]
        case .interrupted: return ["interrupted"]
        }
    }
}

private final class RenderingSink: OutputSink {
    let renderer = DiagnosticRenderer(colour: false)
    var lines: [String] = []
    var warnings: [String] = []

    func receive(_ event: Event) {
        switch event {
        case .text(let text): lines.append(text)
        case .shown(let value): lines.append(Describer.string(value, quoted: true))
        case .figure(let figure): lines.append(PlainText.text(figure))
        case .warning(let diagnostic):
            warnings.append(diagnostic.code.name)
            lines.append(renderer.render(diagnostic))
        case .progress: break
        }
    }
}
