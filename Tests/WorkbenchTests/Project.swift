import BCLScript
import Foundation
import Interpreter
import Workbench

/// Where the project's files are, as seen from its tests.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let library = Library(folder: root.appendingPathComponent("stdlib").path)

    /// What a program prints, with the messages of its errors at the end if it has some.
    static func run(_ program: String) -> [String] {
        let (session, _) = Workbench.makeSession(library: library)
        let sink = CollectingSink()
        switch session.execute(SourceFile(name: "t", text: program), sink: sink) {
        case .failed(let problem): return sink.lines + ["\(problem.code.name): \(problem.message)"]
        case .rejected(let problems): return sink.lines + problems.map { "\($0.code.name): \($0.message)" }
        default: return sink.lines
        }
    }
}
