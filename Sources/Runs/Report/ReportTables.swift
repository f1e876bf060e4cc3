import Continual
import Foundation

/// A report's tables as text for papers and notes: Markdown, or LaTeX for the package booktabs.
public struct ReportTables {
    public enum Form: String, CaseIterable, Sendable {
        case markdown = "md"
        case latex = "tex"
    }

    private let data: ReportData
    private let form: Form
    private static let metrics = [("acc", "ACC"), ("fm", "FM"), ("la", "LA")]

    public init(_ data: ReportData, _ form: Form) { (self.data, self.form) = (data, form) }

    public var text: String { data.sections.map(section).joined(separator: "\n\n") + "\n" }

    private func section(_ section: ReportData.Section) -> String {
        let best = Dictionary(Self.metrics.map { name, _ -> (String, Double?) in
            let means = section.configurations.compactMap { $0.interval(name)?.mean }
            return (name, name == "fm" ? means.min() : means.max())
        }, uniquingKeysWith: { $1 })
        let rows = section.configurations.map { configuration -> [String] in
            [code(configuration.label), "\(configuration.runs.count)"] + Self.metrics.map { name, _ in
                guard let interval = configuration.interval(name) else { return "-" }
                return cell(interval, isBest: section.configurations.count > 1 && best[name] == interval.mean)
            } + [RunWords.length(configuration.medianSeconds)]
        }
        let head = ["method", "seeds"] + Self.metrics.map(\.1) + ["run time, median"]
        switch form {
        case .markdown:
            let lines = [head, ["---"] + head.dropFirst().map { _ in "---:" }] + rows
            return "\(section.title), percent, mean ± half of the 95% interval over seeds (Student's t):\n\n" + lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
        case .latex:
            let lines = rows.map { "  " + $0.joined(separator: " & ") + " \\\\" }.joined(separator: "\n")
            return """
                % \(Self.escaped(section.title)), percent, mean and half of the 95% interval over seeds (Student's t)
                \\begin{tabular}{lr\(String(repeating: "r", count: Self.metrics.count + 1))}
                  \\toprule
                  \(head.joined(separator: " & ")) \\\\
                  \\midrule
                \(lines)
                  \\bottomrule
                \\end{tabular}
                """
        }
    }

    private func cell(_ interval: ConfidenceInterval, isBest: Bool) -> String {
        let mean = String(format: "%.2f", interval.mean * 100)
        let half = interval.half.map { String(format: "%.2f", $0 * 100) }
        switch form {
        case .markdown: return (isBest ? "**\(mean)**" : mean) + (half.map { " ± \($0)" } ?? "")
        case .latex: return "$" + (isBest ? "\\mathbf{\(mean)}" : mean) + (half.map { " \\pm \($0)" } ?? "") + "$"
        }
    }

    private func code(_ label: String) -> String {
        switch form {
        case .markdown: return "`\(label.replacing("|", with: "\\|").replacing("`", with: "'"))`"
        case .latex: return "\\texttt{\(Self.escaped(label))}"
        }
    }

    static func escaped(_ text: String) -> String {
        text.map { character -> String in
            switch character {
            case "\\": return "\\textbackslash{}"
            case "~": return "\\textasciitilde{}"
            case "^": return "\\textasciicircum{}"
            case "&", "%", "$", "#", "_", "{", "}": return "\\\(character)"
            default: return String(character)
            }
        }.joined()
    }
}
