import FilePaths
import Foundation
import Interpreter

/// Notebooks that teach: examples/lessons in the source tree, share/bclsh/lessons once installed.
enum Lessons {
    struct Lesson {
        let number: Int
        let path: String
        let document: NotebookDocument
        /// "forgetting"
        let title: String
    }

    private static var folder: String? {
        guard let library = Stdlib.folder() else { return nil }
        let above = FilePath.folder(library)
        return [above + "/lessons", above + "/examples/lessons"].first { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }

    static var all: [Lesson] {
        guard let folder else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name -> Lesson? in
            guard name.hasSuffix(".bcl"), let number = Int(name.prefix { $0.isNumber }), let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8) else { return nil }
            let document = NotebookDocument(title: name, script: text)
            let head = document.cells.first?.source.split(separator: "\n").first.map(String.init) ?? name
            return Lesson(number: number, path: folder + "/" + name, document: document, title: head.split(separator: ":", maxSplits: 1).last.map { String($0).trimmed } ?? name)
        }.sorted { $0.number < $1.number }
    }
}

extension ShellCommand {
    static let lessonCommands: [ShellCommand] = [
        ShellCommand("lesson [N]", "Goes through a lesson step by step, Enter for the next; without a number: which there are.", .words((1...8).map(String.init))) { shell, argument in
            let lessons = Lessons.all
            guard !lessons.isEmpty else { throw ShellComplaint("the lessons are not installed") }
            if argument.isEmpty { return shell.say(lessons.map { "lesson \($0.number)  \($0.title)" }.joined(separator: "\n")) }
            guard let lesson = lessons.first(where: { "\($0.number)" == argument }) else {
                throw ShellComplaint("there is no lesson '\(argument)'", hint: "there are the lessons \(lessons.map { "\($0.number)" }.joined(separator: ", "))")
            }
            teach(lesson, shell)
        },
    ]

    /// Shows text and code, waits for Enter, runs the code. What is typed instead of Enter is run first: one may look around, and change things.
    private static func teach(_ lesson: Lessons.Lesson, _ shell: ShellState) {
        for cell in lesson.document.cells {
            if cell.kind == .markdown {
                shell.say("\n" + Prose.plain(cell.source, colour: shell.colour))
                continue
            }
            print("\n" + shell.dim(cell.source.split(separator: "\n", omittingEmptySubsequences: false).map { "  | \($0)" }.joined(separator: "\n")))
            while shell.isInteractive {
                guard let answer = shell.reader.ask("[Enter runs it, q leaves the lesson, or type code] ") else { return print() }
                let typed = answer.trimmed
                if ["q", "quit"].contains(typed) { return }
                if typed.isEmpty { break }
                shell.execute(typed)
            }
            guard case .finished = shell.execute(cell.source) else { return shell.say("the lesson ends here; 'lesson \(lesson.number)' starts it again") }
        }
        shell.say("\nThat was lesson \(lesson.number). Its names are yours now: look around. The script is \(lesson.path).")
    }
}

extension Prose {
    /// As text for a terminal: emphasis in bold, without the marks.
    static func plain(_ text: String, colour: Bool) -> String {
        func bold(_ text: Substring) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : String(text) }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let level = line.prefix { $0 == "#" }.count
            if level > 0, line.dropFirst(level).first == " " { return bold(line.dropFirst(level + 1)) }
            return String(line).replacing(#/\*\*([^*\n]+)\*\*/#) { bold($0.1) }.replacing(#/\*([^*\n]+)\*/#) { String($0.1) }.replacing("`", with: "")
        }.joined(separator: "\n")
    }
}
