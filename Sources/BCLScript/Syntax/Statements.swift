/// A statement. A verb is a call once it is parsed; `form` remembers how it was written, for the formatter.
public final class Statement {
    public indirect enum Kind {
        case expression(Expression)
        case verb(Expression, VerbForm)
        case declare(Pattern, Expression)
        case assign(Expression, BinaryOperator?, Expression)
        case function(FunctionLiteral)
        case method(FunctionLiteral)
        case handler(FunctionLiteral)
        case phase(String, Block)
        case branch([(condition: Expression, block: Block)], otherwise: Block?)
        case forIn(Pattern, Expression, Block)
        case whileLoop(Expression, Block)
        case repeatLoop(Expression, Block)
        case breakLoop
        case continueLoop
        case returnValue(Expression?)
        case importFile(Import)
        case assertion(Expression, message: Expression?)
        case param(Parameter)
        case withoutGradients(Block)
        /// `test "name" { }`: run by `bclsh test`, passed over otherwise.
        case test(String, Block)
    }

    public let kind: Kind
    public let span: Span

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }
}

public struct Block {
    public let statements: [Statement]
    public let span: Span
}

/// What a declaration binds: one name, or several to the elements of a list.
public final class Pattern {
    public let names: [Identifier]
    /// Written with parentheses: the value is taken apart.
    public let isList: Bool
    public let span: Span
    public internal(set) var variables: [Variable] = []

    init(_ names: [Identifier], isList: Bool, _ span: Span) {
        self.names = names
        self.isList = isList
        self.span = span
    }
}

/// A parameter of a function, or a `param` of a script.
public final class Parameter {
    public let identifier: Identifier
    public let defaultValue: Expression?
    public internal(set) var variable: Variable!
    public var name: String { identifier.text }

    init(_ identifier: Identifier, _ defaultValue: Expression?) {
        self.identifier = identifier
        self.defaultValue = defaultValue
    }
}

/// A function in any of its forms: `def`, lambda, `method` or `on EVENT`.
public final class FunctionLiteral {
    public enum Role: Sendable { case function, lambda, method, handler }

    public let role: Role
    public let identifier: Identifier
    public let parameters: [Parameter]
    public let body: Block
    public let span: Span
    public let source: SourceFile
    /// For `def` and `method`: the declared name.
    public internal(set) var variable: Variable?
    /// Frame slots that the body needs, parameters first.
    public internal(set) var slotCount = 0
    /// Variables of enclosing functions that the body refers to: where the enclosing function finds each.
    public internal(set) var captures: [Capture] = []
    /// For a method: its parameters and the names declared at the top of its body, which make up a learner's state.
    public internal(set) var state: [Variable] = []
    /// Parameters and variables of the body in order of declaration, for looking into a call that is stopped.
    public internal(set) var locals: [Variable] = []
    public var name: String { identifier.text }

    public enum Capture {
        case local(Variable)
        case outer(index: Int, Variable)
    }

    init(_ role: Role, _ identifier: Identifier, _ parameters: [Parameter], _ body: Block, _ span: Span, _ source: SourceFile) {
        self.role = role
        self.identifier = identifier
        self.parameters = parameters
        self.body = body
        self.span = span
        self.source = source
    }

    public var signature: Signature {
        Signature(name, parameters.map {
            Signature.Parameter($0.name, required: $0.defaultValue == nil, defaultText: $0.defaultValue.map { source.text($0.span) })
        })
    }
}

/// `import "file.bcl"` brings in all top-level names; `import "file.bcl" as m` one record of them.
public final class Import {
    public let path: String
    public let pathSpan: Span
    public let alias: Identifier?
    /// The imported names with the variables they are bound to here.
    public internal(set) var bindings: [(name: String, variable: Variable)] = []
    public internal(set) var aliasVariable: Variable?

    init(_ path: String, _ pathSpan: Span, _ alias: Identifier?) {
        self.path = path
        self.pathSpan = pathSpan
        self.alias = alias
    }
}

/// A parsed file or cell.
public final class Program {
    public let source: SourceFile
    public let statements: [Statement]
    public let comments: [Comment]
    /// Frame slots that names inside top-level blocks need.
    public internal(set) var slotCount = 0
    /// Variables of top-level blocks.
    public internal(set) var locals: [Variable] = []

    init(_ source: SourceFile, _ statements: [Statement], _ comments: [Comment]) {
        self.source = source
        self.statements = statements
        self.comments = comments
    }
}
