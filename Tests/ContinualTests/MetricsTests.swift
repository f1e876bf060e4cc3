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
}
