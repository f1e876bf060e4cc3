import Engine
import FilePaths
import Foundation

/// The cells of a notebook, and the formats it is written in. As a script, cells start with `# %%` lines, as other editors know them:
///
///     # %% [markdown]
///     # Text, with each line a comment.
///     # %% A title
///     let x = 1
struct NotebookDocument {
    enum Format: String, CaseIterable {
        case script = "bcl"
        case markdown = "md"
        case html
        case jupyter = "ipynb"

        static func of(_ path: String) -> Format? { allCases.first { path.lowercased().hasSuffix(".\($0.rawValue)") } }
        static var endings: String { allCases.map { ".\($0.rawValue)" }.joined(separator: ", ") }
    }

    var title: String
    var cells: [NotebookCell]

    /// The heading that a notebook's own text starts with: then it needs none from its title.
    var heading: String? {
        guard let first = cells.first, first.kind == .markdown, first.title.isEmpty, first.source.hasPrefix("# ") else { return nil }
        return String(first.source.dropFirst(2).prefix { $0 != "\n" })
    }

    func text(as format: Format) throws -> String {
        switch format {
        case .script: return script
        case .markdown: return MarkdownPage(self).text
        case .html: return HTMLPage(self).text
        case .jupyter: return try JupyterFile.text(self)
        }
    }

    func write(to path: String, as format: Format) throws { try AtomicFile.write(try text(as: format), to: path) }

    // MARK: - Scripts

    init(title: String, cells: [NotebookCell]) {
        self.title = title
        self.cells = cells
    }

    /// Reads `# %%` cells. What stands before the first mark is a cell too; a script without marks is one cell.
    init(title: String, script: String) {
        self.init(title: title, cells: [])
        var kind = NotebookCell.Kind.code
        var (name, lines, first) = ("", [String](), 1)
        func finish() -> NotebookCell? {
            let blank = lines.prefix { $0.allSatisfy(\.isWhitespace) }.count
            let kept = Array(lines.dropFirst(blank))
            let body = (kind == .markdown ? kept.map(Self.withoutComment) : kept).joined(separator: "\n").trimmedEnd
            guard !body.isEmpty else { return nil }
            let cell = NotebookCell(kind, body, title: name)
            cell.line = first + blank
            return cell
        }
        for (index, line) in script.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init).enumerated() {
            guard let mark = Self.mark(line) else {
                lines.append(line)
                continue
            }
            if let cell = finish() { cells.append(cell) }
            (kind, name) = mark
            lines = []
            first = index + 2
        }
        if let cell = finish() { cells.append(cell) }
    }

    /// "# %% [markdown] Title"
    private static func mark(_ line: String) -> (NotebookCell.Kind, String)? {
        guard line.hasPrefix("#") else { return nil }
        let rest = line.dropFirst().drop(while: \.isWhitespace)
        guard rest.hasPrefix("%%") else { return nil }
        let words = String(rest.dropFirst(2)).trimmed
        for tag in ["[markdown]", "[md]"] where words.hasPrefix(tag) { return (.markdown, String(words.dropFirst(tag.count)).trimmed) }
        return (.code, words)
    }

    private static func withoutComment(_ line: String) -> String {
        guard line.hasPrefix("#") else { return line }
        let rest = line.dropFirst()
        return String(rest.first == " " ? rest.dropFirst() : rest)
    }

    private var script: String {
        cells.map { cell in
            let mark = "# %%" + (cell.kind == .markdown ? " [markdown]" : "") + (cell.title.isEmpty ? "" : " " + cell.title)
            guard cell.kind == .markdown else { return mark + "\n" + cell.source + "\n" }
            return mark + "\n" + cell.source.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "#" : "# \($0)" }.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }
}

/// A notebook as Markdown: code in fences, what it gave in fences below.
struct MarkdownPage {
    private let document: NotebookDocument
    init(_ document: NotebookDocument) { self.document = document }

    var text: String {
        var parts = document.heading == nil ? ["# \(document.title)"] : []
        for cell in document.cells {
            if !cell.title.isEmpty { parts.append("## \(cell.title)") }
            if cell.kind == .markdown {
                parts.append(cell.source)
                continue
            }
            parts.append(Self.fenced(cell.source, "bcl"))
            for output in cell.outputs where !output.text.isEmpty { parts.append(Self.fenced(output.text, "text")) }
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// Longer than any fence in the text.
    private static func fenced(_ text: String, _ language: String) -> String {
        var longest = 2
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\(language)\n\(text)\n\(fence)"
    }
}

/// The .ipynb format of Jupyter (nbformat 4.5).
enum JupyterFile {
    static func text(_ document: NotebookDocument) throws -> String {
        let cells = document.cells.enumerated().map { index, cell -> [String: Any] in
            var shown: [String: Any] = ["id": "cell-\(index + 1)", "cell_type": cell.kind.rawValue, "source": lines(cell.source), "metadata": cell.title.isEmpty ? [:] : ["title": cell.title]]
            if cell.kind == .code {
                shown["execution_count"] = cell.number ?? NSNull()
                shown["outputs"] = cell.outputs.map(output)
            }
            return shown
        }
        let content: [String: Any] = [
            "nbformat": 4, "nbformat_minor": 5, "cells": cells,
            "metadata": ["title": document.title, "kernelspec": ["name": "bclsh", "display_name": "bclsh", "language": "bcl"], "language_info": ["name": "bcl", "file_extension": ".bcl", "version": Version.number]] as [String: Any],
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: content, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]), as: UTF8.self) + "\n"
    }

    private static func output(_ output: NotebookOutput) -> [String: Any] {
        switch output {
        case .text(let text): return ["output_type": "stream", "name": "stdout", "text": lines(text + "\n")]
        case .figure(let text, let svg, let png):
            var data: [String: Any] = ["text/plain": lines(text)]
            if let png { data["image/png"] = png.base64EncodedString() + "\n" }
            if let svg { data["image/svg+xml"] = lines(svg) }
            return ["output_type": "display_data", "data": data, "metadata": [String: Any]()]
        case .error(let text): return ["output_type": "stream", "name": "stderr", "text": lines(text + "\n")]
        }
    }

    /// A text as the list of its lines with their line ends.
    private static func lines(_ text: String) -> [String] {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return parts.enumerated().map { $0.offset < parts.count - 1 ? $0.element + "\n" : $0.element }.filter { !$0.isEmpty }
    }

    /// - Throws: one sentence about what is wrong with the file.
    static func document(_ data: Data, title: String) throws -> NotebookDocument {
        guard let content = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any], let cells = content["cells"] as? [[String: Any]] else {
            throw ShellComplaint("it is no Jupyter notebook: it has no list of cells")
        }
        guard let version = content["nbformat"] as? Int, version == 4 else { throw ShellComplaint("its nbformat is \(content["nbformat"].map { "\($0)" } ?? "missing"), and only 4 is read") }
        func text(_ value: Any?) -> String { (value as? String) ?? (value as? [String])?.joined() ?? "" }
        let read = cells.compactMap { shown -> NotebookCell? in
            guard let kind = (shown["cell_type"] as? String).flatMap(NotebookCell.Kind.init) else { return nil }
            let cell = NotebookCell(kind, text(shown["source"]).trimmedEnd, title: (shown["metadata"] as? [String: Any])?["title"] as? String ?? "")
            cell.number = shown["execution_count"] as? Int
            cell.outputs = (shown["outputs"] as? [[String: Any]] ?? []).map { output in
                let said = text(output["text"]).trimmedEnd
                if output["output_type"] as? String == "stream" { return output["name"] as? String == "stderr" ? .error(said) : .text(said) }
                let data = output["data"] as? [String: Any]
                let plain = text(data?["text/plain"]).trimmedEnd
                let png = Data(base64Encoded: text(data?["image/png"]), options: .ignoreUnknownCharacters).flatMap { $0.isEmpty ? nil : $0 }
                let svg = data?["image/svg+xml"].map { text($0) }
                return svg == nil && png == nil ? .text(plain) : .figure(text: plain, svg: svg, png: png)
            }
            return cell.source.isEmpty ? nil : cell
        }
        return NotebookDocument(title: (content["metadata"] as? [String: Any])?["title"] as? String ?? title, cells: read)
    }
}
