import BCLScript
import Foundation
import Interpreter
import Workbench

/// What the commands on many files share.
enum Tools {
    static func session() -> Session { Workbench.makeSession(library: Stdlib.library()).session }

    /// Folders become the .bcl files below them, sorted; other paths stay as they are.
    static func scripts(_ paths: [String]) -> [String] {
        paths.flatMap { path -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return [path] }
            let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            let scripts = names.filter { $0.hasSuffix(".bcl") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }.sorted()
            if scripts.isEmpty { leave("there is no .bcl file in the folder '\(path)'", status: ExitStatus.noInput) }
            return scripts.map { "\(folder)/\($0)" }
        }
    }

    /// Collects how the work on several files went; one bad file does not keep the others from their turn.
    final class Report {
        var status: Int32 = 0
        private let output: FileHandle
        private let renderer: DiagnosticRenderer

        init(_ output: FileHandle = .standardError) {
            self.output = output
            renderer = DiagnosticRenderer(colour: Terminal.showsColour(output.fileDescriptor))
        }

        /// The text of a file, or of standard input for "-"; nil, with a complaint, where it can't be read.
        func read(_ path: String) -> SourceFile? {
            if path == "-" { return SourceFile(name: "standard input", bytes: [UInt8](FileHandle.standardInput.readDataToEndOfFile())) }
            guard FileManager.default.fileExists(atPath: path) else {
                complain("there is no file '\(path)'", status: ExitStatus.noInput)
                return nil
            }
            guard let data = FileManager.default.contents(atPath: path) else {
                complain("'\(path)' can't be read", status: ExitStatus.noInput)
                return nil
            }
            return SourceFile(name: path, bytes: [UInt8](data))
        }

        func show(_ problems: [Diagnostic]) { write(problems.map(renderer.render).joined(separator: "\n") + "\n") }

        func complain(_ message: String, status: Int32) {
            fflush(stdout)
            FileHandle.standardError.write(Data("bclsh: \(message)\n".utf8))
            self.status = max(self.status, status)
        }

        private func write(_ text: String) {
            fflush(stdout)
            output.write(Data(text.utf8))
        }
    }
}
