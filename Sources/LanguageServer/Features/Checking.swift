import BCLScript

/// Diagnostics in an editor's terms.
enum Checking {
    static func diagnostics(_ found: [Diagnostic], of document: Document) -> JSON {
        .array(found.map { diagnostic in
            // What is wrong in an imported file is shown at the import.
            let here = [diagnostic.location].compactMap { $0 } + diagnostic.notes.compactMap(\.location)
            let span = here.first { $0.source === document.source }?.span ?? Span(0, 0)
            var shown: [String: JSON] = [
                "range": document.range(span),
                "severity": diagnostic.severity == .error ? 1 : 2,
                "code": .string(diagnostic.code.name),
                "source": "bclsh",
                "message": .string(diagnostic.message + (diagnostic.hint.map { "\nhint: \($0)" } ?? "")),
            ]
            var related = diagnostic.notes.compactMap { note in note.location.map { self.related(note.message, $0, document) } }
            if let location = diagnostic.location, location.source !== document.source { related.insert(self.related(diagnostic.message, location, document), at: 0) }
            if !related.isEmpty { shown["relatedInformation"] = .array(related) }
            if [.unusedVariable, .unreadParameter, .unreachableCode].contains(diagnostic.code) { shown["tags"] = [1] }
            return .object(shown)
        })
    }

    private static func related(_ message: String, _ location: Location, _ document: Document) -> JSON {
        let uri = location.source === document.source ? document.uri : FileURI.uri(location.source.name)
        return ["location": ["uri": .string(uri), "range": Document.range(location.span, location.source)], "message": .string(message)]
    }
}
