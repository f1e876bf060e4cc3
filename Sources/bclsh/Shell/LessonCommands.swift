import BCLScript
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
                shell.say("\n" + Prose.plain(cell.source, colour: shell.colour, width: min(100, Terminal.width - 1)))
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
    /// As text for a terminal: paragraphs and list items filled to its width, emphasis in bold, without the marks.
    static func plain(_ text: String, colour: Bool, width: Int) -> String {
        var parts: [(indent: Int, text: String)] = []
        var isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let level = line.prefix { $0 == "#" }.count
            let content = line.trimmed
            if content.isEmpty {
                parts.append((0, ""))
                isOpen = false
            } else if level > 0, line.dropFirst(level).first == " " {
                parts.append((0, "**\(line.dropFirst(level + 1))**"))
                isOpen = false
            } else if isOpen, !content.hasPrefix("- "), let last = parts.indices.last {
                parts[last].text += " " + content
            } else {
                parts.append((content.hasPrefix("- ") ? 2 : 0, content))
                isOpen = true
            }
        }
        let (on, off): (Character, Character) = ("\u{1}", "\u{2}")
        return parts.map { part in
            let marked = part.text.replacing(#/\*\*([^*]+)\*\*/#) { "\(on)\($0.1)\(off)" }.replacing(#/\*([^*]+)\*/#) { String($0.1) }.replacing("`", with: "")
            var lines = [""]
            for word in marked.split(separator: " ") {
                let longer = lines[lines.count - 1].isEmpty ? String(word) : lines[lines.count - 1] + " " + word
                let fits = displayWidth(longer.filter { $0 != on && $0 != off }) <= max(30, width)
                if fits || lines[lines.count - 1].isEmpty { lines[lines.count - 1] = longer } else { lines.append(String(repeating: " ", count: part.indent) + word) }
            }
            return lines.joined(separator: "\n").replacing("\(on)", with: colour ? "\u{1B}[1m" : "").replacing("\(off)", with: colour ? "\u{1B}[0m" : "")
        }.joined(separator: "\n")
    }
}
