import ArgumentParser
import BCLScript
import Foundation
import Interpreter

/// `bclsh check FILE...`: everything that can be said about scripts without running them.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report errors and warnings of scripts without running them.",
        discussion: "Folders stand for the .bcl files in them. Exit code 65 if a file has errors; warnings alone give 0.")

    @ArgumentParser.Argument(help: "Files, folders, or - for standard input.")
    var paths: [String]

    func run() throws {
        let report = Tools.Report()
        var (files, errors, warnings) = (0, 0, 0)
        let session = Tools.session()
        for path in Tools.scripts(paths) {
            guard let source = report.read(path) else { continue }
            files += 1
            let problems = session.check(source)
            if !problems.isEmpty { report.show(problems) }
            errors += problems.count { $0.severity == .error }
            warnings += problems.count { $0.severity == .warning }
        }
        func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
        if files > 0 { print("\(counted(files, "file")) checked: \(counted(errors, "error")), \(counted(warnings, "warning"))") }
        quit(errors > 0 ? ExitStatus.rejected : report.status)
    }
}
