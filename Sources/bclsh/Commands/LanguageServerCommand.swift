import ArgumentParser
import Foundation
import LanguageServer

/// `bclsh lsp`: for editors.
struct LanguageServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsp", abstract: "Serve editors: the Language Server Protocol over standard input and output.",
        discussion: "Diagnostics while typing, completion, hover, definitions, formatting, document symbols. editors/vscode holds an extension that starts it.")

    func run() throws {
        quit(Server(session: Tools.session(), input: .standardInput, output: .standardOutput, version: Version.number).run())
    }
}
