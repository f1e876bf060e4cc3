import ArgumentParser
import BCLScript
import Engine
import Foundation
import Workbench

/// `bclsh fmt FILE...`: rewrites scripts in the one style.
struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Rewrite scripts in the one style; the meaning and the comments stay.",
        discussion: "Folders stand for the .bcl files in them. A file with syntax errors is left as it is. '-' formats standard input to standard output.")

    @ArgumentParser.Argument(help: "Files, folders, or - for standard input.")
    var paths: [String]

    @Flag(help: "Change nothing; name the files that are not in the style, and exit with 1 if there are any.")
    var check = false

    func run() throws {
        let verbs = Tools.session().registry.verbs
        let report = Tools.Report()
        var (changed, count) = (0, 0)
        for path in Tools.scripts(paths) {
            guard let source = report.read(path) else { continue }
            count += 1
            let text: String
            do {
                guard let formatted = try Formatter.format(source, verbs: verbs) else {
                    report.complain("\(source.name): the formatted text would mean something else; it is left as it is. This is a fault of bclsh", status: ExitStatus.failed)
                    continue
                }
                text = formatted
            } catch {
                if let problem = error as? Diagnostic { report.show([problem]) }
                report.status = ExitStatus.rejected
                continue
            }
            if path == "-", !check {
                FileHandle.standardOutput.write(Data(text.utf8))
                continue
            }
            if Array(text.utf8) == source.bytes { continue }
            changed += 1
            if check { print("\(source.name) is not formatted") } else {
                do { try AtomicFile.write(Data(text.utf8), to: path) } catch { report.complain("\(error)", status: ExitStatus.cantCreate) }
            }
        }
        if paths != ["-"] {
            let files = count == 1 ? "1 file" : "\(count) files"
            print(check ? "\(files) checked, \(changed) not formatted" : "\(files), \(changed) rewritten")
        }
        quit(report.status != 0 ? report.status : check && changed > 0 ? ExitStatus.differs : 0)
    }
}
