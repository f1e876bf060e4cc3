/// Walks statements and expressions in the order in which they run.
extension Resolver {
    mutating func statement(_ statement: Statement) {
        switch statement.kind {
        case .expression(let value): expression(value)
        case .verb(let value, let form):
            if form.isWordSentence, case .call(let callee, _) = value.kind, case .name(let name) = callee.kind { name.target = .builtin }
            expression(value)
        case .declare(let pattern, let value):
            expression(value)
            declare(pattern, .variable)
        case .assign(let target, let operation, let value):
            expression(value)
            assignment(target, reads: operation != nil)
        case .function(let literal):
            literal.variable = declare(literal.identifier, .function, literal.signature)
            self.function(literal)
        case .method(let literal):
            literal.variable = declare(literal.identifier, .method, literal.signature)
            self.function(literal)
        case .handler(let literal):
            check(event: literal)
            self.function(literal)
        case .phase(_, let body), .withoutGradients(let body), .test(_, let body): block(body)
        case .branch(let branches, let otherwise):
            for branch in branches {
                expression(branch.condition)
                block(branch.block)
            }
            if let otherwise { block(otherwise) }
        case .forIn(let pattern, let values, let body):
            expression(values)
            function.push(statement.span)
            declare(pattern, .loop)
            block(body)
            function.pop()
        case .whileLoop(let condition, let body), .repeatLoop(let condition, let body):
            expression(condition)
            block(body)
        case .returnValue(let value): if let value { expression(value) }
        case .importFile(let file): importFile(file)
        case .assertion(let condition, let message):
            expression(condition)
            if let message { expression(message) }
        case .param(let parameter):
            if let value = parameter.defaultValue { expression(value) }
            parameter.variable = declare(parameter.identifier, .setting)
        case .breakLoop, .continueLoop: break
        }
    }

    mutating func block(_ block: Block) {
        function.push(block.span)
        for statement in block.statements { self.statement(statement) }
        function.pop()
    }

    mutating func expression(_ value: Expression) {
        switch value.kind {
        case .none, .bool, .int, .float, .invalid: break
        case .string(let parts): for case .value(let part, _) in parts { expression(part) }
        case .name(let name): use(name)
        case .list(let values): for value in values { expression(value) }
        case .record(let entries): for entry in entries { expression(entry.value) }
        case .unary(_, let operand): expression(operand)
        case .binary(_, let left, let right), .and(let left, let right), .or(let left, let right), .range(let left, let right):
            expression(left)
            expression(right)
        case .comparison(let first, let rest):
            expression(first)
            for (_, operand) in rest { expression(operand) }
        case .conditional(let condition, let then, let otherwise):
            expression(condition)
            expression(then)
            expression(otherwise)
        case .lambda(let literal): function(literal)
        case .call(let callee, let arguments): call(callee, arguments)
        case .index(let base, let items):
            expression(base)
            for item in items {
                switch item {
                case .at(let index): expression(index)
                case .slice(let start, let end, let step): for bound in [start, end, step] { if let bound { expression(bound) } }
                }
            }
        case .field(let base, _): expression(base)
        case .comprehension(let comprehension): clauses(of: comprehension, value.span, from: 0)
        }
    }

    /// Each clause's names are seen by the clauses behind it and by the element.
    private mutating func clauses(of comprehension: Comprehension, _ span: Span, from index: Int) {
        guard index < comprehension.clauses.count else { return expression(comprehension.element) }
        let clause = comprehension.clauses[index]
        expression(clause.values)
        function.push(span)
        declare(clause.pattern, .loop)
        for condition in clause.conditions { expression(condition) }
        clauses(of: comprehension, span, from: index + 1)
        function.pop()
    }

    // MARK: - Assignment

    private mutating func assignment(_ target: Expression, reads: Bool) {
        guard case .name(let name) = target.kind else { return expression(target) }
        let span = name.identifier.span
        switch find(name.name) {
        case .variable(let variable): set(name, variable, .variable(variable))
        case .captured(let variable, let index): set(name, variable, .captured(variable, index: index))
        case .builtin:
            fail(.missingLet, "'\(name.name)' is a name of the standard library and can't be set", span, hint: "declare your own with 'let \(name.name) = ...'")
        case .later(let variable):
            fail(.usedBeforeDeclaration, "'\(name.name)' is set before it is declared", span,
                 notes: [Diagnostic.Note("declared here", at: Location(source, variable.identifier.span))])
        case .nothing:
            guard !importFailed, !lostNames.contains(name.name), reported.insert(name.name).inserted else { return }
            let near = Suggestion.nearest(to: name.name, among: visibleNames.filter { !catalog.isKnown($0) })
            fail(.missingLet, "there is no '\(name.name)' to set", span,
                 hint: near.map { "did you mean '\($0)'? To declare a new name write 'let \(name.name) = ...'" } ?? "declare it with 'let \(name.name) = ...'")
        }
    }

    private mutating func set(_ name: NameUse, _ variable: Variable, _ target: NameUse.Target) {
        variable.isReassigned = true
        variable.signature = nil
        name.target = target
    }

    // MARK: - Functions

    private mutating func function(_ literal: FunctionLiteral) {
        // Defaults are evaluated at the call, in the function's own scope, so that they may use earlier parameters.
        let scope = FunctionScope(literal, parent: function)
        let outer = function
        function = scope
        for parameter in literal.parameters {
            if let value = parameter.defaultValue { expression(value) }
            parameter.variable = declare(parameter.identifier, .parameter)
            if literal.role == .method {
                parameter.variable.isCaptured = true
                literal.state.append(parameter.variable)
            }
        }
        if literal.role == .method { hoistState(of: literal) }
        for statement in literal.body.statements { self.statement(statement) }
        literal.slotCount = function.slotCount
        literal.captures = function.captures
        function = outer
    }

    /// The names at the top of a method's body are its state: handlers see all of them, wherever they stand.
    private mutating func hoistState(of literal: FunctionLiteral) {
        func hoist(_ name: Identifier, _ kind: Variable.Kind, _ signature: Signature? = nil) {
            guard name.text != "_", function.hoisted[name.text] == nil, function.declared(name.text) == nil else { return }
            let variable = Variable(name, kind: kind, source: source, isGlobal: false, slot: function.newSlot(), signature: signature)
            variable.isCaptured = true
            variable.isState = true
            function.hoisted[name.text] = variable
            literal.state.append(variable)
        }
        var handled = Set<String>()
        for statement in literal.body.statements {
            switch statement.kind {
            case .declare(let pattern, _): for name in pattern.names { hoist(name, .variable) }
            case .function(let inner): hoist(inner.identifier, .function, inner.signature)
            case .handler(let inner):
                if !handled.insert(inner.name).inserted {
                    fail(.duplicateName, "'on \(inner.name)' stands twice in this method", inner.identifier.span, hint: "put both into one handler")
                }
            default: break
            }
        }
    }

    private mutating func check(event literal: FunctionLiteral) {
        guard let passed = catalog.events[literal.name] else {
            let near = Suggestion.nearest(to: literal.name, among: catalog.events.keys)
            let known = catalog.events.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
            return fail(.unknownEvent, "there is no event '\(literal.name)'", literal.identifier.span, hint: near.map { "did you mean '\($0)'?" } ?? "events are \(known)")
        }
        if literal.parameters.count > passed.count || literal.parameters.contains(where: { $0.defaultValue != nil }) {
            fail(.wrongArgumentCount, "'on \(literal.name)' gets (\(passed.joined(separator: ", "))) at most", literal.identifier.span)
        }
    }

    // MARK: - Calls

    private mutating func call(_ callee: Expression, _ arguments: [Argument]) {
        var signature: Signature?
        if case .name(let name) = callee.kind {
            use(name, called: true)
            switch name.target {
            case .builtin: signature = catalog.signature(of: name.name)
            case .variable(let variable), .captured(let variable, _): signature = variable.isReassigned ? nil : variable.signature
            case .unresolved: break
            }
        } else {
            expression(callee)
        }
        for argument in arguments { expression(argument.value) }
        guard let signature else { return }
        let keywords = arguments.compactMap { $0.keyword?.text }
        guard let problem = signature.problem(positional: arguments.count - keywords.count, keywords: keywords) else { return }
        let place = arguments.compactMap(\.keyword).last { $0.text == problem.keyword }?.span ?? callee.span
        fail(problem.code, problem.message, place, hint: problem.hint)
    }

    // MARK: - Imports

    private mutating func importFile(_ file: Import) {
        let exports: [Variable]
        do { exports = try catalog.exports(of: file.path, importedAt: Location(source, file.pathSpan)) }
        catch {
            // The alias at least is known; without one, any name may be from the file.
            if let alias = file.alias { file.aliasVariable = declare(alias, .imported) } else { importFailed = true }
            if let diagnostic = error as? Diagnostic { diagnostics.append(diagnostic) } else { fail(.importFailed, "\(error)", file.pathSpan) }
            return
        }
        if let alias = file.alias {
            file.aliasVariable = declare(alias, .imported)
            return
        }
        file.bindings = exports.map { export in
            (export.name, declare(Identifier(export.name, file.pathSpan), .imported, export.isReassigned ? nil : export.signature))
        }
    }
}
