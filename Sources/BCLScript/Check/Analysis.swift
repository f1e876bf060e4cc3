/// Everything that can be said about a text before it runs: syntax, names, calls, and what is unused or never reached.
public struct Analysis {
    public enum Kind: Sendable {
        /// A line at a prompt: later ones may use what it declares.
        case cell
        /// A whole script.
        case file
    }

    public let program: Program
    /// In the order of the text.
    public let diagnostics: [Diagnostic]
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// - Parameter globals: the session's names; those of the text are added where it has no errors.
    public static func of(_ source: SourceFile, kind: Kind, globals: GlobalScope, catalog: NameCatalog) -> Analysis {
        let parsed = Parser.parse(source, verbs: catalog.verbs)
        let isBroken = !parsed.diagnostics.isEmpty
        let resolved = Resolver.resolve(parsed.program, kind: kind, globals: globals, catalog: catalog, lostNames: isBroken ? parsed.lostNames : nil)
            .filter { position($0, source) < parsed.readableEnd }
        let warnings = isBroken ? [] : Reachability.check(parsed.program)
        let all = (parsed.diagnostics + resolved + warnings).enumerated().sorted { a, b in
            let (x, y) = (position(a.element, source), position(b.element, source))
            return x == y ? a.offset < b.offset : x < y
        }.map(\.element).reduce(into: [Diagnostic]()) { kept, next in
            // The parser and the resolver may both see that a name stands twice.
            if let last = kept.last, last.code == next.code, last.location?.span == next.location?.span, next.location != nil { return }
            kept.append(next)
        }
        return Analysis(program: parsed.program, diagnostics: Array(all.prefix(Parser.mostDiagnostics)))
    }

    /// Problems of imported files count where they are imported: their own place is in another text.
    private static func position(_ diagnostic: Diagnostic, _ source: SourceFile) -> Int {
        if let location = diagnostic.location, location.source === source { return location.span.start }
        return diagnostic.notes.compactMap(\.location).first { $0.source === source }?.span.start ?? 0
    }
}
