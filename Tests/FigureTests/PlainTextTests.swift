import Figures
import XCTest

final class PlainTextTests: XCTestCase {
    func testTablesAlign() {
        let table = Table(title: "layers", columns: [Table.Column("name"), Table.Column("size", number: true)], rows: [["a", "1,000"], ["für 日本", "7"]], footer: ["all", "1,007"], notes: ["two"])
        XCTAssertEqual(PlainText.text(.table(table)), """
            layers
            name       size
            a         1,000
            für 日本      7
            ---------------
            all       1,007
            two
            """)
    }

    func testImagesAreTheirLabels() {
        let tile = ImageGrid.Tile(pixels: [0, 1, 2, 3, 4, 5], caption: "cat")
        XCTAssertEqual(PlainText.text(.images(ImageGrid(title: "pets", width: 3, height: 2, channels: 1, tiles: [tile, tile], omitted: 3, notes: ["n"]))), "pets: 5 images 1x2x3\nlabels: cat, cat\nn")
    }

    func testHeatMapsAreTheirNumbers() {
        let map = HeatMap(rowTitle: "after", columnTitle: "on", rowLabels: ["1"], columnLabels: ["1", "2"], values: [[0.5, nil]], range: 0...1, isShare: true)
        XCTAssertEqual(PlainText.text(.heatMap(map)), "after     1  2\n1      50.0  -")
    }

    func testLinesAreSummedUp() {
        let chart = LineChart(title: "losses", xTitle: "step", yTitle: "loss", series: [LineChart.Series("er", [(0, 2), (1, .nan), (2, 1)])], markers: [LineChart.Marker("now", at: 1)])
        XCTAssertEqual(PlainText.text(.lines(chart)), "losses, over step\nloss  points  first  last  min  max  mean\ner         3      2     1    1    2   1.5\nnow at 1")
    }

    func testTicksAreRoundAndInside() {
        func texts(_ range: ClosedRange<Double>, _ count: Int = 5) -> [String] { Numbers.ticks(range, about: count).map(\.text) }
        XCTAssertEqual(texts(0...1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        XCTAssertEqual(texts(-0.25...1.25), ["0.0", "0.5", "1.0"])
        XCTAssertEqual(texts(3...7), ["3", "4", "5", "6", "7"])
        XCTAssertEqual(texts(0...1_000_000), ["0", "200000", "400000", "600000", "800000", "1000000"])
        for (low, high) in [(0.0, 1e-9), (-1e9, 1e9), (5, 5.0001), (1e15, 1e15 + 2), (-3, -2.9)] {
            let ticks = Numbers.ticks(low...high, about: 5)
            XCTAssertFalse(ticks.isEmpty)
            XCTAssertLessThanOrEqual(ticks.count, 12)
            for tick in ticks { XCTAssertTrue(tick.value >= low - (high - low) * 1e-6 && tick.value <= high + (high - low) * 1e-6, "\(tick) in \(low)...\(high)") }
        }
    }

    func testNumbersForPeople() {
        XCTAssertEqual([0, 999, 1000, 11_594_722, 1_150_585_339].map(Numbers.bytes), ["0 bytes", "999 bytes", "1.0 kB", "12 MB", "1.2 GB"])
        XCTAssertEqual([0, 999, 1000, -1_234_567].map(Numbers.grouped), ["0", "999", "1,000", "-1,234,567"])
        XCTAssertEqual([1, 0.123456, 1e-7, .nan, -.infinity].map(Numbers.short), ["1", "0.1235", "1e-07", "nan", "-inf"])
    }
}
