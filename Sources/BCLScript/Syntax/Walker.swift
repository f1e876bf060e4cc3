/// Visits every statement, expression and function of a program, outer ones before inner ones.
public struct Walker {
    public var onBlock: (Block) -> Void = { _ in }
    public var onStatement: (Statement) -> Void = { _ in }
    public var onExpression: (Expression) -> Void = { _ in }
    public var onFunction: (FunctionLiteral) -> Void = { _ in }

    public init() {}

    public func walk(_ program: Program) { for statement in program.statements { walk(statement) } }

    public func walk(_ block: Block) {
        onBlock(block)
        for statement in block.statements { walk(statement) }
    }

    public func walk(_ statement: Statement) {
        onStatement(statement)
        switch statement.kind {
        case .expression(let value), .verb(let value, _), .declare(_, let value): walk(value)
        case .assign(let target, _, let value):
            walk(target)
            walk(value)
        case .function(let literal), .method(let literal), .handler(let literal): walk(literal)
        case .phase(_, let body), .withoutGradients(let body), .test(_, let body): walk(body)
        case .branch(let branches, let otherwise):
            for branch in branches {
                walk(branch.condition)
                walk(branch.block)
            }
            if let otherwise { walk(otherwise) }
        case .forIn(_, let values, let body), .whileLoop(let values, let body), .repeatLoop(let values, let body):
            walk(values)
            walk(body)
        case .returnValue(let value): if let value { walk(value) }
        case .assertion(let condition, let message):
            walk(condition)
            if let message { walk(message) }
        case .param(let parameter): if let value = parameter.defaultValue { walk(value) }
        case .breakLoop, .continueLoop, .importFile: break
        }
    }

    public func walk(_ literal: FunctionLiteral) {
        onFunction(literal)
        for parameter in literal.parameters { if let value = parameter.defaultValue { walk(value) } }
        walk(literal.body)
    }

    public func walk(_ expression: Expression) {
        onExpression(expression)
        if case .lambda(let literal) = expression.kind { return walk(literal) }
        for child in expression.children { walk(child) }
    }
}

extension Expression {
    /// The expressions directly below, in the order in which they are written; a lambda's body is none of them.
    public var children: [Expression] {
        switch kind {
        case .none, .bool, .int, .float, .name, .lambda, .invalid: return []
        case .string(let parts): return parts.compactMap { if case .value(let value, _) = $0 { return value } else { return nil } }
        case .list(let values): return values
        case .record(let entries): return entries.map(\.value)
        case .unary(_, let operand): return [operand]
        case .binary(_, let left, let right), .and(let left, let right), .or(let left, let right), .range(let left, let right): return [left, right]
        case .comparison(let first, let rest): return [first] + rest.map(\.1)
        case .conditional(let condition, let then, let otherwise): return [condition, then, otherwise]
        case .call(let callee, let arguments): return [callee] + arguments.map(\.value)
        case .index(let base, let items): return [base] + items.flatMap(\.bounds)
        case .field(let base, _): return [base]
        case .comprehension(let comprehension): return [comprehension.element] + comprehension.clauses.flatMap { [$0.values] + $0.conditions }
        }
    }
}

extension IndexItem {
    var bounds: [Expression] {
        switch self {
        case .at(let value): return [value]
        case .slice(let start, let end, let step): return [start, end, step].compactMap { $0 }
        }
    }
}
