/// A name as it is written somewhere.
public struct Identifier: Sendable {
    public let text: String
    public let span: Span

    public init(_ text: String, _ span: Span) {
        self.text = text
        self.span = span
    }
}

/// An expression. The resolver fills in what its names refer to.
public final class Expression {
    public indirect enum Kind {
        case none
        case bool(Bool)
        case int(Int)
        case float(Double)
        case string([StringPart])
        case name(NameUse)
        case list([Expression])
        case record([RecordEntry])
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        /// `a < b <= c`: every operand is evaluated once.
        case comparison(Expression, [(ComparisonOperator, Expression)])
        case and(Expression, Expression)
        case or(Expression, Expression)
        case conditional(condition: Expression, then: Expression, otherwise: Expression)
        case lambda(FunctionLiteral)
        case call(Expression, [Argument])
        case index(Expression, [IndexItem])
        case field(Expression, Identifier)
        case range(Expression, Expression)
        case comprehension(Comprehension)
        /// Stands where an expression is missing; already reported.
        case invalid
    }

    public let kind: Kind
    public let span: Span
    /// Height of the tree below, to keep recursion within bounds.
    let height: Int

    init(_ kind: Kind, _ span: Span, height: Int) {
        self.kind = kind
        self.span = span
        self.height = height
    }
}

public enum StringPart {
    case text(String)
    case value(Expression, FormatSpec)
}

public struct RecordEntry {
    public let key: Identifier
    public let value: Expression
}

public struct Argument {
    public let keyword: Identifier?
    public let value: Expression
}

public enum IndexItem {
    case at(Expression)
    case slice(start: Expression?, end: Expression?, step: Expression?)
}

/// `[element for x in xs if condition for y in ys]`: the list of the element's values; later clauses run inside earlier ones.
public final class Comprehension {
    public struct Clause {
        public let pattern: Pattern
        public let values: Expression
        public let conditions: [Expression]
    }

    public let element: Expression
    public let clauses: [Clause]

    init(_ element: Expression, _ clauses: [Clause]) {
        self.element = element
        self.clauses = clauses
    }
}

public enum UnaryOperator: String, Sendable { case minus = "-", plus = "+", not = "not" }

public enum BinaryOperator: String, CaseIterable, Sendable {
    case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", remainder = "%", power = "**", matmul = "@"
}

public enum ComparisonOperator: String, Sendable {
    case equal = "==", notEqual = "!=", less = "<", lessEqual = "<=", greater = ">", greaterEqual = ">="
    case isIn = "in", isNotIn = "not in"
}

/// What a use of a name refers to.
public final class NameUse {
    public let identifier: Identifier
    public var target: Target = .unresolved
    public var name: String { identifier.text }

    public enum Target {
        case unresolved
        /// A variable of the running function, or a top-level one of this file.
        case variable(Variable)
        /// A variable of an enclosing function, by index into the running function's captures.
        case captured(Variable, index: Int)
        /// A name of the host's table.
        case builtin
    }

    init(_ identifier: Identifier) { self.identifier = identifier }
}

/// A declared name: where it lives and how it is used.
public final class Variable {
    public enum Kind: Sendable { case variable, function, method, parameter, loop, imported, setting }

    public let identifier: Identifier
    public let kind: Kind
    public let source: SourceFile
    /// Top-level names live in the file's table of globals, others in the frame of their function.
    public let isGlobal: Bool
    /// Index into the globals or the frame.
    public internal(set) var slot: Int
    /// Whether an inner function refers to it: then it lives in a cell of its own.
    public internal(set) var isCaptured = false
    /// Whether it is part of a learner's state: then its cell is made with the learner.
    public internal(set) var isState = false
    public internal(set) var isRead = false
    public internal(set) var isReassigned = false
    /// Where it can be seen, from its declaration on; nil for top-level names.
    public internal(set) var block: Span?
    /// How it can be called, where that is known for certain.
    public var signature: Signature?
    public var name: String { identifier.text }

    public init(_ identifier: Identifier, kind: Kind, source: SourceFile, isGlobal: Bool, slot: Int, signature: Signature? = nil) {
        self.identifier = identifier
        self.kind = kind
        self.source = source
        self.isGlobal = isGlobal
        self.slot = slot
        self.signature = signature
    }
}
