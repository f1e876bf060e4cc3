import BCLScript

/// Turns a resolved program into nodes that know where each variable lives.
struct Compiler {
    let unit: CodeUnit
    let loader: ModuleLoader

    /// - Throws: a `Diagnostic` where a standard method that the program uses can't be loaded.
    static func compile(_ program: Program, unit: CodeUnit, loader: ModuleLoader) throws -> [Step] {
        let compiler = Compiler(unit: unit, loader: loader)
        return try program.statements.map { try compiler.statement($0) }
    }

    // MARK: - Statements

    func sequence(_ block: Block) throws -> StepList { StepList(try block.statements.map { try statement($0) }) }

    func statement(_ statement: Statement) throws -> Step {
        let span = statement.span
        switch statement.kind {
        case .expression(let value), .verb(let value, _): return ExpressionStep(try node(value, isReentrant: true), span, unit)
        case .declare(let pattern, let value):
            if pattern.isList { return UnpackStep(pattern.variables.map(place), try node(value, isReentrant: true), span, unit) }
            return DeclareStep(place(pattern.variables[0]), try node(value, isReentrant: true), span, unit)
        case .assign(let target, let operation, let value): return try assignment(target, operation, value, span)
        case .function(let literal), .method(let literal):
            guard let variable = literal.variable else { throw unresolved(span) }
            return FunctionStep(place(variable), try function(literal), span, unit)
        case .handler(let literal): return HandlerStep(try function(literal), span, unit)
        case .phase(let name, let body): return PhaseStep(name, try sequence(body), span, unit)
        case .branch(let branches, let otherwise):
            return BranchStep(try branches.map { (try node($0.condition), try sequence($0.block)) }, try otherwise.map(sequence), span, unit)
        case .forIn(let pattern, let values, let body):
            return ForStep(try head(pattern, values), try sequence(body), span, unit)
        case .whileLoop(let condition, let body): return WhileStep(try node(condition), try sequence(body), span, unit)
        case .repeatLoop(let count, let body): return RepeatStep(try node(count), try sequence(body), span, unit)
        case .breakLoop: return LeaveStep(.breakLoop, span, unit)
        case .continueLoop: return LeaveStep(.continueLoop, span, unit)
        case .returnValue(let value): return ReturnStep(try value.map { try node($0, isReentrant: true) }, span, unit)
        case .importFile(let file): return ImportStep(file, loader, span, unit)
        case .assertion(let condition, let message): return AssertStep(try node(condition), try message.map(node), span, unit)
        case .param(let parameter):
            guard let value = parameter.defaultValue else { throw unresolved(span) }
            return ParamStep(parameter.identifier, place(parameter.variable), try node(value), loader.settings, span, unit)
        case .test(let name, let body): return TestStep(name, try sequence(body), span, unit)
        case .withoutGradients(let body): return NoGradientStep(try sequence(body), span, unit)
        }
    }

    private func head(_ pattern: Pattern, _ values: Expression) throws -> LoopHead {
        LoopHead(places: pattern.variables.map(place), isList: pattern.isList, values: try node(values), unit: unit)
    }

    private func assignment(_ target: Expression, _ operation: BinaryOperator?, _ value: Expression, _ span: Span) throws -> Step {
        switch target.kind {
        case .name(let name):
            var new = try node(value, isReentrant: true)
            if let operation { new = binary(operation, try node(target), new, span) }
            let place = try place(name)
            return AddStep(place, new, span, unit) ?? AssignStep(place, new, span, unit)
        case .field(let base, let name): return AssignFieldStep(try node(base), name, operation, try node(value, isReentrant: true), span, unit)
        case .index(let base, let items): return AssignIndexStep(try index(base, items, false, target.span), operation, try node(value, isReentrant: true), span, unit)
        default: throw unresolved(span)
        }
    }

    // MARK: - Variables

    func place(_ variable: Variable) -> Place {
        if variable.isGlobal { return .global(variable.slot) }
        if variable.isState { return .state(variable.slot) }
        return variable.isCaptured ? .localCell(variable.slot) : .local(variable.slot)
    }

    private func place(_ name: NameUse) throws -> Place {
        switch name.target {
        case .variable(let variable): return place(variable)
        case .captured(_, let index): return .capture(index)
        case .builtin, .unresolved: throw unresolved(name.identifier.span)
        }
    }

    private func variable(_ name: NameUse, _ span: Span) throws -> Node {
        switch name.target {
        case .variable(let variable):
            if variable.isGlobal { return GlobalNode(variable.slot, name.name, span, unit) }
            return variable.isCaptured ? LocalCellNode(variable.slot, name.name, span, unit) : LocalNode(variable.slot, span, unit)
        case .captured(_, let index): return CaptureNode(index, name.name, span, unit)
        case .builtin: return ConstantNode(try loader.value(of: name.name, usedAt: Location(unit.source, span)), span, unit)
        case .unresolved: throw unresolved(span)
        }
    }

    private func unresolved(_ span: Span) -> Diagnostic {
        Diagnostic(.internalError, "this was not resolved", at: Location(unit.source, span))
    }

    // MARK: - Expressions

    func node(_ expression: Expression) throws -> Node { try node(expression, isReentrant: false) }

    /// - Parameter isReentrant: whether a checkpoint's place can lead back into the calls of this expression: all that is around it up to the statement
    ///   keeps what it has evaluated before.
    func node(_ expression: Expression, isReentrant: Bool) throws -> Node {
        let span = expression.span
        func part(_ expression: Expression) throws -> Node { try node(expression, isReentrant: isReentrant) }
        switch expression.kind {
        case .none: return ConstantNode(.none, span, unit)
        case .bool(let value): return ConstantNode(.bool(value), span, unit)
        case .int(let value): return ConstantNode(.int(value), span, unit)
        case .float(let value): return ConstantNode(.float(value), span, unit)
        case .string(let parts): return try string(parts, isReentrant, span)
        case .name(let name): return try variable(name, span)
        case .list(let items): return ListNode(try items.map(part), span, unit)
        case .record(let entries): return RecordNode(try entries.map { ($0.key.text, try part($0.value)) }, span, unit)
        case .unary(let operation, let operand):
            if operation == .minus, case .int(let value) = operand.kind, value >= 0 { return ConstantNode(.int(-value), span, unit) }
            if operation == .minus, case .float(let value) = operand.kind { return ConstantNode(.float(-value), span, unit) }
            return UnaryNode(operation, try node(operand), span, unit)
        case .binary(let operation, let left, let right): return binary(operation, try part(left), try part(right), span)
        case .comparison(let first, let rest):
            if rest.count == 1 { return SingleComparisonNode(rest[0].0, try node(first), try node(rest[0].1), span, unit) }
            return ComparisonNode(try node(first), try rest.map { ($0, try node($1)) }, span, unit)
        case .and(let left, let right): return LogicalNode(isAnd: true, try node(left), try node(right), span, unit)
        case .or(let left, let right): return LogicalNode(isAnd: false, try node(left), try node(right), span, unit)
        case .conditional(let condition, let then, let otherwise): return ConditionalNode(try node(condition), try part(then), try part(otherwise), span, unit)
        case .lambda(let literal): return ClosureNode(try function(literal), span, unit)
        case .call(let callee, let arguments): return try call(callee, arguments, isReentrant, span)
        case .index(let base, let items): return try index(base, items, isReentrant, span)
        case .field(let base, let name): return FieldNode(try part(base), name, span, unit)
        case .range(let start, let end): return RangeNode(try node(start), try node(end), span, unit)
        case .comprehension(let comprehension):
            let clauses = try comprehension.clauses.map { clause in
                ComprehensionNode.Clause(head: try head(clause.pattern, clause.values), conditions: try clause.conditions.map(node))
            }
            return ComprehensionNode(try part(comprehension.element), clauses, span, unit)
        case .invalid: throw unresolved(span)
        }
    }

    private func binary(_ operation: BinaryOperator, _ left: Node, _ right: Node, _ span: Span) -> Node {
        switch operation {
        case .add: return AddNode(operation, left, right, span, unit)
        case .subtract: return SubtractNode(operation, left, right, span, unit)
        case .multiply: return MultiplyNode(operation, left, right, span, unit)
        default: return BinaryNode(operation, left, right, span, unit)
        }
    }

    private func string(_ parts: [StringPart], _ isReentrant: Bool, _ span: Span) throws -> Node {
        if parts.isEmpty { return ConstantNode(.text(""), span, unit) }
        if parts.count == 1, case .text(let text) = parts[0] { return ConstantNode(.text(text), span, unit) }
        return StringNode(try parts.map { part in
            switch part {
            case .text(let text): return .text(text)
            case .value(let value, let spec): return .value(try node(value, isReentrant: isReentrant), spec)
            }
        }, span, unit)
    }

    private func call(_ callee: Expression, _ arguments: [Argument], _ isReentrant: Bool, _ span: Span) throws -> Node {
        let compiled = CallArguments(
            positional: try arguments.filter { $0.keyword == nil }.map { try node($0.value, isReentrant: isReentrant) },
            named: try arguments.compactMap { argument in try argument.keyword.map { ($0, try node(argument.value, isReentrant: isReentrant)) } })
        if case .field(let base, let name) = callee.kind { return MemberCallNode(try node(base), name, compiled, isReentrant: isReentrant, span, unit) }
        return CallNode(try node(callee), compiled, isReentrant: isReentrant, span, unit)
    }

    private func index(_ base: Expression, _ items: [IndexItem], _ isReentrant: Bool, _ span: Span) throws -> IndexNode {
        IndexNode(try node(base, isReentrant: isReentrant), try items.map { item in
            switch item {
            case .at(let value): return .at(try node(value))
            case .slice(let start, let end, let step): return .slice(try start.map(node), try end.map(node), try step.map(node))
            }
        }, span, unit)
    }

    // MARK: - Functions

    private func function(_ literal: FunctionLiteral) throws -> FunctionCode {
        let code = FunctionCode(literal, unit)
        loader.places.add(code)
        code.parameters = try literal.parameters.map {
            FunctionCode.ParameterCode(name: $0.name, place: place($0.variable), defaultValue: try $0.defaultValue.map(node))
        }
        code.captures = literal.captures.map {
            switch $0 {
            case .local(let variable): return .local(variable.slot)
            case .outer(let index, _): return .outer(index)
            }
        }
        if literal.role == .method {
            let given = Set(literal.parameters.map { $0.variable.slot })
            code.stateSlots = literal.state.map(\.slot).filter { !given.contains($0) }
        }
        code.body = try sequence(literal.body)
        return code
    }
}
