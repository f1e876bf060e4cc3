import Figures
import FilePaths
import Foundation

/// Rows as a table for people, and as CSV and JSON for programs.
public struct RunList {
    public let rows: [RunRow]
    /// How many there are; more than the rows where only the latest are shown.
    public let count: Int
    private let settings: [[(name: String, value: SettingValue)]]
    private let extra: [String]

    /// - Parameter extra: parameters that get a column in the table.
    public init(_ store: RunStore, _ filter: RunFilter, order: RunOrder? = nil, limit: Int? = nil, extra: [String] = [], withSettings: Bool = true) throws {
        (rows, count) = try store.rows(filter, order: order, limit: limit)
        settings = withSettings ? try store.settings(of: rows) : rows.map { _ in [] }
        var names: [String] = []
        for name in filter.parameterNames + extra where !names.contains(name) { names.append(name) }
        self.extra = names
    }

    /// Whether its run has other rows.
    private var several: Set<Int> {
        var (seen, result) = (Set<Int>(), Set<Int>())
        for row in rows where !seen.insert(row.number).inserted { result.insert(row.number) }
        return result
    }

    public var table: Table {
        let several = several
        let columns = [Table.Column("run", number: true), Table.Column("state"), Table.Column("started"), Table.Column("time", number: true), Table.Column("script"), Table.Column("method"), Table.Column("seed", number: true)]
            + extra.map { Table.Column($0) } + ["ACC %", "FM %", "LA %"].map { Table.Column($0, number: true) }
        let cells = rows.enumerated().map { index, row -> [String] in
            let known = Dictionary(settings[index].map { ($0.name, $0.value.text) }, uniquingKeysWith: { $1 })
            let name = FilePath.name(row.script)
            let head = [row.label(ofSeveral: several.contains(row.number)), row.state.rawValue, RunWords.moment(row.started), RunWords.length(row.seconds), name.count > 32 ? String(name.prefix(31)) + "~" : name, row.method ?? "-", "\(row.seed)"]
            return head + extra.map { Self.shortened(known[$0] ?? "-") } + ["acc", "fm", "la"].map { RunWords.percent(row.metrics[$0]) }
        }
        let notes = count > rows.count ? ["\(Numbers.grouped(rows.count)) of \(Numbers.grouped(count)) are shown: --limit N or --all shows more"] : []
        return rows.isEmpty ? Table(columns: [], rows: [], notes: ["no runs"]) : Table(columns: columns, rows: cells, notes: notes)
    }

    private static func shortened(_ text: String) -> String {
        let line = text.replacing("\n", with: " ")
        return line.count > 30 ? String(line.prefix(29)) + "~" : line
    }

    // MARK: - For programs

    private static let columns: [(name: String, value: (RunRow) -> Any?)] = [
        ("run", { $0.number }), ("id", { $0.id }), ("state", { $0.state.rawValue }), ("script", { $0.script }), ("script_hash", { $0.scriptHash }), ("started", { RunWords.stamp($0.started) }),
        ("ended", { $0.ended.map(RunWords.stamp) }), ("seconds", { ($0.seconds * 1000).rounded() / 1000 }), ("host", { $0.host }), ("device", { $0.device }), ("threads", { $0.threads }),
        ("exit_status", { $0.exitStatus }), ("error", { $0.error }), ("checkpoint", { $0.checkpoint }), ("sweep", { $0.sweep }),
        ("learner", { $0.learner }), ("method", { $0.method }), ("seed", { $0.seed }), ("minibatches", { $0.minibatches }),
    ]

    /// One object for each row, as JSONSerialization takes it.
    public var objects: [[String: Any]] {
        rows.enumerated().map { index, row in
            var object = Dictionary(Self.columns.map { ($0.name, $0.value(row) ?? NSNull()) }, uniquingKeysWith: { $1 })
            object["metrics"] = Dictionary(row.metrics.entries.map { ($0.name, $0.value as Any? ?? NSNull()) }, uniquingKeysWith: { $1 })
            object["params"] = Dictionary(settings[index].map { ($0.name, $0.value.number.map(Self.plain) ?? Self.plain($0.value.text)) }, uniquingKeysWith: { $1 })
            return object
        }
    }

    private static func plain(_ number: Double) -> Any { number.isFinite ? (Int(exactly: number).map { $0 as Any } ?? number) : "\(number)" }
    private static func plain(_ text: String) -> Any { ["true": true, "false": false, "none": NSNull()][text] ?? text }

    public var json: String { RunJSON.text(objects) }

    /// RFC 4180, with a line of names; parameters after the columns, `param.NAME` where a column has their name.
    public var csv: String {
        var names: [String] = []
        for row in settings { for (name, _) in row where !names.contains(name) { names.append(name) } }
        let taken = Set(Self.columns.map(\.name) + RunMetrics.names)
        let heads = Self.columns.map(\.name) + RunMetrics.names + names.map { taken.contains($0) ? "param.\($0)" : $0 }
        let lines = rows.enumerated().map { index, row -> String in
            let known = Dictionary(settings[index].map { ($0.name, $0.value.text) }, uniquingKeysWith: { $1 })
            let cells = Self.columns.map { $0.value(row).map { "\($0)" } ?? "" } + row.metrics.values.map { $0.map { "\($0)" } ?? "" } + names.map { known[$0] ?? "" }
            return cells.map(Self.quoted).joined(separator: ",")
        }
        return ([heads.map(Self.quoted).joined(separator: ",")] + lines).joined(separator: "\r\n") + "\r\n"
    }

    private static func quoted(_ text: String) -> String {
        // By bytes: of a hundred thousand rows there are millions of cells.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13 }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

/// JSON for programs: keys in order, two spaces.
public enum RunJSON {
    public static func text(_ object: Any) -> String {
        guard JSONSerialization.isValidJSONObject(object), let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    /// All of a run, with losses as plain numbers.
    public static func object(_ record: RunRecord, number: Int) -> [String: Any] {
        func values(_ list: [NamedValue]) -> [String: Any] { Dictionary(list.map { ($0.name, $0.value.json) }, uniquingKeysWith: { $1 }) }
        func optional(_ value: Any?) -> Any { value ?? NSNull() }
        return [
            "run": number, "id": record.id, "state": record.state.rawValue, "script": ["name": record.script.name, "text": record.script.text, "sha256": record.script.hash],
            "files": record.files.map { ["name": $0.name, "sha256": $0.hash] }, "params": values(record.parameters), "seed": record.seed,
            "versions": ["bclsh": record.versions.bclsh, "torch": record.versions.torch, "cuda": optional(record.versions.cuda)],
            "machine": ["host": record.machine.host, "cpu": record.machine.cpu, "cores": record.machine.cores, "threads": record.machine.threads, "device": record.machine.device, "accelerator": optional(record.machine.accelerator)],
            "command": record.command, "directory": record.directory, "started": RunWords.stamp(record.started), "ended": optional(record.ended.map(RunWords.stamp)),
            "seconds": (record.seconds * 1000).rounded() / 1000, "exit_status": optional(record.exitStatus), "error": optional(record.error), "log": record.log,
            "searches": record.searches.map(\.json), "artefacts": record.artefacts.map { ["path": $0.path, "bytes": $0.bytes] as [String: Any] }, "checkpoint": optional(record.checkpoint), "sweep": optional(record.sweep),
            "learners": record.learners.map { learner -> [String: Any] in
                ["name": learner.name, "method": learner.method, "seed": learner.seed, "params": values(learner.parameters), "minibatches": learner.minibatches,
                 "metrics": Dictionary(learner.metrics.entries.map { ($0.name, optional($0.value)) }, uniquingKeysWith: { $1 }),
                 "accuracy": matrix(learner.accuracy?.rows ?? []), "untrained": optional(learner.accuracy?.baseline.map { $0.map { optional($0) } }),
                 "accuracies": learner.accuracies.mapValues { matrix($0.rows) },
                 "losses": (learner.losses.values ?? []).map { $0.isFinite ? $0 as Any : "\($0)" }]
            },
        ]
    }

    private static func matrix(_ rows: [[Double?]?]) -> Any { rows.map { row -> Any in row.map { $0.map { value -> Any in value ?? NSNull() } } ?? NSNull() } }
}
