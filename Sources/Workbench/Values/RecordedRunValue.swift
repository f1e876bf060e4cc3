import Continual
import Figures
import Foundation
import Interpreter
import Runs

/// What `runs(...)` gives: a sequence of recorded runs, one for each learner. `show` makes a table of it.
final class RecordedRunsValue: HostValue {
    let store: RunStore?
    let list: RunList?
    private lazy var items: [Value] = {
        guard let store, let list else { return [] }
        return list.rows.map { .host(RecordedRunValue(store, $0)) }
    }()

    /// nil for no store.
    init(_ store: RunStore?, _ list: RunList?) { (self.store, self.list) = (store, list) }

    override var typeName: String { "list of runs" }
    override func describe(_ describer: inout Describer) { describer.write("<\(items.count) recorded run\(items.count == 1 ? "" : "s")>") }
    override func figure() throws -> Figure? { list.map { .table($0.table) } ?? .text("no runs") }
    override func length() throws -> Int? { items.count }
    override var truth: Bool? { !items.isEmpty }

    override func makeIterator() throws -> ValueIterator? {
        var rest = items.makeIterator()
        return { rest.next() }
    }

    override func index(_ indexes: [IndexValue]) throws -> Value? {
        guard indexes.count == 1 else { return nil }
        switch indexes[0] {
        case .at(.int(let index)): return items[try Indexing.position(index, count: items.count, of: typeName)]
        case .slice(let start, let end, let step): return .items(try Indexing.slice(items, start, end, step))
        default: return nil
        }
    }

    override var members: MemberTable { Self.table }

    private static func column(_ name: String, _ doc: String, _ get: @escaping (RunRow) -> Value) -> Member {
        .property(name, doc) { value, _ in
            guard case .host(let host) = value, let runs = host as? RecordedRunsValue else { throw Failure(.wrongType, "this is \(value.phrase), not a list of runs") }
            return .items((runs.list?.rows ?? []).map(get))
        }
    }

    static let table = MemberTable(
        [column("seed", "List of the seeds.") { .int($0.seed) }, column("method", "List of the names of the methods, none for a run without a learner.") { $0.method.map { .text($0) } ?? .none },
         column("seconds", "List of how long the runs took.") { .float($0.seconds) }]
            + RunMetrics.names.map { name in column(name, "List of this metric of each, none where it is not known: interval(runs(\"method=er\").\(name)).") { MatrixValue.value($0.metrics[name]) } })
}

/// A recorded run: a learner of it, where it has several.
final class RecordedRunValue: HostValue {
    private let store: RunStore
    private let row: RunRow

    init(_ store: RunStore, _ row: RunRow) { (self.store, self.row) = (store, row) }

    override var typeName: String { "recorded run" }

    override func describe(_ describer: inout Describer) {
        let acc = row.metrics["acc"].map { String(format: ", ACC %.3f", $0) } ?? ""
        describer.write("<run \(row.number): \(row.method ?? row.script), seed \(row.seed), \(row.state.rawValue)\(acc)>")
    }

    override func figure() throws -> Figure? { RunFigures.show(try store.record(row.number), number: row.number) }
    override var members: MemberTable { Self.table }

    private static func property(_ name: String, _ doc: String, _ get: @escaping (RecordedRunValue) throws -> Value) -> Member {
        .property(name, doc) { value, _ in
            guard case .host(let host) = value, let run = host as? RecordedRunValue else { throw Failure(.wrongType, "this is \(value.phrase), not a recorded run") }
            return try get(run)
        }
    }

    private static func text(_ text: String?) -> Value { text.map { .text($0) } ?? .none }

    static let table = MemberTable([
        property("run", "Its number in the store.") { .int($0.row.number) },
        property("id", "Its name in all stores.") { .text($0.row.id) },
        property("state", "\"running\", \"done\", \"failed\", \"interrupted\" or \"lost\".") { .text($0.row.state.rawValue) },
        property("script", "The script's path as it was given.") { .text($0.row.script) },
        property("text", "The script's text.") { .text(try $0.store.record($0.row.number).script.text) },
        property("started", "When it started, such as \"2026-11-24T18:30:05+0100\".") { .text(RunWords.stamp($0.row.started)) },
        property("seconds", "How long it took.") { .float($0.row.seconds) },
        property("host", "The machine's name.") { .text($0.row.host) },
        property("device", "\"cpu\", \"cuda:0\".") { .text($0.row.device) },
        property("error", "Why it failed, or none.") { text($0.row.error) },
        property("learner", "The learner's name in the script, or none.") { text($0.row.learner) },
        property("method", "The learner's method, or none.") { text($0.row.method) },
        property("seed", "Of the random streams when the learner was made.") { .int($0.row.seed) },
        property("minibatches", "How many minibatches the learner was trained on.") { .int($0.row.minibatches) },
        property("params", "Record of the script's parameters, and of those of the method that the script does not have.") { run in
            let record = try run.store.record(run.row.number)
            let own = Set(record.parameters.map(\.name))
            let others = record.learners.first { $0.name == run.row.learner }?.parameters.filter { !own.contains($0.name) } ?? []
            return .record(RecordValue((record.parameters + others).map { ($0.name, Value($0.value)) }))
        },
        property("accuracy", "The learner's accuracy matrix R[i][j].") { run in
            .host(MatrixValue(try run.store.learner(of: run.row)?.accuracy ?? AccuracyMatrix(tasks: 0)))
        },
        property("losses", "List of what each minibatch's update returned.") { .items((try $0.store.learner(of: $0.row)?.losses.values ?? []).map { .float($0) }) },
        property("log", "What the run printed.") { .text(try $0.store.record($0.row.number).log) },
    ] + RunMetrics.names.map { name in property(name, "This metric of the learner, or none.") { MatrixValue.value($0.row.metrics[name]) } })
}

extension Value {
    init(_ value: RunValue) {
        switch value {
        case .none: self = .none
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .float(number)
        case .text(let text): self = .text(text)
        case .list(let items): self = .items(items.map { Value($0) })
        case .record(let entries): self = .record(RecordValue(entries.sorted { $0.key < $1.key }.map { ($0.key, Value($0.value)) }))
        }
    }
}
