import BCLScript

/// What stands at an offset of a program.
enum Place {
    case use(NameUse)
    case declaration(Variable)
    /// `base.name`
    case field(base: Expression, Identifier)
    /// `name=` in a call.
    case keyword(callee: Expression, Identifier)
    case importPath(Import)
    case event(Identifier)
    case word(String, Span)

    var span: Span {
        switch self {
        case .use(let use): return use.identifier.span
        case .declaration(let variable): return variable.identifier.span
        case .field(_, let name), .keyword(_, let name), .event(let name): return name.span
        case .importPath(let file): return file.pathSpan
        case .word(_, let span): return span
        }
    }

    static func find(_ offset: Int, in program: Program) -> Place? {
        var found: Place?
        func consider(_ place: Place) { if place.span.start <= offset, offset <= place.span.end { found = place } }
        func declared(_ variable: Variable?) {
            // A name that an import brings in has its place in the other file.
            if let variable, variable.source === program.source { consider(.declaration(variable)) }
        }
        var walker = Walker()
        walker.onExpression = { expression in
            switch expression.kind {
            case .name(let use): consider(.use(use))
            case .field(let base, let name): consider(.field(base: base, name))
            case .call(let callee, let arguments): for argument in arguments { if let keyword = argument.keyword { consider(.keyword(callee: callee, keyword)) } }
            case .comprehension(let comprehension): for clause in comprehension.clauses { clause.pattern.variables.forEach(declared) }
            default: break
            }
        }
        walker.onFunction = { literal in
            for parameter in literal.parameters { declared(parameter.variable) }
            if literal.role == .handler { consider(.event(literal.identifier)) } else { declared(literal.variable) }
        }
        walker.onStatement = { statement in
            switch statement.kind {
            case .declare(let pattern, _), .forIn(let pattern, _, _): pattern.variables.forEach(declared)
            case .param(let parameter): declared(parameter.variable)
            case .importFile(let file):
                consider(.importPath(file))
                declared(file.aliasVariable)
            default: break
            }
        }
        walker.walk(program)
        return found ?? word(offset, in: program.source)
    }

    /// A word of the language, by the tokens; none inside of comments and strings.
    private static func word(_ offset: Int, in source: SourceFile) -> Place? {
        for token in Lexer.lex(source).tokens where token.span.start <= offset && offset <= token.span.end {
            switch token.kind {
            case .keyword(let keyword): return .word(keyword.rawValue, token.span)
            case .name(let name): return .word(name, token.span)
            default: break
            }
        }
        return nil
    }
}
