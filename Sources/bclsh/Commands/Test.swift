import ArgumentParser
import BCLScript
import Foundation
import Interpreter
import Workbench

/// `bclsh test FILE|FOLDER...`: runs the `test "name" { }` blocks of scripts.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the test blocks of scripts.",
        discussion: """
            Each file runs once in a session of its own, then its tests in turn, each with the random streams started anew. What a test prints is shown \
            if it fails. Folders stand for the .bcl files in them. Exit code 1 if a test failed.
            """)

    @ArgumentParser.Argument(help: "Files or folders.")
    var paths: [String]

    @Option(name: .long, help: "Only the tests whose name contains this.")
    var filter: String?

    @OptionGroup var options: SessionOptions

    func run() throws {
        let report = Tools.Report(.standardOutput)
        var (passed, failed) = (0, 0)
        for path in Tools.scripts(paths) {
            guard let source = report.read(path) else { continue }
            let (session, workbench) = options.makeSession()
            Interrupts.connect(session.interrupt)
            let filter = self.filter
            let seed = UInt64(options.seed)
            let outcome = session.runTests(
                source, sink: QuietSink(), matching: { name in filter.map { name.contains($0) } ?? true },
                prepare: { workbench.streams.reseed(seed) },
                report: { result in
                    switch result.outcome {
                    case .passed:
                        passed += 1
                        print("ok      \(path): \(result.name) (\(Self.time(result.seconds)))")
                    case .failed(let problem):
                        failed += 1
                        print("FAILED  \(path): \(result.name) (\(Self.time(result.seconds)))")
                        for line in result.output { print("        | \(line)") }
                        report.show([problem])
                    case .interrupted: break
                    }
                    fflush(stdout)
                })
            switch outcome {
            case .finished: break
            case .rejected(let problems):
                failed += 1
                print("FAILED  \(path): has errors")
                report.show(problems)
            case .failed(let problem):
                failed += 1
                print("FAILED  \(path): stopped before its tests")
                report.show([problem])
            case .interrupted: leave("interrupted", status: ExitStatus.interrupted)
            }
        }
        print("\(passed) passed, \(failed) failed")
        if passed + failed == 0, report.status == 0 {
            report.complain(filter.map { "no test's name contains '\($0)'" } ?? "there are no test blocks: write test \"name\" { assert ... }", status: ExitStatus.differs)
        }
        quit(report.status != 0 ? report.status : failed > 0 ? ExitStatus.differs : 0)
    }

    private static func time(_ seconds: Double) -> String { seconds < 1 ? "\(Int((seconds * 1000).rounded())) ms" : String(format: "%.1f s", seconds) }
}

/// Drops what a file under test prints on its way to its tests; warnings are kept for `check`.
private final class QuietSink: OutputSink {
    func receive(_ event: Event) {}
}
