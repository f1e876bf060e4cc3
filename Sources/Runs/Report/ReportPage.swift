import Continual
import Figures
import FilePaths
import Foundation

/// A report as one page that needs nothing else.
public struct ReportPage {
    private let data: ReportData
    private let filter: String
    private let title: String
    /// What differences are taken from; nil for the best configuration of each benchmark.
    private let reference: String?
    private let version: String
    private static let metrics: [(name: String, title: String)] = [("acc", "ACC"), ("fm", "FM"), ("la", "LA"), ("bwt", "BWT"), ("fwt", "FWT"), ("anytime", "AAA"), ("lca", "LCA")]
    /// Lines of one chart, and rows of the list of runs.
    private static let (mostLines, mostRuns) = (12, 500)

    public init(_ data: ReportData, filter: String, title: String, reference: String?, version: String) {
        (self.data, self.filter, self.title, self.reference, self.version) = (data, filter, title, reference, version)
    }

    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(HTML.escaped(title))</title>
        <style>
        \(ReportStyle.css)
        </style>
        </head>
        <body>
        <h1>\(HTML.escaped(title))</h1>
        \(summary)
        \(data.sections.map(section).joined(separator: "\n"))
        \(leftOut)
        \(runs)
        </body>
        </html>

        """
    }

    private var summary: String {
        let counted = data.sections.flatMap(\.configurations).map(\.runs.count).reduce(0, +)
        let what = filter.isEmpty ? "all runs of the store" : "runs with <code>\(HTML.escaped(filter))</code>"
        let out = data.leftOut.isEmpty ? "" : "; \(data.leftOut.count) more do not count (listed below)"
        return """
            <p class="quiet">Made \(RunWords.moment(Date().timeIntervalSince1970)) by bclsh \(HTML.escaped(version)) from \(what): \(counted) result\(counted == 1 ? "" : "s") of \(counted == 1 ? "a learner" : "learners")\(out).</p>
            <p class="quiet">Figures are percent: mean over seeds ± half of the 95% interval by Student's t; no interval for a single seed. ACC: average accuracy over the tasks after the last one. FM: forgetting, lower is better.
            LA: accuracy on each task right after it was learned. BWT, FWT: backward and forward transfer. AAA: any-time accuracy. LCA: learning curve area.</p>
            """
    }

    // MARK: - A benchmark

    private func section(_ section: ReportData.Section) -> String {
        let common = section.common.isEmpty ? "" : "<p class=\"quiet\">In all of them: \(section.common.map { "<code>\(HTML.escaped("\($0.name)=\($0.value)"))</code>" }.joined(separator: ", ")).</p>"
        return """
            <section>
            <h2>\(HTML.escaped(section.title))</h2>
            \(common)
            \(section.notes.map { "<p class=\"quiet\">\(HTML.escaped($0))</p>" }.joined(separator: "\n"))
            \(results(section))
            \(differences(section))
            \(charts(section))
            \(heatMaps(section))
            </section>
            """
    }

    private func shownMetrics(_ section: ReportData.Section) -> [(name: String, title: String)] {
        Self.metrics.filter { metric in section.configurations.contains { $0.interval(metric.name) != nil } }
    }

    private func results(_ section: ReportData.Section) -> String {
        let metrics = shownMetrics(section)
        var best: [String: Double] = [:]
        for metric in metrics where section.configurations.count > 1 {
            let means = section.configurations.compactMap { $0.interval(metric.name)?.mean }
            best[metric.name] = metric.name == "fm" ? means.min() : means.max()
        }
        let rows = section.configurations.map { configuration -> String in
            let cells = metrics.map { metric -> String in
                guard let interval = configuration.interval(metric.name) else { return "<td class=\"n\">-</td>" }
                return "<td class=\"n\(best[metric.name] == interval.mean ? " best" : "")\">\(Self.text(interval))</td>"
            }
            let machines = Set(configuration.runs.map { "\($0.row.device), \($0.row.threads) thread\($0.row.threads == 1 ? "" : "s")" }).sorted().joined(separator: "; ")
            return "<tr><th>\(HTML.escaped(configuration.label))</th><td class=\"n\">\(configuration.runs.count)</td>\(cells.joined())<td class=\"n\">\(RunWords.length(configuration.medianSeconds))</td><td>\(HTML.escaped(machines))</td></tr>"
        }
        return """
            <h3>Results</h3>
            <div class="wide"><table>
            <thead><tr><th>method</th><th class="n">seeds</th>\(metrics.map { "<th class=\"n\">\($0.title)</th>" }.joined())<th class="n">run time, median</th><th>on</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            """
    }

    /// "88.59 ± 1.20"
    private static func text(_ interval: ConfidenceInterval, signed: Bool = false) -> String {
        let mean = String(format: signed ? "%+.2f" : "%.2f", interval.mean * 100)
        return interval.half.map { "\(mean) <span class=\"pm\">± \(String(format: "%.2f", $0 * 100))</span>" } ?? mean
    }

    private func differences(_ section: ReportData.Section) -> String {
        guard section.configurations.count > 1, let base = section.reference(reference) else { return "" }
        let metrics = shownMetrics(section).filter { ["acc", "fm", "la"].contains($0.name) }
        let rows = section.configurations.filter { $0.label != base.label }.map { configuration -> String in
            let shared = Set(configuration.runs.map(\.row.seed)).intersection(base.runs.map(\.row.seed)).count
            let cells = metrics.map { metric -> String in
                guard let difference = PairedDifference(configuration.values(metric.name), minus: base.values(metric.name)) else { return "<td class=\"n\">-</td>" }
                let word = difference.sign == 0 ? "" : difference.sign > 0 ? " ▲" : " ▼"
                let isBetter = metric.name == "fm" ? difference.sign < 0 : difference.sign > 0
                return "<td class=\"n\(difference.sign == 0 ? "" : isBetter ? " up" : " down")\">\(Self.text(difference.interval, signed: true))\(word)</td>"
            }
            return "<tr><th>\(HTML.escaped(configuration.label))</th><td class=\"n\">\(shared)</td>\(cells.joined())</tr>"
        }
        return """
            <h3>Differences from \(HTML.escaped(base.label)), by seed</h3>
            <p class="quiet">Each seed's result less that of \(HTML.escaped(base.label)) with the same seed, then mean and interval over the seeds that both have. ▲ and ▼ mark intervals that do not hold zero; each interval is for itself, not corrected for their number.</p>
            <div class="wide"><table>
            <thead><tr><th>method</th><th class="n">pairs</th>\(metrics.map { "<th class=\"n\">\($0.title)</th>" }.joined())</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            """
    }

    // MARK: - Curves

    private func charts(_ section: ReportData.Section) -> String {
        let shown = section.configurations.prefix(Self.mostLines)
        func chart(_ title: String, _ points: (AccuracyMatrix) -> [(task: Int, value: Double)]) -> String {
            let lines = shown.enumerated().compactMap { style, configuration -> ReportChart.Line? in
                let curves = configuration.runs.compactMap { $0.matrix.map(points) }
                guard let first = curves.first, !first.isEmpty, curves.count == configuration.runs.count else { return nil }
                let tasks = first.map(\.task).filter { task in curves.allSatisfy { curve in curve.contains { $0.task == task } } }
                let intervals = tasks.compactMap { task in ConfidenceInterval(curves.compactMap { curve in curve.first { $0.task == task }?.value }) }
                guard !tasks.isEmpty else { return nil }
                return ReportChart.Line(points: zip(tasks, intervals).map { (Double($0 + 1), $1.mean) }, halves: intervals.map(\.half), style: style)
            }
            guard let svg = ReportChart(title: title, xTitle: "tasks learned", lines: lines).svg else { return "" }
            return "<figure>\n<figcaption>\(title)</figcaption>\n\(svg)\n</figure>"
        }
        let average = chart("Average accuracy over the tasks learned (%)") { $0.averages }
        let first = chart("Accuracy on the first task (%)") { matrix in matrix.curve(of: 0).enumerated().compactMap { index, value in value.map { (index, $0) } } }
        guard !average.isEmpty else { return "" }
        let legend = shown.enumerated().map { style, configuration in
            "<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><polyline class=\"line c\(style % ReportStyle.colours) d\(style / ReportStyle.colours % ReportStyle.dashes)\" points=\"1,5 25,5\"/></svg>\(HTML.escaped(configuration.label))</li>"
        }
        let more = section.configurations.count > shown.count ? "<p class=\"quiet\">The \(shown.count) with the highest ACC are drawn, of \(section.configurations.count).</p>" : ""
        return """
            <h3>Accuracy while tasks are learned</h3>
            <p class="quiet">Mean over seeds; bands are 95% intervals.</p>
            <ul class="legend">\(legend.joined(separator: "\n"))</ul>
            <div class="charts">
            \(average)
            \(first)
            </div>
            \(more)
            """
    }

    // MARK: - Matrices

    private func heatMaps(_ section: ReportData.Section) -> String {
        let maps = section.configurations.prefix(Self.mostLines).compactMap { configuration -> String? in
            let rows = configuration.matrix
            guard rows.contains(where: { $0 != nil }), let width = rows.compactMap({ $0?.count }).max() else { return nil }
            let isDense = width > 12
            let head = (0..<width).map { "<th scope=\"col\">\(!isDense || $0 % 5 == 4 || $0 == 0 ? "\($0 + 1)" : "")</th>" }.joined()
            let body = rows.enumerated().compactMap { index, row -> String? in
                guard let row else { return nil }
                return "<tr><th scope=\"row\">\(index + 1)</th>\(row.enumerated().map { Self.cell($1, index, $0, isDense) }.joined())</tr>"
            }
            return "<figure><figcaption>\(HTML.escaped(configuration.label))</figcaption><div class=\"wide\"><table class=\"heat\(isDense ? " dense" : "")\"><thead><tr><th></th>\(head)</tr></thead><tbody>\(body.joined())</tbody></table></div></figure>"
        }
        guard !maps.isEmpty else { return "" }
        let stops = (0...10).map { Self.css(Palette.heat(Double($0) / 10)) }.joined(separator: ",")
        return """
            <h3>Accuracy matrices</h3>
            <p class="quiet">Rows: after each task. Columns: on each task. Mean over seeds, percent. 0 <i class="key" style="background:linear-gradient(90deg,\(stops))"></i> 100</p>
            <div class="heats">
            \(maps.joined(separator: "\n"))
            </div>
            """
    }

    private static func css(_ colour: Colour) -> String { "rgb(\(colour.red),\(colour.green),\(colour.blue))" }

    private static func cell(_ value: Double?, _ row: Int, _ column: Int, _ isDense: Bool) -> String {
        guard let value else { return "<td class=\"none\" title=\"not tested\"></td>" }
        let colour = Palette.heat(value)
        let text = String(format: "%.1f", value * 100)
        return "<td style=\"background:\(css(colour));color:\(colour.luminance > 0.18 ? "#000" : "#fff")\" title=\"after task \(row + 1), on task \(column + 1): \(text) %\">\(isDense ? "" : text)</td>"
    }

    // MARK: - Runs

    private var leftOut: String {
        guard !data.leftOut.isEmpty else { return "" }
        let rows = data.leftOut.prefix(Self.mostRuns).map { entry in
            let why = entry.row.error.map { "\(entry.reason): \($0.split(separator: "\n").first ?? "")" } ?? entry.reason
            return "<tr><td class=\"n\">\(entry.row.number)</td><td>\(RunWords.moment(entry.row.started))</td><td>\(HTML.escaped(FilePath.name(entry.row.script)))</td><td>\(HTML.escaped(entry.row.method ?? "-"))</td><td class=\"n\">\(entry.row.seed)</td><td>\(HTML.escaped(why))</td></tr>"
        }
        return """
            <section>
            <h2>Runs that do not count</h2>
            <div class="wide"><table class="small">
            <thead><tr><th class="n">run</th><th>started</th><th>script</th><th>method</th><th class="n">seed</th><th>why</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            \(data.leftOut.count > Self.mostRuns ? "<p class=\"quiet\">and \(data.leftOut.count - Self.mostRuns) more</p>" : "")
            </section>
            """
    }

    private var runs: String {
        let counted = data.sections.flatMap { section in section.configurations.flatMap { configuration in configuration.runs.map { (configuration.label, $0.row) } } }.sorted { $0.1.number < $1.1.number }
        guard !counted.isEmpty else { return "<p>There is nothing to report: no run that the filter lets through is done and evaluated.</p>" }
        let rows = counted.prefix(Self.mostRuns).map { label, row in
            "<tr><td class=\"n\">\(row.number)</td><td>\(RunWords.moment(row.started))</td><td>\(HTML.escaped(FilePath.name(row.script)))</td><td>\(HTML.escaped(label))</td><td class=\"n\">\(row.seed)</td><td class=\"n\">\(RunWords.percent(row.metrics["acc"]))</td><td class=\"n\">\(RunWords.length(row.seconds))</td><td>\(HTML.escaped(row.host))</td><td><code>\(row.scriptHash.prefix(12))</code></td></tr>"
        }
        return """
            <section>
            <h2>Runs</h2>
            <div class="wide"><table class="small">
            <thead><tr><th class="n">run</th><th>started</th><th>script</th><th>method</th><th class="n">seed</th><th class="n">ACC</th><th class="n">time</th><th>host</th><th>SHA-256</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            \(counted.count > Self.mostRuns ? "<p class=\"quiet\">and \(counted.count - Self.mostRuns) more</p>" : "")
            </section>
            """
    }
}
