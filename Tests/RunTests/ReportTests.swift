import Continual
import Foundation
@testable import Runs
import XCTest

final class ReportTests: XCTestCase {
    private func data(_ runs: [RunRecord], ignored: Set<String> = []) throws -> ReportData {
        let store = try Samples.store()
        _ = try store.save(runs)
        return try ReportData(store, RunFilter(), ignored: ignored)
    }

    func testIntervalsByHand() throws {
        // mean 0.81, s = 0.01, t(2) = 4.302653: half = 4.302653 * 0.01 / sqrt(3) = 0.0248414
        let found = try data([0.80, 0.82, 0.81].enumerated().map { Samples.run("er", seed: $0, acc: $1) })
        let interval = try XCTUnwrap(found.sections.first?.configurations.first?.interval("acc"))
        XCTAssertEqual(interval.mean, 0.81, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(interval.half), 0.0248414, accuracy: 1e-7)
    }

    func testPairedDifferencesByHand() throws {
        // 0.02, -0.01, 0.05 over the seeds 1 to 3: mean 0.02, s = 0.03, half = 4.302653 * 0.03 / sqrt(3) = 0.0745241
        let difference = try XCTUnwrap(PairedDifference([1: 0.90, 2: 0.80, 3: 0.85, 9: 0.1], minus: [3: 0.80, 2: 0.81, 1: 0.88, 4: 0.99]))
        XCTAssertEqual(difference.interval.count, 3)
        XCTAssertEqual(difference.interval.mean, 0.02, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(difference.interval.half), 0.0745241, accuracy: 1e-7)
        XCTAssertEqual(difference.sign, 0)
        XCTAssertEqual(PairedDifference([1: 0.9, 2: 0.91], minus: [1: 0.5, 2: 0.51])?.sign, 1)
        XCTAssertEqual(PairedDifference([1: 0.9], minus: [1: 0.5])?.sign, 0, "one pair has no interval")
        XCTAssertNil(PairedDifference([1: 0.9], minus: [2: 0.5]))
    }

    func testConfigurationsDifferInWhatTheirMethodVaries() throws {
        func run(_ method: String, _ seed: Int, _ acc: Double, lr: Double, file: String) -> RunRecord {
            Samples.run(method, seed: seed, acc: acc, parameters: [NamedValue("lr", .double(lr)), NamedValue("method", .text(method)), NamedValue("out", .text(file)), NamedValue("s", .int(seed)), NamedValue("tasks", .int(2))])
        }
        let found = try data([run("er", 1, 0.5, lr: 0.1, file: "a.json"), run("er", 2, 0.6, lr: 0.1, file: "b.json"), run("er", 1, 0.7, lr: 0.2, file: "c.json"), run("single", 1, 0.4, lr: 0.3, file: "d.json")])
        let section = try XCTUnwrap(found.sections.first)
        XCTAssertEqual(found.sections.count, 1)
        XCTAssertEqual(section.title, "permuted digits: 2 tasks")
        XCTAssertEqual(section.configurations.map(\.label), ["er, lr=0.2", "er, lr=0.1", "single"], "the best first; seeds and files of their own make no lines")
        XCTAssertEqual(section.configurations.map(\.runs.count), [1, 2, 1])
        XCTAssertEqual(section.common.map(\.name), ["tasks"])
        XCTAssertEqual(section.reference("single")?.label, "single")
        let merged = try data([run("er", 1, 0.5, lr: 0.1, file: "a.json"), run("er", 2, 0.7, lr: 0.2, file: "c.json")], ignored: ["lr"])
        XCTAssertEqual(merged.sections[0].configurations.map(\.runs.count), [2])
    }

    func testOnlyTheLatestOfASeedCounts() throws {
        let found = try data([Samples.run("er", seed: 1, acc: 0.1, started: 10), Samples.run("er", seed: 1, acc: 0.9, started: 20), Samples.run("er", seed: 2, acc: 0.8, state: .failed), Samples.run(nil)])
        XCTAssertEqual(found.sections[0].configurations[0].values("acc"), [1: 0.9])
        XCTAssertEqual(found.leftOut.map(\.reason).sorted(), ["a later run has the same configuration and seed", "failed", "it made no learner"])
        XCTAssertEqual(found.sections[0].notes.count, 1)
    }

    func testMeanMatrixHasNoNumberWhereASeedMissesOne() {
        var half = AccuracyMatrix(tasks: 2)
        half.set(1, [0.4, 0.6])
        let rows = ReportData.Configuration(label: "", method: "", runs: [ReportData.Run(row: Self.row, matrix: Samples.matrix([[0.5, 0.1], [0.6, 0.8]]), settings: [:]), ReportData.Run(row: Self.row, matrix: half, settings: [:])]).matrix
        XCTAssertEqual(rows[0], [nil, nil])
        XCTAssertEqual(rows[1].map { $0.map { ($0! * 100).rounded() } }, [50, 70])
    }

    private static let row: RunRow = {
        let store = try! Samples.store()
        _ = try! store.save(Samples.run())
        return try! store.rows().rows[0]
    }()

    func testTablesForPapers() throws {
        let runs = (1...3).flatMap { seed in [Samples.run("bcl_dual", seed: seed, acc: 0.5 + Double(seed) / 100), Samples.run("er", seed: seed, acc: 0.4)] }
        let found = try data(runs)
        let markdown = ReportTables(found, .markdown).text
        XCTAssertTrue(markdown.contains("| `bcl_dual` | 3 | **52.00** ± 2.48 | **-2.00** ± 2.48 | **51.00** ± 1.24 | 2.50 s |\n| `er` | 3 | 40.00 ± 0.00 | 10.00 ± 0.00 | 45.00 ± 0.00 | 2.50 s |"), markdown)
        let latex = ReportTables(found, .latex).text
        XCTAssertTrue(latex.contains("\\texttt{bcl\\_dual} & 3 & $\\mathbf{52.00} \\pm 2.48$ &"), latex)
        XCTAssertEqual(ReportTables.escaped("a_b & 5% {x} ~^\\"), "a\\_b \\& 5\\% \\{x\\} \\textasciitilde{}\\textasciicircum{}\\textbackslash{}")
    }

    func testThePageLoadsNothingAndEscapes() throws {
        let runs = (1...3).flatMap { seed in [Samples.run("<b>er", seed: seed, acc: 0.5 + Double(seed) / 100), Samples.run("single", seed: seed, acc: 0.4)] }
        let page = ReportPage(try data(runs), filter: "a<b", title: "T & <i>", reference: nil, version: "0").html
        for word in ["http:", "https:", "src=", "<script", "@import", "url(", "<link", "GRDB", "<b>er", "<i>"] { XCTAssertFalse(page.contains(word), word) }
        XCTAssertTrue(page.contains("T &amp; &lt;i&gt;"))
        // 0.51, 0.52, 0.53: mean 0.52, s = 0.01, half 0.0248414; the difference from it is -0.12 with the same half.
        XCTAssertTrue(page.contains("52.00 <span class=\"pm\">± 2.48</span>"))
        XCTAssertTrue(page.contains("-12.00 <span class=\"pm\">± 2.48</span> ▼"))
        for tag in ["table", "section", "figure", "div", "svg", "ul", "tbody"] {
            XCTAssertEqual(page.components(separatedBy: "<\(tag)").count, page.components(separatedBy: "</\(tag)>").count, tag)
        }
    }
}
