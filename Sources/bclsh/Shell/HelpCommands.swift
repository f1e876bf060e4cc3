import BCLScript
import Foundation
import Interpreter
import Workbench

extension ShellCommand {
    static let helpCommands: [ShellCommand] = [
        ShellCommand("help [NAME]", "Tells about a name, a topic or a command; 'help topics' lists what there is.", .name, help),
        ShellCommand("? NAME", "The same as 'help NAME'; also 'NAME?'.", .name, help),
        ShellCommand("?? NAME", "Shows the source of a method or function.", .name) { shell, name in
            guard !name.isEmpty else { throw ShellComplaint("?? needs a name", hint: "write '??er'") }
            let pages = HelpPages(shell.session, width: Terminal.width)
            if let source = pages.source(of: name) { return shell.tell(source) }
            guard let page = pages.page(for: name) else { throw unknown(name, shell) }
            shell.tell(page)
        },
        ShellCommand("examples NAME", "Shows programs that use a function, a method or the functions of a topic.", .name) { shell, name in
            guard !name.isEmpty else { throw ShellComplaint("examples needs a name", hint: "write 'examples permuted' or 'examples tensors'") }
            let pages = HelpPages(shell.session, width: Terminal.width)
            guard let text = pages.examples(for: name) else {
                throw pages.page(for: name) == nil ? unknown(name, shell) : ShellComplaint("there is no example of '\(name)'", hint: "'help \(name)' tells about it")
            }
            shell.tell(text)
        },
        ShellCommand("explain [CODE]", "Explains the code of an error, such as BCL0012.", .none) { shell, code in
            if code.isEmpty { return shell.tell(Explanation.all.sorted { $0.code.rawValue < $1.code.rawValue }.map { "\($0.code.name)  \($0.title)" }.joined(separator: "\n")) }
            guard let explanation = Explanation.named(code) else { throw ShellComplaint("there is no code '\(code)'", hint: "'explain' lists all codes") }
            shell.tell(explanation.page)
        },
        ShellCommand("%help", "Lists the commands of the shell.") { shell, _ in shell.tell(commandList) },
        ShellCommand("quit", "Leaves the shell, as Ctrl-D does.") { shell, _ in shell.isLeaving = true },
        ShellCommand("exit", "Leaves the shell, as Ctrl-D does.") { shell, _ in shell.isLeaving = true },
    ]

    private static func help(_ shell: ShellState, _ name: String) throws {
        let pages = HelpPages(shell.session, width: Terminal.width)
        if name.isEmpty { return shell.tell(overview) }
        if name == "topics" { return shell.tell(pages.topics) }
        if let command = named(name) { return shell.tell("\(command.form)\n  \(command.doc)") }
        if let explanation = Explanation.named(name) { return shell.tell(explanation.page) }
        guard let page = pages.page(for: name) else { throw unknown(name, shell) }
        shell.tell(page)
    }

    private static func unknown(_ name: String, _ shell: ShellState) -> ShellComplaint {
        ShellComplaint("nothing is known about '\(name)'", hint: HelpPages(shell.session, width: Terminal.width).suggestion(for: name) ?? "'help topics' lists what there is")
    }

    private static let overview = """
        help NAME       about a function, method, type, member (tensor.sum) or name;
                        also ?NAME
        help topics     everything by topic;  help TOPIC  about one: help networks
        ??NAME          the source of a method: ??bcl_dual
        examples NAME   programs that use it
        explain BCL0012 what the code of an error means
        %help           the commands of the shell
        lesson 1        learn by doing;  lesson  lists all eight
        Tab             completes names, members, options, files
        Ctrl-R          searches the history
        _, Out[3]       the last value, the value of cell 3

        Begin with:     let bench = permuted(digits(), tasks=5)
                        let me = er(mlp(64, 128, 10), bench)
                        train me on bench[0]
                        evaluate me on bench
        """

    private static var commandList: String {
        let width = all.map { $0.form.count }.max() ?? 0
        return all.map { HelpPages.wrapped($0.form + String(repeating: " ", count: width - $0.form.count + 2), $0.doc, width: max(60, Terminal.width)) }.joined(separator: "\n")
    }
}

extension Explanation {
    /// As text for a terminal.
    var page: String {
        let programs = [("Wrong", wrong), ("Right", right)].compactMap { what, program in
            program.map { "\n\(what):\n\n" + $0.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n") }
        }
        return (["\(code.name): \(title)\n\n\(text)"] + programs).joined(separator: "\n")
    }
}
