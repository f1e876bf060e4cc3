import BCLScript

/// The outline of a text: functions, methods with their state and handlers, parameters, tests.
enum Symbols {
    private enum Kind: Int { case file = 1, method = 6, field = 8, constructor = 9, function = 12, variable = 13, constant = 14, event = 24, `class` = 5 }

    static func outline(_ program: Program, _ document: Document) -> JSON { .array(program.statements.flatMap { symbols(of: $0, document, inMethod: false) }) }

    private static func symbols(of statement: Statement, _ document: Document, inMethod: Bool) -> [JSON] {
        switch statement.kind {
        case .function(let literal): return [symbol(literal.identifier, .function, detail(literal), statement.span, document)]
        case .method(let literal):
            let parameters = literal.parameters.map { symbol($0.identifier, .field, "parameter", $0.identifier.span.union($0.defaultValue?.span ?? $0.identifier.span), document) }
            return [symbol(literal.identifier, .class, detail(literal), statement.span, document, parameters + literal.body.statements.flatMap { symbols(of: $0, document, inMethod: true) })]
        case .handler(let literal): return [symbol(Identifier("on \(literal.name)", literal.identifier.span), .event, detail(literal), statement.span, document)]
        case .declare(let pattern, _): return pattern.names.map { symbol($0, inMethod ? .field : .variable, "", statement.span, document) }
        case .param(let parameter): return [symbol(parameter.identifier, .constant, "param", statement.span, document)]
        case .test(let name, _): return [symbol(Identifier(name.isEmpty ? "test" : name, Span(statement.span.start, statement.span.start + 4)), .method, "test", statement.span, document)]
        case .importFile(let file): return file.alias.map { [symbol($0, .file, file.path, statement.span, document)] } ?? []
        default: return []
        }
    }

    private static func detail(_ literal: FunctionLiteral) -> String { "(\(literal.parameters.map(\.name).joined(separator: ", ")))" }

    private static func symbol(_ name: Identifier, _ kind: Kind, _ detail: String, _ span: Span, _ document: Document, _ children: [JSON] = []) -> JSON {
        var result: [String: JSON] = ["name": .string(name.text), "kind": .int(kind.rawValue), "range": document.range(span), "selectionRange": document.range(name.span)]
        if !detail.isEmpty { result["detail"] = .string(detail) }
        if !children.isEmpty { result["children"] = .array(children) }
        return .object(result)
    }
}
