import Foundation
import Interpreter
import Workbench

extension ShellCommand {
    static func saveSession(_ shell: ShellState, _ path: String) throws { shell.execute("save session to \(Describer.quote(path))") }
    static func loadSession(_ shell: ShellState, _ path: String) throws { shell.execute("load session from \(Describer.quote(path))") }
}
