@testable import Runs
import XCTest

final class LossSeriesTests: XCTestCase {
    func testKeepsEveryBit() throws {
        let singles = (0..<1000).map { Double(Float(2.3 / Double($0 + 1))) }
        let series = LossSeries(singles)
        XCTAssertEqual(series.count, 1000)
        XCTAssertEqual(series.values, singles)
        XCTAssertLessThan(series.blob.count, 4000, "float32 values take less than four bytes each")
        let doubles = [0.1, 1 / 3, -0.0, 1e300, .infinity]
        XCTAssertEqual(LossSeries(doubles).values?.map(\.bitPattern), doubles.map(\.bitPattern))
        XCTAssertEqual(LossSeries([.nan, 1]).values?[0].isNaN, true)
        XCTAssertEqual(LossSeries([]).values, [])
    }

    func testDamagedBytesGiveNothing() {
        let series = LossSeries([1, 2, 3])
        XCTAssertNil(LossSeries(count: 3, blob: series.blob.dropLast(3)).values)
        XCTAssertNil(LossSeries(count: 1 << 39, blob: series.blob).values)
        XCTAssertNil(LossSeries(count: 3, blob: Data()).values)
        XCTAssertNil(LossSeries(count: 3, blob: Data([7, 1, 2])).values)
    }
}
