/// Expressions, by precedence from loose to tight:
/// `=>`, `if then else`, `or`, `and`, `not`, comparisons, `..`, `+ -`, `* / // % @`, unary minus, `**`, calls and fields.
extension Parser {
    mutating func expression() throws -> Expression {
        try nested { parser in
            if parser.startsLambda() { return try parser.lambda() }
            if parser.atKeyword(.if) { return try parser.conditional() }
            return try parser.orExpression()
        }
    }

    /// Makes a node and watches the height of the tree: evaluation and release recurse over it.
    mutating func make(_ kind: Expression.Kind, _ span: Span, _ children: [Expression] = []) throws -> Expression {
        let height = (children.map(\.height).max() ?? 0) + 1
        if height > Self.highestTree {
            fail(.tooDeep, "this expression has more than \(Self.highestTree) operations in a row", span, hint: "give parts of it names with 'let'")
            throw Bail()
        }
        return Expression(kind, span, height: height)
    }

    private mutating func conditional() throws -> Expression {
        let start = current.span
        advance()
        let condition = try expression()
        if atSymbol(.leftBrace) || atSymbol(.colon) {
            try refuse(ForeignHabit(message: "an 'if' that gives a value has no block", hint: "write 'if condition then a else b'", span: current.span))
        }
        guard accept(.then) else { try unexpected("'then'") }
        let then = try expression()
        guard accept(.else) else {
            report(.expectedToken, "a value 'if' needs an 'else', found \(describe(current))", current.span, hint: "write 'if condition then a else b'")
            throw Bail()
        }
        let otherwise = try expression()
        return try make(.conditional(condition: condition, then: then, otherwise: otherwise), start.union(otherwise.span), [condition, then, otherwise])
    }

    private mutating func orExpression() throws -> Expression {
        var left = try andExpression()
        while accept(.or) {
            let right = try operand { try $0.andExpression() }
            left = try make(.or(left, right), left.span.union(right.span), [left, right])
        }
        return left
    }

    private mutating func andExpression() throws -> Expression {
        var left = try notExpression()
        while accept(.and) {
            let right = try operand { try $0.notExpression() }
            left = try make(.and(left, right), left.span.union(right.span), [left, right])
        }
        return left
    }

    private mutating func notExpression() throws -> Expression {
        guard atKeyword(.not) else { return try comparison() }
        let start = current.span
        advance()
        let value = try nested { try $0.notExpression() }
        return try make(.unary(.not, value), start.union(value.span), [value])
    }

    private mutating func comparison() throws -> Expression {
        let first = try range()
        var rest: [(ComparisonOperator, Expression)] = []
        while let comparison = comparisonOperator() {
            rest.append((comparison, try operand { try $0.range() }))
        }
        guard let last = rest.last else { return first }
        return try make(.comparison(first, rest), first.span.union(last.1.span), [first] + rest.map(\.1))
    }

    private mutating func comparisonOperator() -> ComparisonOperator? {
        switch current.kind {
        case .symbol(let symbol):
            guard let comparison = ComparisonOperator(rawValue: symbol.rawValue) else { return nil }
            advance()
            return comparison
        case .keyword(.in):
            advance()
            return .isIn
        case .keyword(.not) where ahead(1).kind == .keyword(.in):
            advance()
            advance()
            return .isNotIn
        default: return nil
        }
    }

    private mutating func range() throws -> Expression {
        let start = try sum()
        guard accept(.dotDot) else { return start }
        let end = try operand { try $0.sum() }
        return try make(.range(start, end), start.span.union(end.span), [start, end])
    }

    mutating func sum() throws -> Expression {
        var left = try product()
        while let operation = binaryOperator([.plus: .add, .minus: .subtract]) {
            let right = try operand { try $0.product() }
            left = try make(.binary(operation, left, right), left.span.union(right.span), [left, right])
        }
        return left
    }

    private mutating func product() throws -> Expression {
        var left = try unary()
        while let operation = binaryOperator([.star: .multiply, .slash: .divide, .slashSlash: .floorDivide, .percent: .remainder, .at: .matmul]) {
            let right = try operand { try $0.unary() }
            left = try make(.binary(operation, left, right), left.span.union(right.span), [left, right])
        }
        return left
    }

    private mutating func unary() throws -> Expression {
        guard atSymbol(.minus) || atSymbol(.plus) else { return try power() }
        let start = current
        let doubled = previous.kind == start.kind && previous.span.end == start.span.start
        advance()
        if doubled || start.kind == current.kind && start.span.end == current.span.start {
            let sign = source.text(start.span)
            fail(.foreignSyntax, "'\(sign)\(sign)' is not part of the language", start.span.union(current.span), hint: "write 'x = x \(sign) 1'")
            throw Bail()
        }
        if current.kind == .int(Int.min), ahead(1).kind != .symbol(.starStar) {
            let span = start.span.union(current.span)
            advance()
            return try make(.int(Int.min), span)
        }
        let value = try nested { try $0.unary() }
        return try make(.unary(start.kind == .symbol(.minus) ? .minus : .plus, value), start.span.union(value.span), [value])
    }

    private mutating func power() throws -> Expression {
        let base = try postfix()
        guard accept(.starStar) else { return base }
        let exponent = try operand { parser in try parser.nested { try $0.unary() } }
        return try make(.binary(.power, base, exponent), base.span.union(exponent.span), [base, exponent])
    }

    private mutating func binaryOperator(_ known: [Symbol: BinaryOperator]) -> BinaryOperator? {
        guard case .symbol(let symbol) = current.kind, let operation = known[symbol] else { return nil }
        advance()
        return operation
    }

    /// The right side of an operator; a line end there is an unfinished expression, and said so.
    private mutating func operand(_ parse: (inout Parser) throws -> Expression) throws -> Expression {
        if at(.newline) || at(.end) {
            report(.expectedExpression, "'\(source.text(previous.span))' has nothing on its right", previous.span,
                   hint: "put an expression over several lines in ( )")
            throw Bail()
        }
        return try parse(&self)
    }

    // MARK: - Calls, fields, indexes

    private mutating func postfix() throws -> Expression {
        var value = try primary()
        while true {
            switch current.kind {
            case .symbol(.leftParen):
                let open = current.span
                advance()
                let arguments = try self.arguments(close: .rightParen, open)
                value = try make(.call(value, arguments), value.span.union(previous.span), [value] + arguments.map(\.value))
            case .symbol(.leftBracket):
                advance()
                let items = try indexItems()
                value = try make(.index(value, items), value.span.union(previous.span), [value] + children(items))
            case .symbol(.dot):
                advance()
                let name = try fieldName()
                value = try make(.field(value, name), value.span.union(name.span), [value])
            default: return value
            }
        }
    }

    /// Words of the language may be field names: `record.then`.
    private mutating func fieldName() throws -> Identifier {
        if case .keyword(let word) = current.kind {
            let name = Identifier(word.rawValue, current.span)
            advance()
            return name
        }
        if case .symbol = current.kind, let foreign = foreignHint() { try refuse(foreign) }
        return try identifier("the name of a field")
    }

    mutating func arguments(close: Symbol, _ open: Span) throws -> [Argument] {
        var result: [Argument] = []
        var sawKeyword = false
        while !atSymbol(close) {
            if let keyword = keywordArgumentName() {
                result.append(Argument(keyword: keyword, value: try expression()))
                sawKeyword = true
            } else {
                let value = try expression()
                if sawKeyword {
                    fail(.positionalAfterKeyword, "an argument without a name follows one with a name", value.span, hint: "put it first, or give its name: name=value")
                }
                result.append(Argument(keyword: nil, value: value))
            }
            if !accept(.comma) { break }
        }
        guard accept(close) else { try unexpected("',' or '\(close.rawValue)'") }
        return result
    }

    /// `name=` at the start of an argument; words of the language are allowed.
    mutating func keywordArgumentName() -> Identifier? {
        guard ahead(1).kind == .symbol(.equal) else { return nil }
        let name: Identifier
        switch current.kind {
        case .name(let text): name = Identifier(text, current.span)
        case .keyword(let word): name = Identifier(word.rawValue, current.span)
        default: return nil
        }
        advance()
        advance()
        return name
    }

    private mutating func indexItems() throws -> [IndexItem] {
        var items: [IndexItem] = []
        repeat {
            if atSymbol(.rightBracket), !items.isEmpty { break }
            items.append(try indexItem())
        } while accept(.comma)
        guard accept(.rightBracket) else { try unexpected("',' or ']'") }
        return items
    }

    private mutating func indexItem() throws -> IndexItem {
        func endsPart() -> Bool { atSymbol(.colon) || atSymbol(.comma) || atSymbol(.rightBracket) }
        let start = endsPart() ? nil : try expression()
        guard accept(.colon) else {
            guard let start else {
                report(.expectedExpression, "here should be an index, found \(describe(current))", current.span)
                throw Bail()
            }
            return .at(start)
        }
        let end = endsPart() ? nil : try expression()
        let step = accept(.colon) && !endsPart() ? try expression() : nil
        return .slice(start: start, end: end, step: step)
    }

    private func children(_ items: [IndexItem]) -> [Expression] {
        items.flatMap { item -> [Expression] in
            switch item {
            case .at(let value): return [value]
            case .slice(let start, let end, let step): return [start, end, step].compactMap { $0 }
            }
        }
    }

    // MARK: - Primaries

    private mutating func primary() throws -> Expression {
        let token = current
        switch token.kind {
        case .int(let value):
            if value == Int.min { fail(.numberTooLarge, "this integer is larger than \(Int.max)", token.span, hint: "write it as a float, such as 1e20") }
            advance()
            return try make(.int(value), token.span)
        case .float(let value): advance(); return try make(.float(value), token.span)
        case .keyword(.yes): advance(); return try make(.bool(true), token.span)
        case .keyword(.no): advance(); return try make(.bool(false), token.span)
        case .keyword(.none): advance(); return try make(.none, token.span)
        case .string(let pieces): advance(); return try string(pieces, token.span)
        case .name(let text):
            if let meant = try foreignName(text, token) { return meant }
            advance()
            return try make(.name(NameUse(Identifier(text, token.span))), token.span)
        case .symbol(.leftParen): return try parenthesised()
        case .symbol(.leftBracket): return try list()
        case .symbol(.leftBrace): return try record()
        default:
            if let foreign = foreignHint() { try refuse(foreign) }
            report(.expectedExpression, "here should be a value, found \(describe(token))", token.span)
            throw Bail()
        }
    }

    /// Says what a value of another language is called here, and goes on as if that stood there.
    private mutating func foreignName(_ text: String, _ token: Token) throws -> Expression? {
        let here: (name: String, value: Expression.Kind)
        switch text {
        case "True": here = ("true", .bool(true))
        case "False": here = ("false", .bool(false))
        case "None", "nil", "null", "nothing", "undefined": here = ("none", .none)
        case "lambda":
            switch ahead(1).kind {
            case .name, .symbol(.colon): break
            default: return nil
            }
            fail(.foreignSyntax, "'lambda' is not part of the language", token.span, hint: "write 'x => x + 1', or '(a, b) => a + b'")
            throw Bail()
        default: return nil
        }
        fail(.foreignSyntax, "'\(text)' is written '\(here.name)' here", token.span, hint: "write '\(here.name)'")
        advance()
        return try make(here.value, token.span)
    }

    private mutating func parenthesised() throws -> Expression {
        let open = current.span
        advance()
        var values: [Expression] = []
        var isList = atSymbol(.rightParen)
        while !atSymbol(.rightParen) {
            values.append(try expression())
            if !accept(.comma) { break }
            isList = true
        }
        guard accept(.rightParen) else { try unexpected("',' or ')'") }
        if !isList, let only = values.first { return Expression(only.kind, open.union(previous.span), height: only.height) }
        return try make(.list(values), open.union(previous.span), values)
    }

    private mutating func list() throws -> Expression {
        let open = current.span
        advance()
        var values: [Expression] = []
        while !atSymbol(.rightBracket) {
            values.append(try expression())
            if values.count == 1, atKeyword(.for) { return try comprehension(of: values[0], open) }
            if !accept(.comma) { break }
        }
        guard accept(.rightBracket) else { try unexpected("',' or ']'") }
        return try make(.list(values), open.union(previous.span), values)
    }

    private mutating func comprehension(of element: Expression, _ open: Span) throws -> Expression {
        var clauses: [Comprehension.Clause] = []
        while accept(.for) {
            let pattern = try self.pattern(hint: "write 'for (a, b) in ...'")
            guard accept(.in) else { try unexpected("'in'") }
            let values = try expression()
            var conditions: [Expression] = []
            while accept(.if) { conditions.append(try expression()) }
            clauses.append(Comprehension.Clause(pattern: pattern, values: values, conditions: conditions))
        }
        guard accept(.rightBracket) else { try unexpected("'for', 'if' or ']'") }
        let children = [element] + clauses.flatMap { [$0.values] + $0.conditions }
        return try make(.comprehension(Comprehension(element, clauses)), open.union(previous.span), children)
    }

    private mutating func record() throws -> Expression {
        let open = current.span
        advance()
        var entries: [RecordEntry] = []
        skipNewlines()
        while !atSymbol(.rightBrace) {
            let key = try recordKey()
            if atKeyword(.in) {
                try refuse(ForeignHabit(message: "a function value is not written in braces", hint: "write 'x => expr' or '(x, y) => { ... }'", span: open.union(current.span)))
            }
            guard accept(.colon) else { try unexpected("':' behind the key of a record") }
            skipNewlines()
            let value = try expression()
            if entries.contains(where: { $0.key.text == key.text }) {
                fail(.duplicateName, "the key '\(key.text)' stands twice in this record", key.span)
            }
            entries.append(RecordEntry(key: key, value: value))
            skipNewlines()
            if !accept(.comma) { break }
            skipNewlines()
        }
        guard accept(.rightBrace) else { try unexpected("',' or '}'") }
        return try make(.record(entries), open.union(previous.span), entries.map(\.value))
    }

    private mutating func recordKey() throws -> Identifier {
        let token = current
        switch token.kind {
        case .string(let pieces):
            var text = ""
            for piece in pieces {
                guard case .text(let part) = piece else {
                    fail(.expectedName, "a record's key is plain text, without {}", token.span)
                    throw Bail()
                }
                text += part
            }
            advance()
            return Identifier(text, token.span)
        case .keyword(let word):
            advance()
            return Identifier(word.rawValue, token.span)
        case .int, .float:
            fail(.expectedName, "the key of a record is a name or a string, not a number", token.span, hint: "write \"\(source.text(token.span))\", or use a list")
            throw Bail()
        default: return try identifier("the key of a record")
        }
    }

    // MARK: - Strings

    mutating func string(_ pieces: [StringPiece], _ span: Span) throws -> Expression {
        var parts: [StringPart] = []
        var children: [Expression] = []
        for piece in pieces {
            switch piece {
            case .text(let text): parts.append(.text(text))
            case .interpolation(let place, let format, let formatSpan):
                guard let value = interpolated(place) else { throw Bail() }
                var spec = FormatSpec()
                if let format {
                    guard let known = FormatSpec(format) else {
                        fail(.badFormat, "'\(format)' is no format", formatSpan, hint: "formats look like .3f, 8.2f, 5d, >10, .1% or ,d")
                        throw Bail()
                    }
                    spec = known
                }
                parts.append(.value(value, spec))
                children.append(value)
            }
        }
        return try make(.string(parts), span, children)
    }

    /// Parses the expression inside the braces of a string, with spans in the whole file.
    private mutating func interpolated(_ place: Span) -> Expression? {
        let lexed = Lexer.lex(source, range: place)
        guard lexed.diagnostics.isEmpty else {
            diagnostics += lexed.diagnostics.prefix(3)
            return nil
        }
        var inner = Parser(source, tokens: lexed.tokens, verbs: verbs)
        inner.depth = depth
        let value = try? inner.expression()
        if value != nil, !inner.at(.newline) {
            inner.report(.badInterpolation, "here should be '}', found \(inner.describe(inner.current))", inner.current.span)
        }
        diagnostics += inner.diagnostics
        return inner.diagnostics.isEmpty ? value : nil
    }

    // MARK: - Lambdas

    /// `x =>`, `() =>` or `(a, b=1) =>`: looks ahead to the arrow.
    private func startsLambda() -> Bool {
        if case .name = current.kind { return ahead(1).kind == .symbol(.arrow) }
        guard atSymbol(.leftParen) else { return false }
        var index = position + 1
        var level = 1
        while index < tokens.count {
            switch tokens[index].kind {
            case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): level += 1
            case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace):
                level -= 1
                if level == 0 { return index + 1 < tokens.count && tokens[index + 1].kind == .symbol(.arrow) }
            case .end: return false
            default: break
            }
            index += 1
        }
        return false
    }

    private mutating func lambda() throws -> Expression {
        let start = current.span
        let parameters: [Parameter]
        if case .name(let text) = current.kind {
            advance()
            parameters = [Parameter(Identifier(text, start), nil)]
        } else {
            advance()
            parameters = try self.parameters()
        }
        let arrow = try expect(.arrow, "of a function value")
        let outer = context
        context = Context(inFunction: true, isTopLevel: false)
        defer { context = outer }
        let body: Block
        if atSymbol(.leftBrace), !looksLikeRecord() {
            body = try block("a function value")
        } else {
            skipNewlines()
            let value = try expression()
            body = Block(statements: [Statement(.returnValue(value), value.span)], span: value.span)
        }
        let literal = FunctionLiteral(.lambda, Identifier("function", start.union(arrow.span)), parameters, body, start.union(previous.span), source)
        return try make(.lambda(literal), literal.span)
    }

    /// `{ "key": ...` or `{ key: ...`: a record, where a block could stand as well.
    private func looksLikeRecord() -> Bool {
        var index = position + 1
        while index < tokens.count, tokens[index].kind == .newline { index += 1 }
        guard index + 1 < tokens.count, tokens[index + 1].kind == .symbol(.colon) else { return false }
        switch tokens[index].kind {
        case .string, .name: return true
        default: return false
        }
    }

    /// Parameters up to the closing parenthesis; the opening one is behind.
    mutating func parameters() throws -> [Parameter] {
        var result: [Parameter] = []
        while !atSymbol(.rightParen) {
            let name = try identifier("the name of a parameter")
            try refuseType(of: "a parameter")
            let value = accept(.equal) ? try expression() : nil
            if result.contains(where: { $0.name == name.text }) {
                fail(.duplicateName, "there are two parameters '\(name.text)'", name.span)
            }
            if value == nil, result.last?.defaultValue != nil {
                fail(.requiredAfterDefault, "'\(name.text)' has no default, but a parameter before it has one", name.span, hint: "put it before those with a default")
            }
            result.append(Parameter(name, value))
            if !accept(.comma) { break }
        }
        guard accept(.rightParen) else { try unexpected("',' or ')'") }
        return result
    }
}
