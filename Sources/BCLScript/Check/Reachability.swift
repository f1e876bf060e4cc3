/// Finds statements that can never run: those behind a `return`, `break`, `continue`, or a loop without an end.
struct Reachability {

    static func check(_ program: Program) -> [Diagnostic] {
        var walker = Walker()
        var warnings: [Diagnostic] = []
        let find = { (statements: [Statement]) in
            if let warning = unreachable(statements, program.source) { warnings.append(warning) }
        }
        find(program.statements)
        walker.onBlock = { find($0.statements) }
        walker.walk(program)
        return warnings
    }

    private static func unreachable(_ statements: [Statement], _ source: SourceFile) -> Diagnostic? {
        guard let last = statements.dropLast().firstIndex(where: leaves) else { return nil }
        let rest = statements[last + 1].span.union(statements[statements.count - 1].span)
        return Diagnostic(.unreachableCode, "this is never reached", at: Location(source, rest), severity: .warning,
                          notes: [Diagnostic.Note("because of this", at: Location(source, statements[last].span))])
    }

    /// Whether nothing behind the statement runs.
    private static func leaves(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .returnValue, .breakLoop, .continueLoop: return true
        case .branch(let branches, let otherwise):
            guard let otherwise else { return false }
            return (branches.map(\.block) + [otherwise]).allSatisfy { $0.statements.contains(where: leaves) }
        case .phase(_, let body), .withoutGradients(let body): return body.statements.contains(where: leaves)
        case .whileLoop(let condition, let body):
            if case .bool(true) = condition.kind { return !body.statements.contains(where: breaks) }
            return false
        default: return false
        }
    }

    /// Whether a `break` of the loop around it is in the statement.
    private static func breaks(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .breakLoop: return true
        case .branch(let branches, let otherwise): return (branches.map(\.block) + (otherwise.map { [$0] } ?? [])).contains { $0.statements.contains(where: breaks) }
        case .phase(_, let body), .withoutGradients(let body): return body.statements.contains(where: breaks)
        default: return false
        }
    }
}
