import Foundation
@testable import Runs
import XCTest

final class FilterTests: XCTestCase {
    private static func makeStore() throws -> RunStore {
        let store = try Samples.store()
        let now = Date().timeIntervalSince1970
        try store.save(Samples.run("er", seed: 1, acc: 0.6, parameters: [NamedValue("lr", .double(0.1)), NamedValue("data", .text("mnist"))], started: now - 10 * 86_400))  // 1
        try store.save(Samples.run("er", seed: 2, acc: 0.7, parameters: [NamedValue("lr", .double(0.03)), NamedValue("data", .text("digits"))], started: now - 86_400))  // 2
        try store.save(Samples.run("bcl_dual", seed: 3, acc: 0.9, parameters: [NamedValue("lr", .double(0.1)), NamedValue("state", .text("a b"))], started: now - 60, name: "other.bcl"))  // 3
        try store.save(Samples.run(nil, seed: 3, state: .failed, started: now))  // 4
        return store
    }

    private func found(_ filter: String, _ store: RunStore) throws -> [Int] { try store.rows(try RunFilter(filter)).rows.map(\.number) }

    func testConditions() throws {
        let store = try Self.makeStore()
        for (filter, expected) in [
            ("", [4, 3, 2, 1]), ("method=er", [2, 1]), ("method = er", [2, 1]), ("method==er", [2, 1]), ("method=er,bcl_dual", [3, 2, 1]), ("method!=er", [4, 3]), ("method=bcl*", [3]),
            ("seed<3", [2, 1]), ("seed>=3 state=done", [3]), ("seed=1,3", [4, 3, 1]), ("seed!=3", [2, 1]), ("state=failed", [4]), ("state!=done", [4]),
            ("since=2d", [4, 3, 2]), ("until=2d", [1]), ("since=2h", [4, 3]), ("lr>=0.1", [3, 1]), ("lr=0.1 seed<3", [1]), ("lr=0.10", [3, 1]), ("lr!=0.1", [4, 2]), ("data=mnist", [1]), ("data=*i*", [2, 1]),
            ("data=m?ist", []), ("param.state=\"a b\"", [3]), ("param.state='a b'", [3]), ("acc>0.65", [3, 2]), ("acc<=0.6", [1]), ("script=my.bcl", [4, 2, 1]), ("script=examples/my.bcl", [4, 2, 1]), ("script=y.bcl", []), ("script=other.bcl", [3]),
            ("time<3", [4, 3, 2, 1]), ("time>1m", []), ("1", [1]), ("1,3", [3, 1]), ("1 4 seed=3", [4]), ("run>2", [4, 3]), ("exit=0", [3, 2, 1]), ("learner=me", [3, 2, 1]),
        ] { XCTAssertEqual(try found(filter, store), expected, filter) }
    }

    func testOrderAndLimit() throws {
        let store = try Self.makeStore()
        func order(_ text: String, limit: Int? = nil) throws -> [Int] { try store.rows(order: RunOrder(text), limit: limit).rows.map(\.number) }
        XCTAssertEqual(try order("acc"), [1, 2, 3, 4], "rows without it come last")
        XCTAssertEqual(try order("-acc"), [3, 2, 1, 4])
        XCTAssertEqual(try order("lr", limit: 2), [2, 3])
        XCTAssertEqual(try order("started"), [1, 2, 3, 4])
        let part = try store.rows(try RunFilter("seed>0"), limit: 2)
        XCTAssertEqual([part.rows.count, part.count], [2, 4])
    }

    func testProblemsNameThePlaceAndTheRemedy() throws {
        let store = try Self.makeStore()
        for (filter, message, marked, remedy) in [
            ("method=er sedd<3", "no run has a parameter 'sedd', and there is no such column", "sedd", "did you mean 'seed'?"),
            ("state=dnoe", "there is no state 'dnoe'", "dnoe", "did you mean 'done'?"),
            ("acc>80", "'acc' lies between -1 and 1, so no run has acc>80", "80", "write acc>0.8 for 80 %"),
            ("er", "'er' is no condition", "er", "write NAME=VALUE, such as method=er, or the number of a run"),
            ("seed=x", "'x' is not a number: 'seed' is compared with one", "x", nil),
            ("method>er", "'method' is a text: it has no '>'", "method>er", "compare it with = or !=; * stands for any characters"),
            ("lr>=fast", "'fast' is not a number: '>=' compares numbers", "fast", "compare texts with = or !=; * stands for any characters"),
            ("since=soon", "'soon' is no moment", "soon", "write 30m, 2h, 3d or 1w (ago), or a date such as 2026-11-24"),
            ("since>2d", "'since' takes '=' and one moment", "since", "write since=2d or since=2026-11-24"),
            ("seed<1,2", "'<' compares with one value", "1,2", nil),
            ("data=\"a", "the quotation mark is never closed", "\"", nil),
            ("=3", "there is no name before '='", "=", "write NAME=VALUE, such as seed=3"),
            ("seed=", "there is no value behind 'seed='", "=", "\"\" stands for an empty text"),
            ("!", "'!' is no condition", "!", "write NAME=VALUE, such as method=er, or the number of a run"),
        ] as [(String, String, String, String?)] {
            do {
                _ = try found(filter, store)
                XCTFail("\(filter) was taken")
            } catch let problem as FilterProblem {
                XCTAssertEqual(problem.message, message, filter)
                XCTAssertEqual(String(Array(problem.text)[problem.range]), marked, filter)
                XCTAssertEqual(problem.remedy, remedy, filter)
            }
        }
        XCTAssertThrowsError(try store.rows(order: RunOrder("anytme"))) { XCTAssertEqual(($0 as? FilterProblem)?.remedy, "did you mean 'anytime'?") }
    }

    func testMoments() throws {
        let noon = try XCTUnwrap(FilterTime.moment("2026-11-24T12:00", isEnd: false))
        XCTAssertEqual(FilterTime.moment("2h", isEnd: false, now: Date(timeIntervalSince1970: 10_000)), 2800)
        let day = try XCTUnwrap(FilterTime.moment("2026-11-24", isEnd: false))
        XCTAssertEqual(noon - day, 43_200)
        XCTAssertEqual(FilterTime.moment("2026-11-24", isEnd: true), day + 86_400)
        XCTAssertNil(FilterTime.moment("2026-13-24", isEnd: false))
        XCTAssertEqual(FilterTime.duration("1.5h"), 5400)
        XCTAssertNil(FilterTime.duration("-3"))
    }

    /// Any text is a filter or a problem with a place inside of it.
    func testAnyTextIsAnswered() throws {
        let store = try Self.makeStore()
        var random = SystemRandomNumberGenerator()
        let pieces = ["seed", "method", "lr", "=", "<", ">=", "!=", "!", ",", "\"", "'", " ", "3", "er", "*", "é", "param.", "2d", "since", "1e999", "nan", "-", "[", "?", "state", "\n"]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            do { _ = try found(text, store) } catch let problem as FilterProblem {
                XCTAssertLessThanOrEqual(problem.range.upperBound, max(1, problem.text.count), text)
                XCTAssertEqual(problem.excerpt.count, 2)
            } catch { XCTFail("\(text): \(error)") }
        }
    }
}
