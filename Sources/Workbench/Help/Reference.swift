import BCLScript
import Interpreter

/// The reference part of docs/language.md, from the tables that the language itself runs on.
public struct Reference {
    private let registry: Registry
    private let loader: ModuleLoader
    private let library: Library

    public init(_ session: Session) {
        registry = session.registry
        loader = session.loader
        library = session.loader.library
    }

    /// Members of every type of value that has some, by the type's name.
    public static let types: [(type: String, table: MemberTable)] = MemberTable.language + [
        ("tensor", TensorMembers.table), ("dataset", DatasetValue.table), ("benchmark", BenchmarkValue.table), ("task", TaskValue.table), ("sample set", SamplesValue.table),
        ("network", NetworkValue.table), ("weights", WeightsValue.table), ("memory", MemoryValue.table), ("reservoir", PooledMemoryValue.table), ("method", MethodValue.table), ("draw", DrawValue.table), ("learner", Learner.table),
        ("accuracy matrix", MatrixValue.table), ("list of runs", RecordedRunsValue.table), ("recorded run", RecordedRunValue.table),
    ]

    /// The order in which a reader meets them.
    private static let order = [
        "output", "values", "collections", "numbers", "tensors", "losses", "data", "benchmarks", "networks", "memories", "learning", "session", "files", "runs",
    ]

    static func topics(of registry: Registry) -> [String] {
        let known = Set(registry.builtins.values.map(\.topic))
        return order.filter(known.contains) + known.subtracting(order).sorted()
    }

    public var markdown: String {
        var parts = Self.topics(of: registry).map { topic in
            "### Functions: \(topic)\n\n" + registry.builtins.values.filter { $0.topic == topic }.sorted { $0.name < $1.name }.map(entry).joined(separator: "\n\n")
        }
        parts.append("### Methods of the standard library\n\n" + table(("method", "source"), methods))
        parts.append("### Events of a method\n\n" + table(("event", "when, and with what"), registry.events.values.sorted { $0.name < $1.name }.map {
            ("on \($0.name)(\($0.parameters.joined(separator: ", ")))", $0.doc)
        }))
        parts += Self.types.map { type, members in
            "### Members of a \(type)\n\n" + table(("member", "what it is or does"), members.names.compactMap { members.members[$0] }.map { ($0.form, $0.doc) })
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func entry(_ builtin: Builtin) -> String {
        let sentence = builtin.verb.map { "; as a sentence `\($0.description)`" } ?? ""
        let returns = builtin.returns.map { ", \("aeiou".contains($0.first ?? "x") ? "an" : "a") \($0)" } ?? ""
        return "`\(builtin.signature.description)`\(returns)\(sentence)  \n\(builtin.doc)\n\n" + builtin.example.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }

    private var methods: [(String, String)] {
        library.files.keys.sorted().compactMap { name in
            loader.signature(of: name).map { ($0.description, loader.documentation(of: name) ?? "") }
        }
    }

    private func table(_ head: (String, String), _ rows: [(String, String)]) -> String {
        let cells = rows.map { "| `\($0.0)` | \($0.1.replacing("|", with: "\\|")) |" }
        return (["| \(head.0) | \(head.1) |", "| --- | --- |"] + cells).joined(separator: "\n")
    }
}
