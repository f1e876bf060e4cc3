import BCLScript
import Drawing
import Figures
import Foundation

/// A notebook as one page that needs no other file.
struct HTMLPage {
    private let document: NotebookDocument
    init(_ document: NotebookDocument) { self.document = document }

    var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(document.heading ?? document.title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        \(document.heading == nil ? "<h1>\(Self.escaped(document.title))</h1>\n" : "")\(document.cells.map(cell).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private func cell(_ cell: NotebookCell) -> String {
        let title = cell.title.isEmpty ? "" : "<h2>\(Self.escaped(cell.title))</h2>\n"
        if cell.kind == .markdown { return title + "<div class=\"text\">\n\(Prose.html(cell.source))\n</div>" }
        let number = cell.number.map { "<span class=\"number\">\($0)</span>" } ?? ""
        let outputs = cell.outputs.filter { !$0.text.isEmpty }.map { output -> String in
            switch output {
            case .text(let text): return "<pre class=\"output\">\(Self.escaped(text))</pre>"
            case .figure(let text, let svg?, _): return "<div class=\"output picture\">\(Self.picture("svg+xml", Data(PictureFile.adaptive(svg).utf8), text, width: Self.width(svg)))</div>"
            case .figure(let text, nil, let png?): return "<div class=\"output picture\">\(Self.picture("png", png, text))</div>"
            case .figure(let text, nil, nil): return "<pre class=\"output\">\(Self.escaped(text))</pre>"
            case .error(let text): return "<pre class=\"output error\">\(Self.escaped(text))</pre>"
            }
        }
        return title + "<div class=\"cell\">\(number)<pre class=\"code\">\(Self.highlighted(cell.source))</pre>\n\(outputs.joined(separator: "\n"))</div>"
    }

    /// As an image of its own: ids in one picture don't meet those of another, and no script in it runs.
    /// - Parameter width: in pixels. A wide one is not squeezed until nothing can be read: it scrolls.
    private static func picture(_ type: String, _ data: Data, _ text: String, width: Int? = nil) -> String {
        let least = width.map { " style=\"min-width:min(\($0)px,34rem)\"" } ?? ""
        let title = text.split(separator: "\n").first.map { String($0.prefix(120)) } ?? "figure"
        return "<img\(least) alt=\"\(escaped(title))\" src=\"data:image/\(type);base64,\(data.base64EncodedString())\">"
    }

    private static func width(_ svg: String) -> Int? {
        svg.prefix(500).firstMatch(of: #/<svg[^>]* width="([0-9.]+)/#).flatMap { Double($0.1) }.map { Int($0) }
    }

    static func escaped(_ text: String) -> String { HTML.escaped(text) }

    /// Code with its words, numbers, strings and comments marked.
    static func highlighted(_ code: String) -> String {
        let source = SourceFile(name: "", text: code)
        let lexed = Lexer.lex(source)
        var marks: [(Span, String)] = lexed.comments.map { ($0.span, "comment") }
        for token in lexed.tokens {
            switch token.kind {
            case .keyword: marks.append((token.span, "keyword"))
            case .name(let name) where KeywordNames.contextual.contains(name): marks.append((token.span, "keyword"))
            case .string: marks.append((token.span, "string"))
            case .int, .float: marks.append((token.span, "number"))
            default: break
            }
        }
        var result = ""
        var place = 0
        for (span, name) in marks.sorted(by: { $0.0.start < $1.0.start }) where span.start >= place {
            result += escaped(source.text(Span(place, span.start))) + "<i class=\"\(name)\">\(escaped(source.text(span)))</i>"
            place = span.end
        }
        return result + escaped(source.text(Span(place, source.bytes.count)))
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
        pre { font: 14px/1.45 ui-monospace, Menlo, Consolas, monospace; margin: 0; padding: .6rem .8rem; overflow-x: auto; }
        .cell { position: relative; margin: 1rem 0; border: 1px solid #ddd; border-radius: 6px; overflow: hidden; }
        .code { background: #f6f8fa; }
        .output { border-top: 1px solid #ddd; }
        .picture { padding: .6rem .8rem; background: #fff; overflow-x: auto; } .picture img { display: block; max-width: 100%; height: auto; }
        .error { color: #b00020; white-space: pre-wrap; overflow-wrap: anywhere; }
        .number { position: absolute; top: .2rem; right: 0; padding: .2rem .4rem; color: #767676; background: #f6f8fa; font-size: 12px; }
        i { font-style: normal; }
        .keyword { color: #a626a4; } .string { color: #2c7a3f; } .comment { color: #6e6e6e; } pre .number { position: static; padding: 0; background: none; font-size: inherit; color: #b35900; }
        code { background: #f0f0f0; padding: .1em .3em; border-radius: 3px; }
        @media (prefers-color-scheme: dark) {
          body { color: #ddd; background: #1b1b1d; } .code, code, .number { background: #26282c; } .number, .comment { color: #a0a0a0; } .picture { background: #26282c; } .cell, .output { border-color: #3a3c40; } .error { color: #ff8a80; }
          .keyword { color: #d7a2e8; } .string { color: #93d3a2; } pre .number { color: #f0b070; }
        }
        """
}

/// Words that are highlighted though they can be names.
private enum KeywordNames {
    static let contextual: Set<String> = ["method", "on", "param", "phase", "test"]
}

/// The part of Markdown that notes are written in: headings, lists, fences, paragraphs; code, emphasis and links in them.
enum Prose {
    static func html(_ text: String) -> String {
        var parts: [String] = []
        var paragraph: [String] = []
        var items: [String] = []
        var fence: [String]?
        func flush() {
            if !paragraph.isEmpty { parts.append("<p>\(inline(paragraph.joined(separator: "\n")))</p>") }
            if !items.isEmpty { parts.append("<ul>\n" + items.map { "<li>\(inline($0))</li>" }.joined(separator: "\n") + "\n</ul>") }
            (paragraph, items) = ([], [])
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                if let body = fence {
                    parts.append("<pre class=\"code\">\(HTMLPage.escaped(body.joined(separator: "\n")))</pre>")
                    fence = nil
                } else {
                    flush()
                    fence = []
                }
                continue
            }
            if fence != nil {
                fence?.append(line)
                continue
            }
            let level = line.prefix { $0 == "#" }.count
            if line.allSatisfy(\.isWhitespace) { flush() }
            else if (1...6).contains(level), line.dropFirst(level).first == " " {
                flush()
                parts.append("<h\(level)>\(inline(String(line.dropFirst(level + 1))))</h\(level)>")
            } else if line.hasPrefix("- ") || line.hasPrefix("* ") {
                if !paragraph.isEmpty { flush() }
                items.append(String(line.dropFirst(2)))
            } else if !items.isEmpty { items[items.count - 1] += " " + line.trimmed } else { paragraph.append(line) }
        }
        if let body = fence { parts.append("<pre class=\"code\">\(HTMLPage.escaped(body.joined(separator: "\n")))</pre>") }
        flush()
        return parts.joined(separator: "\n")
    }

    private static func inline(_ text: String) -> String {
        // Code first: what stands in it is no emphasis.
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            let escaped = HTMLPage.escaped(String(part))
            if index % 2 == 1 { return "<code>\(escaped)</code>" }
            return escaped
                .replacing(#/\*\*([^*\n]+)\*\*/#) { "<b>\($0.1)</b>" }
                .replacing(#/\*([^*\n]+)\*/#) { "<em>\($0.1)</em>" }
                .replacing(#/\[([^\]\n]+)\]\((https?:[^)\s]+)\)/#) { "<a href=\"\($0.2)\">\($0.1)</a>" }
        }.joined()
    }
}
