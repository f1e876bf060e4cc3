import BCLScript
import Foundation
import Interpreter
import Workbench

/// What the shell itself understands, beside the language: one table for running, help and completion.
struct ShellCommand {
    enum Argument {
        case none
        /// Something that help knows.
        case name
        case code
        /// A file with one of these endings.
        case file([String])
        case words([String])
    }

    let name: String
    let form: String
    let doc: String
    let argument: Argument
    let run: (ShellState, String) throws -> Void

    init(_ form: String, _ doc: String, _ argument: Argument = .none, _ run: @escaping (ShellState, String) throws -> Void) {
        name = form.split(separator: " ").first.map(String.init) ?? form
        self.form = form
        self.doc = doc
        self.argument = argument
        self.run = run
    }

    var takesCode: Bool {
        if case .code = argument { return true }
        return false
    }

    static let all: [ShellCommand] = helpCommands + sessionCommands + recordCommands + lessonCommands

    static func named(_ name: String) -> ShellCommand? { all.first { $0.name == name } }

    // MARK: - Reading

    /// The command that a text starts with, and the rest; nil where it is code. Words without a prefix count only where they can't be code.
    static func parse(_ text: String) -> (command: ShellCommand, argument: String)? {
        let text = text.trimmed
        guard let first = text.split(whereSeparator: \.isWhitespace).first else { return nil }
        let rest = String(text.dropFirst(first.count)).trimmed
        guard let command = named(String(first)) else { return nil }
        if command.name.hasPrefix("%") { return (command, rest) }
        let isWord = rest.allSatisfy { $0.isLetter || $0.isNumber || "_.%?".contains($0) }
        return isWord ? (command, rest) : nil
    }

    /// As `parse`; also `?name`, `name?`, and complaints about commands that there are not.
    static func find(_ text: String, in shell: ShellState) throws -> (ShellCommand, String)? {
        if text.hasPrefix("?") {
            let name = String(text.drop { $0 == "?" }).trimmed
            return (named(text.hasPrefix("??") ? "??" : "?")!, name)
        }
        if text.hasSuffix("?"), text.dropLast().allSatisfy({ $0.isLetter || $0.isNumber || "_.?%".contains($0) }) {
            return (named(text.hasSuffix("??") ? "??" : "?")!, String(text.reversed().drop { $0 == "?" }.reversed()))
        }
        if let (command, argument) = parse(text) {
            // A name that the session has set is the session's.
            if !command.name.hasPrefix("%"), shell.session.scope.variables[command.name] != nil { return nil }
            return (command, argument)
        }
        guard text.hasPrefix("%"), let word = text.split(whereSeparator: \.isWhitespace).first else { return nil }
        let known = all.map(\.name).filter { $0.hasPrefix("%") }
        throw ShellComplaint("there is no command '\(word)'", hint: Suggestion.nearest(to: String(word), among: known).map { "did you mean '\($0)'?" } ?? "'%help' lists all of them")
    }

    // MARK: - Completion

    /// What Tab offers where a command is being typed; nil where it is code.
    static func menu(_ before: String, _ session: Session) -> CompletionMenu? {
        let text = before.drop(while: \.isWhitespace)
        if text.hasPrefix("?") {
            return names(String(text.drop { $0 == "?" }), session)
        }
        guard let space = text.firstIndex(where: \.isWhitespace) else {
            guard text.hasPrefix("%") else { return nil }
            let items = all.filter { $0.name.hasPrefix(text) && $0.name.hasPrefix("%") }.map { CompletionMenu.Item(label: $0.name, about: $0.doc, ending: $0.name == $0.form ? "" : " ") }
            return CompletionMenu(replacedBytes: text.utf8.count, items: items)
        }
        guard let command = named(String(text[..<space])), command.name.hasPrefix("%") || session.scope.variables[command.name] == nil else { return nil }
        let argument = String(text[space...].drop(while: \.isWhitespace))
        switch command.argument {
        case .none: return CompletionMenu()
        case .code: return CompletionMenu.at(argument.utf8.count, in: argument, session)
        case .name: return names(argument, session)
        case .file(let endings): return CompletionMenu.files(argument, only: { name in endings.isEmpty || endings.contains { name.hasSuffix($0) } }, quote: "")
        case .words(let words):
            let last = argument.split(separator: " ", omittingEmptySubsequences: false).last.map(String.init) ?? ""
            return CompletionMenu(replacedBytes: last.utf8.count, items: words.filter { $0.hasPrefix(last) }.map { CompletionMenu.Item(label: $0, about: "") })
        }
    }

    /// Everything that help can tell about.
    private static func names(_ typed: String, _ session: Session) -> CompletionMenu {
        if typed.contains(".") { return CompletionMenu.at(typed.utf8.count, in: typed, session) }
        var menu = CompletionMenu.at(typed.utf8.count, in: typed, session)
        menu.items = menu.items.map { CompletionMenu.Item(label: $0.label, about: $0.about) }
        let known = Set(menu.items.map(\.label))
        menu.items += HelpPages(session).topicNames.filter { $0.hasPrefix(typed) && !known.contains($0) }.map { CompletionMenu.Item(label: $0, about: "topic") }
        menu.items += all.filter { $0.name.hasPrefix("%") && !typed.isEmpty && $0.name.hasPrefix(typed) }.map { CompletionMenu.Item(label: $0.name, about: $0.doc) }
        menu.replacedBytes = typed.utf8.count
        return menu
    }
}
