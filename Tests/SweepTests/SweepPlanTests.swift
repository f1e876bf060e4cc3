import Foundation
@testable import Sweeps
import XCTest

final class SweepPlanTests: XCTestCase {
    private func plan(_ axes: [String], seeds: String = "0", random: Int? = nil, randomSeed: Int = 0, fixed: [(name: String, value: String)] = [], contents: [String] = ["print 1"]) throws -> SweepPlan {
        try SweepPlan(axes: try axes.map { try SweepAxis($0) }, fixed: fixed, seeds: try SeedList(seeds), random: random, randomSeed: randomSeed, contents: contents)
    }

    private func message(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? SweepProblem)?.message }
        return nil
    }

    func testGridTimesSeeds() throws {
        let found = try plan(["lr=0.01,0.1", "layers=[16],[16, 8]"], seeds: "1..2", fixed: [("tasks", "3")])
        XCTAssertEqual(found.cells.map(\.label), [
            "lr=0.01 layers=[16] tasks=3 seed 1", "lr=0.01 layers=[16, 8] tasks=3 seed 1", "lr=0.1 layers=[16] tasks=3 seed 1", "lr=0.1 layers=[16, 8] tasks=3 seed 1",
            "lr=0.01 layers=[16] tasks=3 seed 2", "lr=0.01 layers=[16, 8] tasks=3 seed 2", "lr=0.1 layers=[16] tasks=3 seed 2", "lr=0.1 layers=[16, 8] tasks=3 seed 2",
        ])
        XCTAssertEqual(found.cells.map(\.number), Array(0..<8))
        XCTAssertEqual(try plan([]).cells.map(\.label), ["seed 0"])
    }

    func testTheSameSweepHasTheSameName() throws {
        let first = try plan(["lr=1,2"], seeds: "1..3")
        XCTAssertEqual(first.id, try plan(["lr=1,2"], seeds: "1,2,3").id)
        XCTAssertNotEqual(first.id, try plan(["lr=1,3"], seeds: "1..3").id)
        XCTAssertNotEqual(first.id, try plan(["lr=1,2"], seeds: "1..3", contents: ["print 2"]).id)
        XCTAssertNotEqual(try plan([], contents: ["a", "b"]).id, try plan([], contents: ["ab"]).id)
        XCTAssertEqual(first.id.count, 8)
    }

    func testRandomDraws() throws {
        let found = try plan(["lr=0.001..0.1:log", "beta=0..1", "k=1,2"], random: 200)
        XCTAssertEqual(found.cells.count, 200)
        XCTAssertEqual(Set(found.cells.map(\.label)).count, 200)
        let rates = try found.cells.map { try XCTUnwrap(Double($0.settings[0].value)) }
        XCTAssertTrue(rates.allSatisfy { $0 >= 0.001 && $0 <= 0.1 })
        // Half of them below the middle of the logarithms, 0.01: 200 draws lie within 100 +- 35 but for one in a million.
        XCTAssertEqual(Double(rates.filter { $0 < 0.01 }.count), 100, accuracy: 35)
        XCTAssertEqual(found.id, try plan(["lr=0.001..0.1:log", "beta=0..1", "k=1,2"], random: 200).id)
        XCTAssertNotEqual(found.id, try plan(["lr=0.001..0.1:log", "beta=0..1", "k=1,2"], random: 200, randomSeed: 1).id)
        XCTAssertEqual(try plan(["a=1,2", "b=1,2"], random: 3).cells.count, 3)
        XCTAssertEqual(try plan(["a=1,2", "b=1,2"], random: 30).cells.count, 4, "there are no more")
    }

    func testTenThousandRunsArePlannedInSeconds() throws {
        let start = Date()
        let values = (1...100).map(String.init).joined(separator: ",")
        XCTAssertEqual(try plan(["a=\(values)", "b=1,2,3,4,5,6,7,8,9,10"], seeds: "1..10").cells.count, 10_000)
        XCTAssertLessThan(Date().timeIntervalSince(start), 5)
    }

    func testProblems() {
        XCTAssertEqual(message { _ = try SweepAxis("lr") }, "--grid takes NAME=VALUE,VALUE,..., not 'lr'")
        XCTAssertEqual(message { _ = try SweepAxis("lr=1,,2") }, "--grid lr=1,,2: there is an empty value")
        XCTAssertEqual(message { _ = try SweepAxis("lr=1,1") }, "--grid lr=1,1: a value stands there twice")
        XCTAssertEqual(message { _ = try SweepAxis("lr=1..0.1") }, "--grid lr=1..0.1: the range is empty: 1 is not below 0.1")
        XCTAssertEqual(message { _ = try SweepAxis("lr=0..1:log") }, "--grid lr=0..1:log: a logarithmic range starts above 0")
        XCTAssertEqual(message { _ = try self.plan(["lr=0..1"]) }, "--grid lr is a range: a grid needs single values")
        XCTAssertEqual(message { _ = try self.plan([], random: 2) }, "--random draws from what --grid gives, and there is no --grid")
        XCTAssertEqual(message { _ = try self.plan(["lr=1,2", "lr=3"]) }, "the parameter 'lr' is given twice")
        XCTAssertEqual(message { _ = try SeedList("5..1") }, "--seeds takes 1..5, or 1,2,3; not '5..1'")
        XCTAssertEqual(message { _ = try SeedList("1,1") }, "--seeds 1,1: a seed stands there twice")
        let many = (1...1001).map(String.init).joined(separator: ",")
        XCTAssertEqual(message { _ = try self.plan(["a=\(many)", "b=\(many)"]) }, "the grid has more than 1000000 combinations")
    }

    func testShareOfProcessors() {
        XCTAssertEqual(Cores.quota("200000 100000\n"), 2)
        XCTAssertEqual(Cores.quota("50000 100000"), 1)
        XCTAssertNil(Cores.quota("max 100000"))
        XCTAssertGreaterThanOrEqual(Cores.count, 1)
    }
}
