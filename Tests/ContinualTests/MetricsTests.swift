import Continual
import XCTest

final class MetricsTests: XCTestCase {
    /// Worked by hand for three tasks.
    func testHandWorkedMatrix() throws {
        var matrix = AccuracyMatrix(tasks: 3)
        matrix.set(nil, [0.10, 0.20, 0.10])
        matrix.set(0, [0.90, 0.30, 0.20])
        matrix.set(1, [0.80, 0.85, 0.25])
        matrix.set(2, [0.70, 0.60, 0.95])
        XCTAssertEqual(try XCTUnwrap(matrix.acc), (0.70 + 0.60 + 0.95) / 3, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(matrix.fm), ((0.90 - 0.70) + (0.85 - 0.60)) / 2, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(matrix.la), (0.90 + 0.85 + 0.95) / 3, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(matrix.bwt), ((0.70 - 0.90) + (0.60 - 0.85)) / 2, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(matrix.anytime), (0.90 + (0.80 + 0.85) / 2 + (0.70 + 0.60 + 0.95) / 3) / 3, accuracy: 1e-12)
        XCTAssertEqual(matrix.curve(of: 1), [0.30, 0.85, 0.60])
        XCTAssertEqual(try XCTUnwrap(matrix.fwt), ((0.30 - 0.20) + (0.25 - 0.10)) / 2, accuracy: 1e-12)
    }

    func testUnknownIsNil() {
        var matrix = AccuracyMatrix(tasks: 3)
        XCTAssertNil(matrix.acc)
        matrix.set(0, [0.9, 0.1, 0.1])
        XCTAssertEqual(matrix.acc, 0.9)
        XCTAssertNil(matrix.fm)
        XCTAssertNil(matrix.fwt)
        matrix.set(2, [0.5, 0.5, 0.9])
        XCTAssertNil(matrix.fm)   // the row after task 2 is missing
        XCTAssertNil(matrix.la)
        XCTAssertNotNil(matrix.acc)
        matrix.set(7, [1, 1, 1])
        XCTAssertNil(matrix[7, 0])
    }

    /// Quantiles of published tables.
    func testStudentT() throws {
        for (freedom, wanted) in [(1.0, 12.7062047), (2, 4.3026527), (4, 2.7764451), (9, 2.2621572), (30, 2.0422725), (1000, 1.9623391)] {
            XCTAssertEqual(StudentT.quantile(0.975, freedom: freedom), wanted, accuracy: 1e-6)
        }
        XCTAssertEqual(StudentT.quantile(0.95, freedom: 4), 2.1318468, accuracy: 1e-6)
        XCTAssertEqual(StudentT.cumulative(-2.7764451, freedom: 4), 0.025, accuracy: 1e-8)
        XCTAssertEqual(StudentT.cumulative(0, freedom: 7), 0.5, accuracy: 1e-12)
    }

    func testInterval() throws {
        // Mean 3, deviation sqrt(2.5), half 2.7764451 * sqrt(2.5) / sqrt(5).
        let found = try XCTUnwrap(ConfidenceInterval([1, 2, 3, 4, 5]))
        XCTAssertEqual(found.mean, 3)
        XCTAssertEqual(try XCTUnwrap(found.deviation), 2.5.squareRoot(), accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(found.half), 2.7764451 * 0.5.squareRoot(), accuracy: 1e-6)
        XCTAssertNil(try XCTUnwrap(ConfidenceInterval([1])).half)
        XCTAssertNil(ConfidenceInterval([]))
    }

    func testLearningCurveArea() throws {
        // Z_0 = 0.15, Z_1 = 0.55; the longer curve counts as far as the shorter goes.
        XCTAssertEqual(try XCTUnwrap(LearningCurve.area([[0.1, 0.5], [0.2, 0.6, 0.9]])), 0.35, accuracy: 1e-12)
        XCTAssertNil(LearningCurve.area([]))
    }
}
