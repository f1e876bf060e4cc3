import BCLScript
import Foundation
import Interpreter

/// A script's `param`s, and whether values from the command line fit them.
struct ScriptParameters {
    private let parameters: [(name: String, defaultText: String, literal: Value?)]

    /// nil where the script has errors: those are told when it is run.
    init?(_ session: Session, _ source: SourceFile) {
        guard let parameters = session.parameters(of: source) else { return nil }
        self.parameters = parameters
    }

    /// Names that the script has no `param` for, and values that do not fit, are wrong usage: the process ends.
    /// - Parameter option: what stood on the command line.
    func check(_ name: String, _ value: String, _ option: String) {
        guard let parameter = parameters.first(where: { $0.name == name }) else {
            let near = Suggestion.nearest(to: name, among: parameters.map(\.name)).map { "did you mean '\($0)'?" }
            let known = parameters.isEmpty ? "it has no 'param'" : "it has \(parameters.map(\.name).joined(separator: ", "))"
            leave("\(option): the script has no param '\(name)'", hint: near ?? known, status: ExitStatus.usage)
        }
        if let literal = parameter.literal, !Session.fits(value, literal) {
            leave("\(option): '\(value)' is not \(literal.phrase) like the default \(parameter.defaultText)", status: ExitStatus.usage)
        }
    }
}

/// A script on the disk.
enum ScriptFile {
    /// The process ends where it can't be read.
    static func read(_ path: String, suggestsCommands: Bool = false) -> SourceFile {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let commands = suggestsCommands ? Main.configuration.subcommands.compactMap { $0.configuration.commandName } : []
            leave("there is no file '\(path)'", hint: Suggestion.nearest(to: path, among: commands).map { "did you mean 'bclsh \($0)'?" }, status: ExitStatus.noInput)
        }
        guard !isFolder.boolValue else { leave("'\(path)' is a folder, not a script", status: ExitStatus.noInput) }
        guard let data = FileManager.default.contents(atPath: path) else { leave("'\(path)' can't be read", status: ExitStatus.noInput) }
        return SourceFile(name: path, bytes: [UInt8](data))
    }
}
