import BCLScript
import Foundation

/// A text that an editor has open. Editors count lines from 0 and columns in UTF-16 units, the language in bytes.
struct Document {
    let uri: String
    let version: Int?
    let source: SourceFile

    init(uri: String, version: Int?, text: String) {
        self.uri = uri
        self.version = version
        source = SourceFile(name: FileURI.path(uri) ?? uri, text: text)
    }

    /// The offset of a position; positions beyond a line or the text are moved to its end.
    func offset(_ position: JSON) -> Int? {
        guard let line = position["line"].int, let character = position["character"].int, line >= 0, character >= 0 else { return nil }
        guard line < source.lineCount else { return source.bytes.count }
        let span = source.lineSpan(line + 1)
        var (offset, units) = (span.start, 0)
        for scalar in source.text(span).unicodeScalars {
            if units >= character { break }
            units += UTF16.width(scalar)
            offset += UTF8.width(scalar)
        }
        return min(offset, span.end)
    }

    func range(_ span: Span) -> JSON { Self.range(span, source) }

    static func range(_ span: Span, _ source: SourceFile) -> JSON { ["start": position(span.start, source), "end": position(span.end, source)] }

    private static func position(_ offset: Int, _ source: SourceFile) -> JSON {
        let line = source.line(at: min(offset, source.bytes.count))
        let start = source.lineSpan(line).start
        return ["line": .int(line - 1), "character": .int(source.text(Span(start, max(start, offset))).utf16.count)]
    }
}

enum FileURI {
    /// The path of a file: URI; nil for others, such as "untitled:Untitled-1".
    static func path(_ uri: String) -> String? {
        guard uri.hasPrefix("file://") else { return nil }
        let rest = uri.dropFirst("file://".count)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        return String(rest[slash...]).removingPercentEncoding
    }

    static func uri(_ path: String) -> String {
        var allowed = CharacterSet.urlPathAllowed
        allowed.remove(charactersIn: ":;")
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return "file://" + (whole.addingPercentEncoding(withAllowedCharacters: allowed) ?? whole)
    }
}
