import CCairo
import Drawing
import Figures
import XCTest

/// Pictures are read back.
final class PictureTests: XCTestCase {
    /// A PNG's pixels, 0xFFRRGGBB, row by row.
    private func decode(png data: Data) throws -> (width: Int, height: Int, pixels: [UInt32]) {
        final class Input {
            var data: Data
            init(_ data: Data) { self.data = data }
        }
        let input = Input(data)
        let surface = try XCTUnwrap(cairo_image_surface_create_from_png_stream({ context, bytes, count in
            let input = Unmanaged<Input>.fromOpaque(context!).takeUnretainedValue()
            guard input.data.count >= Int(count), let bytes else { return CAIRO_STATUS_READ_ERROR }
            input.data.copyBytes(to: bytes, count: Int(count))
            input.data = Data(input.data.dropFirst(Int(count)))
            return CAIRO_STATUS_SUCCESS
        }, Unmanaged.passUnretained(input).toOpaque()))
        defer { cairo_surface_destroy(surface) }
        XCTAssertEqual(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS)
        let (width, height, stride) = (Int(cairo_image_surface_get_width(surface)), Int(cairo_image_surface_get_height(surface)), Int(cairo_image_surface_get_stride(surface)))
        let bytes = try XCTUnwrap(cairo_image_surface_get_data(surface))
        var pixels: [UInt32] = []
        for y in 0..<height { UnsafeRawPointer(bytes + y * stride).withMemoryRebound(to: UInt32.self, capacity: width) { pixels.append(contentsOf: UnsafeBufferPointer(start: $0, count: width)) } }
        // The fourth byte of RGB24 is not used, and 255 here.
        return withExtendedLifetime(input) { (width, height, pixels) }
    }

    private let grid = ImageGrid(title: nil, width: 2, height: 2, channels: 3, tiles: [
        ImageGrid.Tile(pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3], caption: "a"), ImageGrid.Tile(pixels: [UInt8](repeating: 77, count: 12), caption: "b"),
    ])

    func testPixelsAreThere() throws {
        let picture = try decode(png: try PictureFile.data(.images(grid), .png))
        // 28 units to a pixel, two dots to a unit; the first image starts below margin and title.
        for colour in [0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFF010203] as [UInt32] { XCTAssertEqual(picture.pixels.filter { $0 == colour }.count, 56 * 56, String(colour, radix: 16)) }
        XCTAssertGreaterThanOrEqual(picture.pixels.filter { $0 == 0xFF4D4D4D }.count, 112 * 112)
        let first = try XCTUnwrap(picture.pixels.firstIndex(of: 0xFFFF0000))
        let green = try XCTUnwrap(picture.pixels.firstIndex(of: 0xFF00FF00))
        XCTAssertEqual(green - first, 56)
        XCTAssertEqual(picture.pixels[first + 56 * picture.width], 0xFF0000FF)
    }

    func testEveryFigureIsDrawnOnWhite() throws {
        let chart = LineChart(title: "losses", xTitle: "step", yTitle: "loss", series: [
            LineChart.Series("er", (0..<100).map { (Double($0), 1 / Double($0 + 1)) }, raw: (0..<100).map { (Double($0), Double($0 % 7)) }), LineChart.Series("bcl", [(0, .nan), (50, 0.5)]),
        ], markers: [LineChart.Marker("now", at: 30)], notes: ["smoothed"])
        let map = HeatMap(title: "R", rowTitle: "after", columnTitle: "on", rowLabels: ["1", "2"], columnLabels: ["1", "2"], values: [[0.1, nil], [0.9, 0.5]], range: 0...1, isShare: true)
        let large = HeatMap(rowLabels: (0..<150).map(String.init), columnLabels: (0..<100).map(String.init), values: (0..<150).map { row in (0..<100).map { Double(row * $0) } })
        let figures: [Figure] = [
            .text("plain\ttext\u{0}\u{1B}[31m"), .table(Table(columns: [Table.Column("a")], rows: [["1"]])), .images(grid), .heatMap(map), .heatMap(large), .lines(chart),
            .lines(LineChart(xTitle: "x", yTitle: "y", series: [])), .bars(BarChart(title: "n", bars: [("a", 3), ("b", 0)])), .stack([.images(grid), .heatMap(map)]), .beside([.images(grid), .lines(chart)]), .stack([]),
        ]
        for figure in figures {
            let png = try PictureFile.data(figure, .png)
            let picture = try decode(png: png)
            XCTAssertEqual(picture.pixels[0], 0xFFFFFFFF, figure.summary)
            if case .stack(let parts) = figure, parts.isEmpty { continue }
            XCTAssertTrue(picture.pixels.contains { $0 != 0xFFFFFFFF }, figure.summary)
            let svg = String(decoding: try PictureFile.data(figure, .svg), as: UTF8.self)
            XCTAssertTrue(svg.hasPrefix("<?xml") && svg.contains("<svg ") && svg.hasSuffix("</svg>\n"), figure.summary)
        }
    }

    func testColoursOfAHeatMapAreItsValues() throws {
        let map = HeatMap(rowLabels: ["1"], columnLabels: ["1", "2"], values: [[0, 1]], range: 0...1)
        let picture = try decode(png: try PictureFile.data(.heatMap(map), .png))
        for share in [0.0, 1.0] {
            let colour = Palette.heat(share)
            let wanted = 0xFF00_0000 | UInt32(colour.red) << 16 | UInt32(colour.green) << 8 | UInt32(colour.blue)
            XCTAssertGreaterThan(picture.pixels.filter { $0 == wanted }.count, 1000)
        }
    }

    func testWhatIsTooLargeIsRefused() {
        let text = [String](repeating: "x", count: 2000).joined(separator: "\n")
        XCTAssertThrowsError(try PictureFile.data(.text(text), .png)) { XCTAssertTrue("\($0)".contains("units large"), "\($0)") }
    }
}
