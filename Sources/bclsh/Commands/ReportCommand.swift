import ArgumentParser
import Engine
import Foundation
import Runs

/// `bclsh report`: recorded runs as one web page.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a web page on recorded runs: tables over seeds, differences, curves, matrices.",
        discussion: """
            Runs of one method that differ in nothing but the seed are one line of a table. Of several with the same seed the latest counts. With the ending .md or .tex only the tables of results are written, as Markdown or LaTeX. The page is one file that loads nothing. \
            A FILTER is as for 'bclsh runs'.
            """)

    @ArgumentParser.Argument(help: "Conditions, or numbers of runs.") var filter: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to.", valueName: "file")) var output: String = "report.html"
    @Option(help: "The page's title.") var title: String = "Comparison of methods"
    @Option(help: ArgumentHelp("The method, or line of the table, that differences are taken from (default: the best).", valueName: "method")) var against: String?
    @Option(help: ArgumentHelp("Parameters that make no lines of their own.", valueName: "a,b")) var ignore: String?
    @OptionGroup var place: StoreOption

    func run() throws {
        WritablePath.check("--output", output)
        let store = place.open()
        let ignored = Set(ignore?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? [])
        let data = RunsCommand.orLeave { try ReportData(store, try RunFilter(filter), ignored: ignored) }
        guard !data.rows.isEmpty else { leave("the filter lets no run through", hint: "'bclsh runs list' shows what there is", status: ExitStatus.usage) }
        if let against, !data.sections.contains(where: { $0.reference(against) != nil }) {
            let known = Array(Set(data.sections.flatMap(\.configurations).map(\.label))).sorted()
            leave("--against \(against): there is no such method in the report", hint: "there are \(known.joined(separator: "; "))", status: ExitStatus.usage)
        }
        let form = ReportTables.Form.allCases.first { output.hasSuffix(".\($0.rawValue)") }
        let text = form.map { ReportTables(data, $0).text } ?? ReportPage(data, filter: filter.joined(separator: " "), title: title, reference: against, version: Version.number).html
        do { try AtomicFile.write(text, to: output) } catch { leave("\(error)", status: ExitStatus.cantCreate) }
        let lines = data.sections.map(\.configurations.count).reduce(0, +)
        print("\(output): \(lines) configuration\(lines == 1 ? "" : "s") on \(data.sections.count) benchmark\(data.sections.count == 1 ? "" : "s")" + (data.leftOut.isEmpty ? "" : ", \(data.leftOut.count) runs do not count"))
    }
}
