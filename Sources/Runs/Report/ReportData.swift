import Continual
import FilePaths
import Foundation

/// What a report tells: runs gathered into configurations, which differ in nothing but the seed, by benchmark.
public struct ReportData {
    /// A method with certain parameters, over its seeds.
    public struct Configuration {
        public let label: String
        public let method: String
        /// One for each seed, by seed.
        public let runs: [Run]

        /// Values of a metric by seed, for those runs that have it.
        public func values(_ metric: String) -> [Int: Double] {
            Dictionary(runs.compactMap { run in run.row.metrics[metric].map { (run.row.seed, $0) } }, uniquingKeysWith: { $1 })
        }

        public func interval(_ metric: String) -> ConfidenceInterval? {
            let values = values(metric)
            return values.count == runs.count ? ConfidenceInterval(values.keys.sorted().compactMap { values[$0] }) : nil
        }

        /// Of the runs, from start to finish; nan where there are none.
        public var medianSeconds: Double {
            let sorted = runs.map(\.row.seconds).sorted()
            return sorted.isEmpty ? .nan : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }

        /// Mean over seeds of the accuracy matrix; nil where some seed misses an entry.
        var matrix: [[Double?]?] {
            guard let tasks = runs.compactMap({ $0.matrix?.tasks }).min() else { return [] }
            return (0..<tasks).map { row in
                guard runs.contains(where: { $0.matrix?.rows[row] != nil }) else { return nil }
                return (0..<tasks).map { column in
                    let values = runs.compactMap { $0.matrix?[row, column] }
                    return values.count == runs.count ? values.reduce(0, +) / Double(values.count) : nil
                }
            }
        }
    }

    public struct Run {
        public let row: RunRow
        public let matrix: AccuracyMatrix?
        let settings: [String: SettingValue]
    }

    public struct Section {
        public let title: String
        /// The best mean ACC first.
        public let configurations: [Configuration]
        /// Parameters that have one value in all of them.
        public let common: [(name: String, value: String)]
        public let notes: [String]
    }

    public let sections: [Section]
    /// Rows that count nowhere, with the reason.
    public let leftOut: [(row: RunRow, reason: String)]
    /// All rows, latest first.
    public let rows: [RunRow]

    /// - Parameter ignored: parameters that make no configuration of its own.
    public init(_ store: RunStore, _ filter: RunFilter, ignored: Set<String> = []) throws {
        let rows = try store.rows(filter).rows
        let (settings, matrices) = (try store.settings(of: rows), try store.matrices(of: rows))
        let runs = rows.enumerated().map { index, row in Run(row: row, matrix: matrices[index], settings: Dictionary(settings[index].map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })) }
        self.init(runs, ignored: ignored)
    }

    init(_ runs: [Run], ignored: Set<String> = []) {
        rows = runs.map(\.row)
        var leftOut: [(row: RunRow, reason: String)] = []
        var counted: [Run] = []
        for run in runs {
            if run.row.state != .done { leftOut.append((run.row, run.row.state.rawValue)) }
            else if run.row.learner == nil { leftOut.append((run.row, "it made no learner")) }
            else if run.row.metrics["acc"] == nil { leftOut.append((run.row, "its learner was not evaluated")) }
            else { counted.append(run) }
        }
        var titles: [String] = []
        for run in counted { let title = Self.title(run); if !titles.contains(title) { titles.append(title) } }
        sections = titles.sorted().map { title in Self.section(title, counted.filter { Self.title($0) == title }, ignored, &leftOut) }
        self.leftOut = leftOut
    }

    /// The benchmark, as the method was given it.
    private static func title(_ run: Run) -> String {
        guard let bench = run.settings["bench"]?.text, bench.hasPrefix("<") else { return FilePath.name(run.row.script) }
        return bench.filter { $0 != "<" && $0 != ">" }
    }

    private static func section(_ title: String, _ runs: [Run], _ ignored: Set<String>, _ leftOut: inout [(row: RunRow, reason: String)]) -> Section {
        let names = Set(runs.flatMap(\.settings.keys)).sorted().filter { !ignored.contains($0) && !["method", "bench"].contains($0) }
        let varying = Dictionary(grouping: runs, by: { $0.row.method ?? "-" }).mapValues { ofMethod in names.filter { Self.makesConfigurations($0, ofMethod, runs) } }
        var labels: [String] = []
        var groups: [String: [Run]] = [:]
        for run in runs {
            let method = run.row.method ?? "-"
            let label = ([method] + (varying[method] ?? []).compactMap { name in run.settings[name].map { "\(name)=\($0.text.isEmpty ? "\"\"" : $0.text)" } }).joined(separator: ", ")
            if groups[label] == nil { labels.append(label) }
            groups[label, default: []].append(run)
        }
        var superseded = 0
        let configurations = labels.map { label -> Configuration in
            let group = groups[label] ?? []
            var seen = Set<Int>()
            // The latest first: a run that was made anew takes the place of the earlier one.
            let kept = group.sorted { $0.row.started > $1.row.started }.filter { run in
                guard seen.insert(run.row.seed).inserted else {
                    leftOut.append((run.row, "a later run has the same configuration and seed"))
                    superseded += 1
                    return false
                }
                return true
            }
            return Configuration(label: label, method: group[0].row.method ?? "-", runs: kept.sorted { $0.row.seed < $1.row.seed })
        }.sorted { ($0.interval("acc")?.mean ?? -1, $1.label) > ($1.interval("acc")?.mean ?? -1, $0.label) }
        let common = names.filter { name in runs.allSatisfy { $0.settings[name] == runs[0].settings[name] } }.compactMap { name in runs[0].settings[name].map { (name, $0.text) } }.filter { !$0.1.isEmpty }
        var notes: [String] = []
        if superseded > 0 { notes.append("\(superseded) earlier run\(superseded == 1 ? "" : "s") with the same configuration and seed as a later one do\(superseded == 1 ? "es" : "") not count.") }
        let kept = configurations.flatMap(\.runs)
        if Set(kept.map(\.row.scriptHash)).count > 1 { notes.append("The runs are of \(Set(kept.map(\.row.scriptHash)).count) different texts of their script: 'bclsh runs compare' shows in what they differ.") }
        let counts = Set(configurations.map { $0.runs.map(\.row.seed) })
        if counts.count > 1 { notes.append("The configurations do not all have the same seeds.") }
        return Section(title: title, configurations: configurations, common: common, notes: notes)
    }

    /// Whether runs of one method differ in a parameter, apart from the seed and from names of files that each run has for itself.
    private static func makesConfigurations(_ name: String, _ ofMethod: [Run], _ all: [Run]) -> Bool {
        // A parameter that another script does not have is no difference.
        guard Set(ofMethod.compactMap { $0.settings[name] }).count > 1 else { return false }
        if all.allSatisfy({ $0.settings[name]?.number == Double($0.row.seed) }) { return false }
        let texts = all.compactMap { $0.settings[name] }.filter { !$0.text.isEmpty }
        let areFiles = texts.allSatisfy { value in value.number == nil && !value.text.hasPrefix("<") && value.text.contains { $0 == "/" || $0 == "." } }
        return !(areFiles && Set(texts).count == texts.count)
    }
}

extension ReportData.Section {
    /// What all others are compared with.
    /// - Parameter named: a configuration's label or method; nil for the best.
    public func reference(_ named: String?) -> ReportData.Configuration? {
        guard let named else { return configurations.first }
        return configurations.first { $0.label == named } ?? configurations.first { $0.method == named }
    }
}
