import BCLScript

extension MethodValue {
    public var source: SourceFile { code.unit.source }

    /// The phases of a method's handlers and functions, in the order of the text.
    public var phaseNames: [String] {
        var names: [String] = []
        walk { if case .phase(let name, _) = $0.kind, !names.contains(name) { names.append(name) } }
        return names
    }

    /// Lines (from 1) on which a statement of a handler or function starts.
    public var statementLines: Set<Int> {
        var lines = Set<Int>()
        walk { lines.insert(self.source.line(at: $0.span.start)) }
        return lines
    }

    private func walk(_ visit: @escaping (Statement) -> Void) {
        var walker = Walker()
        walker.onStatement = visit
        for statement in code.literal.body.statements {
            switch statement.kind {
            case .handler(let literal), .function(let literal): walker.walk(literal)
            default: break
            }
        }
    }
}
