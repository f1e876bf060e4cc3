import BCLScript

/// A property or method of a type of value: one place for its meaning, its help and its completion.
public struct Member {
    public enum Action {
        case property((Value, Evaluator) throws -> Value)
        case method(Signature, (Value, Arguments, Evaluator) throws -> Value)
    }

    public let name: String
    /// One line, with shapes and units.
    public let doc: String
    public let action: Action

    /// As it is written behind a value: ".shape", ".append(x)".
    public var form: String {
        switch action {
        case .property: return ".\(name)"
        case .method(let signature, _): return ".\(signature.description)"
        }
    }

    public static func property(_ name: String, _ doc: String, _ get: @escaping (Value, Evaluator) throws -> Value) -> Member {
        Member(name: name, doc: doc, action: .property(get))
    }

    public static func method(
        _ name: String, _ parameters: [Signature.Parameter], _ doc: String,
        _ run: @escaping (Value, Arguments, Evaluator) throws -> Value
    ) -> Member {
        Member(name: name, doc: doc, action: .method(Signature(name, parameters), run))
    }
}

public final class MemberTable {
    public static let empty = MemberTable([])
    /// Those of the language's own types, by the type's name.
    public static let language: [(type: String, table: MemberTable)] = [("list", ListMembers.table), ("record", RecordMembers.table), ("string", StringMembers.table)]

    public let members: [String: Member]

    public init(_ members: [Member], extending base: MemberTable? = nil) {
        var table = base?.members ?? [:]
        for member in members { table[member.name] = member }
        self.members = table
    }

    public var names: [String] { members.keys.sorted() }
}

/// A method taken from a value without calling it: `let f = xs.append`.
public final class BoundMethod: Callable {
    public let value: Value
    private let run: (Value, Arguments, Evaluator) throws -> Value

    init(_ value: Value, _ signature: Signature, _ run: @escaping (Value, Arguments, Evaluator) throws -> Value) {
        self.value = value
        self.run = run
        super.init(signature)
    }

    public override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value { try run(value, arguments, evaluator) }
}
