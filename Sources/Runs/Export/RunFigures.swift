import Continual
import FilePaths
import Figures
import Foundation

/// A run, and runs beside each other, as figures.
public enum RunFigures {
    /// Everything but texts.
    public static func show(_ record: RunRecord, number: Int) -> Figure {
        var facts: [(String, String)] = [
            ("run", "\(number), \(record.id)"), ("state", record.state.rawValue + (record.exitStatus.map { ", exit status \($0)" } ?? "")),
            ("script", "\(record.script.name), SHA-256 \(record.script.hash.prefix(16))"), ("command", record.command.map(quoted).joined(separator: " ")), ("folder", record.directory),
            ("started", RunWords.moment(record.started)), ("time", RunWords.length(record.seconds)), ("seed", "\(record.seed)"),
            ("machine", "\(record.machine.host), \(record.machine.cpu), \(record.machine.cores) cores, \(record.machine.threads) thread\(record.machine.threads == 1 ? "" : "s"), \(record.machine.device)" + (record.machine.accelerator.map { " (\($0))" } ?? "")),
            ("versions", "bclsh \(record.versions.bclsh), torch \(record.versions.torch)" + (record.versions.cuda.map { ", CUDA \($0)" } ?? "")),
        ]
        if record.state == .lost { facts[1].1 += ": its process is gone, and it did not tell how it ended" }
        if let sweep = record.sweep { facts.append(("sweep", sweep)) }
        if let checkpoint = record.checkpoint { facts.append(("checkpoint", checkpoint)) }
        for parameter in record.parameters { facts.append(("param \(parameter.name)", parameter.value.text)) }
        let own = record.files.filter { !$0.isOfLibrary }
        for file in own { facts.append(("imported", "\(file.name), SHA-256 \(file.hash.prefix(16))")) }
        if own.count < record.files.count { facts.append(("library", "\(record.files.count - own.count) of its files, SHA-256 of all \(fingerprint(record).prefix(16))")) }
        for file in record.artefacts { facts.append(("saved", "\(file.path), \(Numbers.bytes(file.bytes))")) }
        var parts: [Figure] = [.table(table(facts))]
        for learner in record.learners { parts += show(learner) }
        if record.learnersLeftOut > 0 { parts.append(.text("\(record.learnersLeftOut) more learners were made and are not kept")) }
        if let error = record.error { parts.append(.text(error)) }
        return .stack(parts)
    }

    /// Of all files that it imported.
    private static func fingerprint(_ record: RunRecord) -> String { Digest.sha256(Array(record.files.map { FilePath.name($0.name) + $0.hash }.joined().utf8)) }

    private static func table(_ facts: [(String, String)]) -> Table { Table(columns: [Table.Column(""), Table.Column("")], rows: facts.map { [$0.0, $0.1.replacing("\n", with: " ")] }) }

    private static func quoted(_ word: String) -> String {
        !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_=./:,+@%".contains($0) } ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    private static func show(_ learner: LearnerRecord) -> [Figure] {
        var facts = [("learner \(learner.name)", "\(learner.method), seed \(learner.seed), \(learner.minibatches) minibatches")]
        facts += learner.parameters.map { ("  \($0.name)", $0.value.text) }
        let metrics = learner.metrics.entries.compactMap { entry in entry.value.map { "\(entry.name.uppercased()) \(RunWords.percent($0)) %" } }
        if !metrics.isEmpty { facts.append(("  metrics", metrics.joined(separator: "  "))) }
        var parts: [Figure] = [.table(table(facts))]
        if let matrix = learner.accuracy, matrix.last != nil { parts.append(.heatMap(heatMap(matrix, title: "accuracy of \(learner.name) (%)"))) }
        let losses = learner.losses.values ?? []
        if losses.count > 1 { parts.append(.lines(LineChart(title: "loss of \(learner.name)", xTitle: "minibatch", yTitle: "loss", series: [LineChart.Series("", smoothed(losses))]))) }
        return parts
    }

    static func heatMap(_ matrix: AccuracyMatrix, title: String) -> HeatMap {
        let rows = matrix.rows.indices.filter { matrix.rows[$0] != nil }
        return HeatMap(title: title, rowTitle: "after task", columnTitle: "on task", rowLabels: rows.map { "\($0 + 1)" }, columnLabels: (0..<matrix.tasks).map { "\($0 + 1)" },
                       values: rows.map { row in (0..<matrix.tasks).map { matrix[row, $0] } }, range: 0...1, isShare: true)
    }

    /// Means of a hundredth of the losses each, where there are many.
    static func smoothed(_ losses: [Double]) -> [(x: Double, y: Double)] {
        let width = max(1, losses.count / 200)
        return stride(from: 0, to: losses.count, by: width).map { start in
            let part = losses[start..<min(losses.count, start + width)].filter(\.isFinite)
            return (Double(start), part.isEmpty ? .nan : part.reduce(0, +) / Double(part.count))
        }
    }

    // MARK: - Comparing

    /// What differs between runs, line by line; metrics always.
    public static func compare(_ runs: [(row: RunRow, record: RunRecord)]) -> Figure {
        func learner(_ run: (row: RunRow, record: RunRecord)) -> LearnerRecord? { run.record.learners.first { $0.name == run.row.learner } }
        // As filters have it: the script's parameters come before those of the method.
        func settings(_ run: (row: RunRow, record: RunRecord)) -> [(String, String)] {
            let own = Set(run.record.parameters.map(\.name))
            return (run.record.parameters + (learner(run)?.parameters ?? []).filter { !own.contains($0.name) }).map { ($0.name, $0.value.text) }
        }
        var lines: [(String, [String])] = [
            ("state", runs.map(\.row.state.rawValue)), ("script", runs.map { $0.record.script.name }), ("script SHA-256", runs.map { String($0.record.script.hash.prefix(12)) }),
            ("imported files", runs.map { String(fingerprint($0.record).prefix(12)) }),
            ("bclsh", runs.map(\.record.versions.bclsh)), ("torch", runs.map(\.record.versions.torch)), ("host", runs.map(\.row.host)), ("CPU", runs.map(\.record.machine.cpu)), ("device", runs.map(\.row.device)),
            ("threads", runs.map { "\($0.row.threads)" }), ("method", runs.map { $0.row.method ?? "-" }), ("seed", runs.map { "\($0.row.seed)" }),
        ]
        let known = runs.map { Dictionary(settings($0), uniquingKeysWith: { $1 }) }
        var names: [String] = []
        for run in runs { for (name, _) in settings(run) where !names.contains(name) { names.append(name) } }
        lines += names.map { name in (name, known.map { $0[name] ?? "-" }) }
        let differing = lines.filter { Set($0.1).count > 1 }
        let results = [("minibatches", runs.map { "\($0.row.minibatches)" }), ("time", runs.map { RunWords.length($0.row.seconds) })]
            + RunMetrics.names.filter { name in runs.contains { $0.row.metrics[name] != nil } }.map { name in ("\(name.uppercased()) %", runs.map { RunWords.percent($0.row.metrics[name]) }) }
        let several = Set(runs.map(\.row.number)).count < runs.count
        let columns = [Table.Column("")] + runs.map { Table.Column("run " + $0.row.label(ofSeveral: several)) }
        let note = differing.isEmpty ? ["nothing differs: the same script, parameters, seed, versions and machine"] : []
        return .table(Table(columns: columns, rows: (differing + results).map { [$0.0] + $0.1.map { $0.count > 44 ? String($0.prefix(43)) + "~" : $0 } }, notes: note))
    }

    /// Lines that one text has and the other has not, in order: "- old", "+ other".
    public static func difference(_ a: SourceText, _ b: SourceText, most: Int = 60) -> Figure? {
        guard a.hash != b.hash else { return nil }
        let (old, new) = (a.text.split(separator: "\n", omittingEmptySubsequences: false), b.text.split(separator: "\n", omittingEmptySubsequences: false))
        guard old.count <= 5000, new.count <= 5000 else { return nil }
        let changes = new.difference(from: old)
        var marks: [(place: Int, order: Int, text: String)] = []
        for change in changes {
            switch change {
            case .remove(let offset, let line, _): marks.append((offset, 0, "- \(offset + 1): \(line)"))
            case .insert(let offset, let line, _): marks.append((offset, 1, "+ \(offset + 1): \(line)"))
            }
        }
        let lines = marks.sorted { ($0.place, $0.order) < ($1.place, $1.order) }.map(\.text)
        let left = lines.count > most ? ["... and \(lines.count - most) more lines differ"] : []
        return .text((["the scripts differ:"] + lines.prefix(most) + left).joined(separator: "\n"))
    }
}
