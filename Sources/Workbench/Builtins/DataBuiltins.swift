import BCLScript
import Downloads
import Figures
import Foundation
import Interpreter

/// `data install mnist`: getting data sets.
enum DataBuiltins {
    static let all = [
        Builtin("data", [required("action"), optional("name", "none")], topic: "data",
                doc: "Data sets on this computer. list: what is there, where, how large, on what terms; install: downloads one, going on where it was cut off, checks and unpacks it; remove: deletes one.",
                example: "data list",
                verb: [VerbForm.Slot(nil, "action", words: ["install", "list", "remove"], onlyWords: true), VerbForm.Slot(nil, "name", required: false, onlyWords: true)]) { arguments, evaluator in
            let store = DataStore()
            let action = try arguments.string(0)
            guard action != "list" else { return .host(FigureValue(try DataFigures.list(store))) }
            guard arguments.has(1) else { throw Failure(.wrongArgumentCount, "'data \(action)' needs the name of a data set", hint: "'data list' shows them") }
            let entry = try store.entry(try arguments.string(1))
            switch action {
            case "install":
                let isNew = try install(entry, store, evaluator)
                evaluator.print(DataFigures.installed(entry, store, isNew: isNew))
            case "remove": evaluator.print("removed \(entry.name): \(Numbers.bytes(try store.remove(entry))) are free again")
            default: throw arguments.bad(0, "is \"install\", \"list\" or \"remove\", not \(Describer.quote(action))")
            }
            return .none
        },
    ]

    private static func install(_ entry: DataSetEntry, _ store: DataStore, _ evaluator: Evaluator) throws -> Bool {
        let report = { (step: DataStore.Step) in evaluator.emit(.progress(Interpreter.Progress(label: step.label, done: step.done, total: step.total, unit: step.unit))) }
        do { return try store.install(entry, report: report, isStopped: { evaluator.interrupt.isRequested }) } catch let error as DownloadError where error.kind == .interrupted {
            throw Interrupted()
        }
    }
}

extension DownloadError: ScriptFailureConvertible {
    public var failure: Failure {
        let code: DiagnosticCode = kind == .file ? .fileError : .dataError
        return Failure(code, message, hint: remedy)
    }
}

/// What there is to say about data sets: the same in the language and on the command line.
public enum DataFigures {
    public static func list(_ store: DataStore) throws -> Figure {
        let rows = try store.entries().map { entry -> [String] in
            let state: String
            switch store.state(entry) {
            case .installed(let bytes): state = "here, \(Numbers.bytes(bytes))"
            case .partial(let bytes): state = "partly, \(Numbers.bytes(bytes))"
            case .absent: state = entry.downloadSize == nil ? "by hand" : "-"
            }
            return [entry.name, state, entry.downloadSize.map(Numbers.bytes) ?? "-", entry.title, entry.terms]
        }
        let columns = [Table.Column("name"), Table.Column("on this computer"), Table.Column("download", number: true), Table.Column("what"), Table.Column("terms")]
        return .table(Table(title: "data sets in \(store.root)", columns: columns, rows: [["digits", "embedded", "-", "1,797 handwritten digits, 8x8 grey", "CC BY 4.0"]] + rows,
                            notes: ["'data install NAME' gets one; for those by hand it says what to do"]))
    }

    public static func installed(_ entry: DataSetEntry, _ store: DataStore, isNew: Bool) -> String {
        var size = ""
        if case .installed(let bytes) = store.state(entry) { size = " (\(Numbers.bytes(bytes)))" }
        return "\(entry.name) is \(isNew ? "" : "already ")in \(store.folder(entry))\(size). Terms: \(entry.terms). Cite: \(entry.citation)."
    }
}
