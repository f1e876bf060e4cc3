import ArgumentParser
import Engine
import Foundation

/// The command `bclsh`. What is no subcommand is a file to run: `bclsh FILE`, `bclsh -e CODE`, and `#!` lines work without `run`.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bclsh",
        abstract: "A shell and language for bilevel continual learning.",
        discussion: """
            Without arguments: a prompt on a terminal, or runs the code on standard input.
            Exit codes: 0 done; 1 a trace differs, or a run of a sweep failed; 64 wrong usage; 65 errors in the code (nothing was run); \
            66 a file can't be read; 69 a download failed; 70 an error while running; 73 a file can't be written; 130 interrupted (Ctrl-C), \
            143 terminated (SIGTERM), with --checkpoint once a checkpoint is written.
            """,
        version: Version.text,
        subcommands: [Run.self, Resume.self, Shell.self, Check.self, Format.self, Test.self, Explain.self, NotebookCommand.self, Verify.self, DataCommand.self, RunsCommand.self, ReportCommand.self, SweepGroup.self, LanguageServerCommand.self])

    static func main() {
        Torch.keepMemory()
        var arguments = Array(CommandLine.arguments.dropFirst())
        let known = Set(configuration.subcommands.map { $0.configuration.commandName ?? "" } + ["help", "--help", "-h", "--version", "--generate-completion-script", "--experimental-dump-help"])
        if arguments.isEmpty {
            arguments = [isatty(STDIN_FILENO) == 1 ? "shell" : "run"]
        } else if let first = arguments.first, !known.contains(first) {
            arguments.insert("run", at: 0)
        }
        self.arguments = Array(arguments.dropFirst())
        main(arguments)
        quit(0)
    }

    /// Of the subcommand, as they were given.
    nonisolated(unsafe) private(set) static var arguments: [String] = []
}

enum Version {
    static let number = "0.1.0"
    static var text: String { "bclsh \(number)" }
}

/// Exit codes, from sysexits.h where it has one.
enum ExitStatus {
    static let differs: Int32 = 1
    static let usage: Int32 = 64
    static let rejected: Int32 = 65
    static let noInput: Int32 = 66
    static let unavailable: Int32 = 69
    static let failed: Int32 = 70
    static let cantCreate: Int32 = 73
    static let interrupted: Int32 = 130
}

/// Ends the process once all output is written, without running the destructors of libtorch's globals: they take a tenth of a second.
func quit(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}

/// Leaves with a message on standard error.
func leave(_ message: String, hint: String? = nil, status: Int32) -> Never {
    var text = "bclsh: \(message)\n"
    if let hint { text += "  hint: \(hint)\n" }
    fflush(stdout)
    FileHandle.standardError.write(Data(text.utf8))
    quit(status)
}
