/// Statements.
extension Parser {
    mutating func statement() throws -> Statement {
        try nested { try $0.statementBody() }
    }

    private mutating func statementBody() throws -> Statement {
        let start = current.span
        switch current.kind {
        case .keyword(.let): return try declaration()
        case .keyword(.def): return try function()
        case .keyword(.if) where !isValueIf(): return try branch()
        case .keyword(.for): return try forLoop()
        case .keyword(.while):
            advance()
            try require("a condition", of: "'while'", hint: "write 'while true { ... }' to go on without an end")
            let condition = try expression()
            let body = try loopBody("'while'")
            return Statement(.whileLoop(condition, body), start.union(previous.span))
        case .keyword(.repeat):
            advance()
            try require("a count", of: "'repeat'", hint: "write 'repeat 3 { ... }', or 'while true { ... }' to go on without an end")
            let count = try expression()
            let body = try loopBody("'repeat'")
            return Statement(.repeatLoop(count, body), start.union(previous.span))
        case .keyword(.continue) where isDebugging:
            if let form = verbs["continue"] { return try verb(form) }
            return leaveLoop()
        case .keyword(.break) where isDebugging && ahead(2).kind == .symbol(.colon): return try breakpoint()
        case .keyword(.break), .keyword(.continue): return leaveLoop()
        case .keyword(.return): return try returnStatement()
        case .keyword(.import): return try importStatement()
        case .keyword(.assert):
            advance()
            let condition = try expression()
            let message = accept(.comma) ? try expression() : nil
            if message == nil, case .list(let parts) = condition.kind, parts.count == 2, source.text(condition.span).hasPrefix("(") {
                let hint = "write 'assert condition, \"message\"' without parentheses"
                try refuse(ForeignHabit(message: "this never fails: it is a list of two values", hint: hint, span: condition.span))
            }
            return Statement(.assertion(condition, message: message), start.union(previous.span))
        case .keyword(.no_grad):
            advance()
            let body = try block("'no_grad'")
            return Statement(.withoutGradients(body), start.union(previous.span))
        case .keyword(.else):
            fail(.misplacedStatement, "this 'else' belongs to no 'if'", start, hint: "'else' follows the '}' of its 'if'")
            throw Bail()
        // These words are names elsewhere: a script may well have a parameter 'method'.
        case .name("method") where isDeclaration(behind: .symbol(.leftParen)): return try method()
        case .name("param") where isDeclaration(behind: .symbol(.equal)): return try param()
        case .name("on") where isHandler(): return try handler()
        case .name("phase") where isNamedBlock(): return try phase()
        case .name("test") where isNamedBlock(): return try test()
        case .name(let text):
            if let form = verbs[text], startsVerb(form) { return try verb(form) }
            if (text == "test" || text == "phase"), isUnnamedBlock() {
                fail(.expectedToken, "'\(text)' needs a name in quotes", ahead(1).span, hint: "write '\(text) \"name\" { ... }'")
                throw Bail()
            }
            if let foreign = foreignStatement() { try refuse(foreign) }
            return try expressionOrAssignment()
        default: return try expressionOrAssignment()
        }
    }

    // MARK: - Declarations

    private mutating func declaration() throws -> Statement {
        let start = current.span
        advance()
        let pattern = try self.pattern(hint: "write 'let (a, b) = ...'")
        try refuseType(of: "a variable")
        guard accept(.equal) else { try unexpected("'=' and a value") }
        let value = try sentenceOrExpression()
        return Statement(.declare(pattern, value), start.union(value.span))
    }

    /// A name, or several in parentheses.
    mutating func pattern(hint: String) throws -> Pattern {
        let start = current.span
        guard accept(.leftParen) else {
            let name = try identifier("a name")
            if atSymbol(.comma) {
                fail(.expectedToken, "several names stand in parentheses", name.span, hint: hint)
                throw Bail()
            }
            return Pattern([name], isList: false, name.span)
        }
        var names: [Identifier] = []
        repeat {
            if atSymbol(.rightParen) { break }
            if atSymbol(.star), let foreign = foreignHint() { try refuse(foreign) }
            let name = try identifier("a name")
            if name.text != "_", names.contains(where: { $0.text == name.text }) { fail(.duplicateName, "'\(name.text)' stands twice", name.span) }
            names.append(name)
        } while accept(.comma)
        guard accept(.rightParen) else { try unexpected("',' or ')'") }
        if names.isEmpty {
            fail(.expectedName, "there are no names between the parentheses", start.union(previous.span))
            throw Bail()
        }
        return Pattern(names, isList: true, start.union(previous.span))
    }

    private mutating func function() throws -> Statement {
        let start = current.span
        advance()
        let literal = try functionLiteral(.function, try identifier("the name of a function"), start, "a function")
        return Statement(.function(literal), literal.span)
    }

    private mutating func method() throws -> Statement {
        let start = current.span
        advance()
        let name = try identifier("the name of a method")
        if !context.isTopLevel {
            fail(.misplacedStatement, "a method is declared at the top level of a file", start.union(name.span), hint: "move it out of the braces around it")
        }
        let literal = try functionLiteral(.method, name, start, "a method")
        return Statement(.method(literal), literal.span)
    }

    /// Whether a word, a name and this token follow each other.
    private func isDeclaration(behind token: Token.Kind) -> Bool {
        guard case .name = ahead(1).kind else { return false }
        return ahead(2).kind == token
    }

    private func isHandler() -> Bool {
        guard case .name = ahead(1).kind else { return false }
        return ahead(2).kind == .symbol(.leftParen) || ahead(2).kind == .symbol(.leftBrace)
    }

    private mutating func handler() throws -> Statement {
        let start = current.span
        advance()
        let name = try identifier("the name of an event")
        if !context.inMethodBody {
            fail(.misplacedStatement, "'on \(name.text)' stands only directly inside a method", start.union(name.span))
        }
        let literal = try functionLiteral(.handler, name, start, "'on \(name.text)'")
        return Statement(.handler(literal), literal.span)
    }

    private mutating func functionLiteral(_ role: FunctionLiteral.Role, _ name: Identifier, _ start: Span, _ what: String) throws -> FunctionLiteral {
        var parameters: [Parameter] = []
        if accept(.leftParen) { parameters = try self.parameters() }
        else if role != .handler { try unexpected("'(' and the parameters of \(what)") }
        try refuseType(of: what)
        let outer = context
        context = Context(inFunction: role != .method, inMethodBody: role == .method, isTopLevel: false)
        defer { context = outer }
        let body = try block(what)
        return FunctionLiteral(role, name, parameters, body, start.union(previous.span), source)
    }

    private mutating func param() throws -> Statement {
        let start = current.span
        advance()
        let name = try identifier("the name of a parameter")
        if !context.isTopLevel { fail(.misplacedStatement, "'param' stands only at the top level of a file", start.union(name.span)) }
        guard accept(.equal) else { try unexpected("'=' and a default value") }
        let value = try expression()
        return Statement(.param(Parameter(name, value)), start.union(value.span))
    }

    private mutating func importStatement() throws -> Statement {
        let start = current.span
        advance()
        if !context.isTopLevel { fail(.misplacedStatement, "'import' stands only at the top level of a file", start) }
        let token = current
        guard case .string(let pieces) = token.kind else {
            report(.expectedToken, "'import' needs a file name in quotes, found \(describe(token))", token.span, hint: "write 'import \"file.bcl\"'; the standard methods need no import")
            throw Bail()
        }
        var path = ""
        for piece in pieces {
            guard case .text(let text) = piece else {
                fail(.importFailed, "the name of an imported file is plain text, without {}", token.span)
                throw Bail()
            }
            path += text
        }
        advance()
        var alias: Identifier?
        if atName("as") {
            advance()
            alias = try identifier("a name for the imported file")
        }
        return Statement(.importFile(Import(path, token.span, alias)), start.union(previous.span))
    }

    // MARK: - Control flow

    mutating func block(_ what: String) throws -> Block {
        let open = current.span
        if atSymbol(.colon) {
            fail(.foreignSyntax, "the body of \(what) does not start with ':'", current.span, hint: "put it in braces: { ... }")
            throw Bail()
        }
        guard accept(.leftBrace) else { try unexpected("'{' and the body of \(what)") }
        let outer = context
        context.isTopLevel = false
        defer { context = outer }
        var statements: [Statement] = []
        while true {
            skipSeparators()
            if accept(.rightBrace) { return Block(statements: statements, span: open.union(previous.span)) }
            if at(.end) {
                report(.unclosedBracket, "the body of \(what) is not closed", open, hint: "add '}'")
                throw Bail()
            }
            parseStatement(into: &statements)
        }
    }

    /// A body in which nothing but statements of the same method level may stand is still inside its loop or branch.
    private mutating func innerBlock(_ what: String) throws -> Block {
        let outer = context
        context.inMethodBody = false
        defer { context = outer }
        return try block(what)
    }

    private mutating func loopBody(_ what: String) throws -> Block {
        let outer = context
        context.inLoop = true
        defer { context = outer }
        return try innerBlock(what)
    }

    /// Whether the `if` here is a value, `if c then a else b`: a `then` comes before any brace at this level.
    private func isValueIf() -> Bool {
        var index = position + 1
        var level = 0
        while index < tokens.count {
            switch tokens[index].kind {
            case .symbol(.leftParen), .symbol(.leftBracket): level += 1
            case .symbol(.rightParen), .symbol(.rightBracket): level -= 1
            case .symbol(.leftBrace): if level == 0 { return false } else { level += 1 }
            case .symbol(.rightBrace): if level == 0 { return false } else { level -= 1 }
            case .keyword(.then) where level == 0: return true
            case .newline where level == 0: return false
            case .end: return false
            default: break
            }
            index += 1
        }
        return false
    }

    private mutating func branch() throws -> Statement {
        let start = current.span
        var branches: [(condition: Expression, block: Block)] = []
        var otherwise: Block?
        advance()
        try require("a condition", of: "'if'")
        let condition = try expression()
        branches.append((condition, try innerBlock("'if'")))
        while true {
            // `else` may stand on the line below the brace.
            let mark = position
            skipNewlines()
            if case .name(let word) = current.kind, Self.elseIfWords.contains(word) { try refuse(elseIfHabit(current)) }
            guard accept(.else) else {
                position = mark
                break
            }
            if accept(.if) {
                let condition = try expression()
                branches.append((condition, try innerBlock("'else if'")))
            } else {
                otherwise = try innerBlock("'else'")
                break
            }
        }
        return Statement(.branch(branches, otherwise: otherwise), start.union(previous.span))
    }

    private mutating func forLoop() throws -> Statement {
        let start = current.span
        advance()
        if atSymbol(.leftParen), ahead(2).kind == .symbol(.equal) || ahead(1).kind == .keyword(.let) || ahead(1).kind == .name("var") { try refuse(countingLoop()) }
        let pattern = try self.pattern(hint: "write 'for (a, b) in ...'")
        if atSymbol(.equal) { try refuse(countingLoop()) }
        guard accept(.in) else { try unexpected("'in'") }
        let values = try expression()
        if atSymbol(.colon), ahead(1).kind != .newline, ahead(1).kind != .symbol(.leftBrace) {
            let hint = "a range is written 'a..b', without its end; a body stands in braces"
            try refuse(ForeignHabit(message: "neither a range nor the body of 'for' has a ':'", hint: hint, span: current.span))
        }
        let body = try loopBody("'for'")
        return Statement(.forIn(pattern, values, body), start.union(previous.span))
    }

    /// Outside of loops `break` and `continue` speak to the debugger, where the host has one.
    private var isDebugging: Bool { !context.inLoop && !context.inFunction && !context.inMethodBody && verbs["continue"] != nil }

    private func countingLoop() -> ForeignHabit {
        ForeignHabit(message: "a loop over numbers is not written with '='", hint: "write 'for i in 0..n { ... }'", span: current.span)
    }

    private mutating func leaveLoop() -> Statement {
        let token = current
        advance()
        let word = source.text(token.span)
        if !context.inLoop { fail(.misplacedStatement, "'\(word)' stands only inside a loop", token.span) }
        return Statement(token.kind == .keyword(.break) ? .breakLoop : .continueLoop, token.span)
    }

    private mutating func returnStatement() throws -> Statement {
        let start = current.span
        advance()
        if !context.inFunction { fail(.misplacedStatement, "'return' stands only inside a function", start) }
        let isBare = at(.newline) || at(.end) || atSymbol(.semicolon) || atSymbol(.rightBrace)
        let value = isBare ? nil : try sentenceOrExpression()
        if atSymbol(.comma) {
            fail(.expectedToken, "several values are returned in parentheses", current.span, hint: "write 'return (a, b)'")
            throw Bail()
        }
        return Statement(.returnValue(value), start.union(previous.span))
    }

    /// A word, a string and a brace: `phase "inner" {`.
    private func isUnnamedBlock() -> Bool {
        if case .name = ahead(1).kind { return ahead(2).kind == .symbol(.leftBrace) }
        return ahead(1).kind == .symbol(.leftBrace)
    }

    private func isNamedBlock() -> Bool {
        if case .string = ahead(1).kind { return ahead(2).kind == .symbol(.leftBrace) }
        return false
    }

    /// `while { ... }` would read the body as a record.
    private mutating func require(_ what: String, of statement: String, hint: String? = nil) throws {
        guard atSymbol(.leftBrace) else { return }
        fail(.expectedExpression, "\(statement) needs \(what) before its '{'", current.span, hint: hint)
        throw Bail()
    }

    private mutating func phase() throws -> Statement {
        let start = current.span
        let name = try blockName("a phase", "phase \"inner\" { ... }")
        let body = try innerBlock("a phase")
        return Statement(.phase(name, body), start.union(previous.span))
    }

    private mutating func test() throws -> Statement {
        let start = current.span
        let name = try blockName("a test", "test \"accuracy is kept\" { ... }")
        if !context.isTopLevel { fail(.misplacedStatement, "a test stands only at the top level of a file", start) }
        let body = try innerBlock("a test")
        return Statement(.test(name, body), start.union(previous.span))
    }

    /// The string behind the current word.
    private mutating func blockName(_ what: String, _ form: String) throws -> String {
        advance()
        guard case .string(let pieces) = current.kind, pieces.count <= 1, case .text(let name)? = pieces.first else {
            report(.expectedName, "\(what) has a plain name", current.span, hint: "write '\(form)'")
            throw Bail()
        }
        advance()
        return name
    }

    // MARK: - Expressions and assignments

    private mutating func expressionOrAssignment() throws -> Statement {
        let target = try expression()
        let operators: [Symbol: BinaryOperator?] = [.equal: nil, .plusEqual: .add, .minusEqual: .subtract, .starEqual: .multiply, .slashEqual: .divide]
        if case .symbol(let symbol) = current.kind, let operation = operators[symbol] {
            let sign = current.span
            advance()
            switch target.kind {
            case .name, .field, .index: break
            case .list(let items) where !items.isEmpty:
                fail(.badAssignmentTarget, "several names are set one by one, or declared with 'let'", target.span, hint: "write 'let (a, b) = ...'")
            default:
                fail(.badAssignmentTarget, "this can't be assigned to", target.span, hint: symbol == .equal ? "compare with '=='" : nil)
            }
            if at(.newline) || at(.end) {
                report(.expectedExpression, "'\(source.text(sign))' has nothing on its right", sign)
                throw Bail()
            }
            let value = try sentenceOrExpression()
            return Statement(.assign(target, operation, value), target.span.union(value.span))
        }
        if atSymbol(.comma), case .name = target.kind {
            fail(.expectedToken, "several values in a row need parentheses", current.span, hint: "write '(a, b)', or 'let (a, b) = ...' to declare")
            throw Bail()
        }
        return Statement(.expression(target), target.span)
    }
}
