import BCLScript
import FilePaths
import Foundation
import Interpreter
import Workbench

/// What Tab offers at a place: what goes into the text, and a line about each.
struct CompletionMenu {
    struct Item {
        let label: String
        let about: String
        /// What is typed behind it where it is the only one: a space, a closing quote.
        var ending = ""
    }

    /// Bytes before the cursor that an item takes the place of.
    var replacedBytes = 0
    var items: [Item] = []

    /// What all items start with.
    var commonPrefix: String? {
        guard var common = items.first?.label else { return nil }
        for item in items.dropFirst() { common = common.commonPrefix(with: item.label, options: .literal) }
        return common
    }

    /// One item on each line with what it is, or only names in columns where that would be too long for the window.
    func text(columns: Int, rows: Int, colour: Bool) -> String {
        let widest = min(items.map { displayWidth($0.label) }.max() ?? 0, max(10, columns - 20))
        if items.count <= rows {
            return items.map { item in
                let pad = String(repeating: " ", count: max(0, widest - displayWidth(item.label)) + 2)
                let about = Self.cut(item.about, to: columns - max(widest, displayWidth(item.label)) - 3)
                return item.label + pad + (colour ? "\u{1B}[2m\(about)\u{1B}[0m" : about)
            }.joined(separator: "\n") + "\n"
        }
        let perRow = max(1, columns / (widest + 2))
        let shown = Array(items.prefix(perRow * max(1, rows - 1)))
        let height = (shown.count + perRow - 1) / perRow
        var lines = (0..<height).map { row in
            stride(from: row, to: shown.count, by: height).map { index in
                shown[index].label + String(repeating: " ", count: max(0, widest - displayWidth(shown[index].label)) + 2)
            }.joined().trimmedEnd
        }
        if shown.count < items.count { lines.append("... and \(items.count - shown.count) more") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cut(_ text: String, to width: Int) -> String {
        let line = text.split(separator: "\n").first.map(String.init) ?? ""
        guard displayWidth(line) > width else { return line }
        var result = ""
        var used = 0
        for character in line {
            used += displayWidth(String(character))
            if used > width - 1 { break }
            result.append(character)
        }
        return width > 1 ? result + "…" : ""
    }

    // MARK: - Finding

    /// - Parameter offset: in bytes.
    static func at(_ offset: Int, in text: String, _ session: Session) -> CompletionMenu {
        let before = String(decoding: Array(text.utf8).prefix(offset), as: UTF8.self)
        if let command = ShellCommand.menu(before, session) { return command }
        if let phases = PhaseNames.at(endOf: before, session) {
            let items = phases.names.map { Item(label: "\"\($0)\"", about: "phase of \(phases.method)") }
            return CompletionMenu(replacedBytes: phases.typed.utf8.count, items: items.filter { $0.label.hasPrefix(phases.typed) })
        }
        if let path = openString(before) { return files(path) }
        let completion = Completion.at(offset, in: SourceFile(name: "", text: text), session)
        let replaced = completion.replaced
        let typed = String(decoding: Array(text.utf8)[min(replaced.start, text.utf8.count)..<min(max(replaced.start, offset), text.utf8.count)], as: UTF8.self)
        var items = completion.items.filter { $0.label.hasPrefix(typed) && (!$0.label.hasPrefix("_") || typed.hasPrefix("_")) }
        // Where a value or an argument starts, one's own names come to mind, not all that the language has.
        if typed.isEmpty, before.contains(where: { !$0.isWhitespace }), items.contains(where: { $0.isNear && !ShellState.ownNames.contains($0.label) }) {
            items.removeAll { !$0.isNear || ShellState.ownNames.contains($0.label) }
        }
        return CompletionMenu(replacedBytes: typed.utf8.count, items: items.map {
            Item(label: $0.label, about: $0.summary, ending: $0.kind == .keyword || $0.kind == .verb ? " " : "")
        })
    }

    /// The text of a string literal that is open at the end of a text.
    private static func openString(_ text: String) -> String? {
        var quote: Character?
        var content = ""
        var escaped = false
        for character in text {
            if character == "\n" { (quote, escaped) = (nil, false) }
            else if escaped { escaped = false; content.append(character) }
            else if let open = quote {
                if character == "\\" { escaped = true } else if character == open { quote = nil } else { content.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                content = ""
            } else if character == "#" { quote = "\n" }
        }
        return quote == nil || quote == "\n" ? nil : content
    }

    /// Files and folders that a path may go on to.
    static func files(_ path: String, only accepts: (String) -> Bool = { _ in true }, quote: String = "\"") -> CompletionMenu {
        let folder = path.hasSuffix("/") ? path : FilePath.folder(path)
        let name = path.hasSuffix("/") ? "" : path.contains("/") ? FilePath.name(path) : path
        let home = folder.isEmpty ? "." : folder
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []).sorted()
        let items = names.compactMap { entry -> Item? in
            guard entry.hasPrefix(name), !entry.hasPrefix(".") || name.hasPrefix(".") else { return nil }
            var isFolder: ObjCBool = false
            let whole = home.hasSuffix("/") ? home + entry : home + "/" + entry
            guard FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder), isFolder.boolValue || accepts(entry) else { return nil }
            if isFolder.boolValue { return Item(label: entry + "/", about: "folder") }
            let size = ((try? FileManager.default.attributesOfItem(atPath: whole))?[.size] as? NSNumber)?.intValue ?? 0
            return Item(label: entry, about: ByteCount.text(size), ending: quote)
        }
        return CompletionMenu(replacedBytes: name.utf8.count, items: items)
    }
}

/// "1.5 MB"
enum ByteCount {
    static func text(_ bytes: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f ", value) + units[unit]
    }
}
