import Figures
@testable import TerminalGraphics
import XCTest

/// What terminals are sent is read back.
final class TerminalTests: XCTestCase {
    private func profile(_ colour: TerminalProfile.Colour = .direct, columns: Int = 80, rows: Int = 24, _ pictures: TerminalProfile.Pictures = .characters, unicode: Bool = true) -> TerminalProfile {
        TerminalProfile(columns: columns, rows: rows, colour: colour, pictures: pictures, hasUnicode: unicode)
    }

    /// An image in which every pixel has a colour of its own, as long as there are fewer than 65,536.
    private func image(_ width: Int, _ height: Int) -> Bitmap {
        var image = Bitmap(width: width, height: height)
        for y in 0..<height { for x in 0..<width { image[x, y] = Colour(UInt8(x % 256), UInt8(y % 256), UInt8((x / 256 + y) % 256)) } }
        return image
    }

    private func grid(_ count: Int, _ width: Int, _ height: Int, channels: Int = 1, caption: String = "7") -> ImageGrid {
        ImageGrid(title: "t", width: width, height: height, channels: channels,
                  tiles: (0..<count).map { n in ImageGrid.Tile(pixels: (0..<(width * height * channels)).map { UInt8(($0 * 13 + n) % 256) }, caption: caption) })
    }

    // MARK: - What is there

    func testDetection() {
        func seen(_ environment: [String: String]) -> String {
            let profile = TerminalProfile.detect(["LANG": "en_US.UTF-8"].merging(environment) { $1 }, columns: 100, rows: 40)
            return "\(profile.colour) \(profile.pictures)\(profile.hasUnicode ? "" : " ascii")"
        }
        XCTAssertEqual(seen(["TERM": "xterm-256color"]), "indexed characters")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "COLORTERM": "truecolor"]), "direct characters")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"]), "none characters")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "NO_COLOR": ""]), "indexed characters")
        XCTAssertEqual(seen(["TERM": "vt100"]), "none characters")
        XCTAssertEqual(seen(["TERM": "dumb", "COLORTERM": "truecolor"]), "none characters")
        XCTAssertEqual(seen(["TERM": "xterm-kitty"]), "direct kitty")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"]), "indexed kitty")
        XCTAssertEqual(seen(["TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"]), "indexed characters")
        XCTAssertEqual(seen(["TERM": "xterm-kitty", "STY": "1"]), "direct characters")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "INSIDE_EMACS": "29"]), "indexed characters")
        XCTAssertEqual(seen(["TERM": "foot"]), "direct sixel")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "BCL_GRAPHICS": "sixel"]), "indexed sixel")
        XCTAssertEqual(seen(["TERM": "xterm-kitty", "BCL_GRAPHICS": "blocks"]), "direct characters")
        XCTAssertEqual(seen(["TERM": "xterm-kitty", "BCL_GRAPHICS": "text"]), "none characters")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "LANG": "C"]), "indexed characters ascii")
        XCTAssertEqual(seen(["TERM": "xterm-256color", "LC_ALL": "C.utf8", "LANG": "C"]), "indexed characters")
        let asked = TerminalProfile.detect(["TERM": "xterm-256color"], columns: 80, rows: 24, pixels: (800, 480)) { true }
        XCTAssertEqual(asked.pictures, .sixel)
        XCTAssertEqual(asked.cell.width, 10)
        XCTAssertEqual(asked.cell.height, 20)
    }

    // MARK: - Pixels

    /// Colours of the cells of a line: (upper, lower) for each half block.
    private func cells(_ line: String) -> [(String, String)] {
        var result: [(String, String)] = []
        var (upper, lower) = ("", "")
        var rest = line[...]
        while let first = rest.first {
            rest = rest.dropFirst()
            guard first == "\u{1B}" else {
                result.append((upper, lower))
                continue
            }
            let codes = rest.prefix { $0 != "m" }.dropFirst()
            rest = rest.drop { $0 != "m" }.dropFirst()
            if codes == "0" { continue }
            let parts = codes.split(separator: ";")
            let middle = parts.count / 2
            (upper, lower) = (parts[2..<middle].joined(separator: ","), parts[(middle + 2)...].joined(separator: ","))
        }
        return result
    }

    func testHalfBlocksHoldTheImage() {
        let image = image(7, 5)
        let lines = CharacterPixels(profile: profile()).lines(image)
        XCTAssertEqual(lines.count, 3)
        for (row, line) in lines.enumerated() {
            let cells = cells(line)
            XCTAssertEqual(cells.count, 7)
            for x in 0..<7 {
                func text(_ y: Int) -> String { [image[x, y].red, image[x, y].green, image[x, y].blue].map(String.init).joined(separator: ",") }
                XCTAssertEqual(cells[x].0, text(2 * row))
                XCTAssertEqual(cells[x].1, text(min(2 * row + 1, 4)))
            }
        }
    }

    func testIndexedColoursAreTheNearest() {
        XCTAssertEqual([Colour(0, 0, 0), Colour(255, 255, 255), Colour(255, 0, 0), Colour(8, 8, 8), Colour(128, 128, 128), Colour(95, 135, 175)].map(CharacterPixels.indexed), [16, 231, 196, 232, 244, 67])
    }

    func testLettersGetDenserWithBrightness() {
        var ramp = Bitmap(width: 256, height: 2)
        for x in 0..<256 { for y in 0..<2 { ramp[x, y] = Colour(UInt8(x), UInt8(x), UInt8(x)) } }
        let line = CharacterPixels(profile: profile(.none)).lines(ramp)[0]
        let order = Array(" .:-=+*#%@")
        XCTAssertEqual(line.first, " ")
        XCTAssertEqual(line.last, "@")
        let places = line.map { order.firstIndex(of: $0)! }
        XCTAssertEqual(places, places.sorted())
        XCTAssertEqual(Set(places).count, 10)
    }

    // MARK: - Sixel

    /// A reader of sixel as the VT340's manual has it.
    private func decode(sixel text: String) -> (width: Int, height: Int, pixels: [[Int]?])? {
        guard text.hasPrefix("\u{1B}P0;1;0q\"1;1;"), text.hasSuffix("\u{1B}\\") else { return nil }
        var rest = Array(text.dropFirst("\u{1B}P0;1;0q\"1;1;".count).dropLast(2).utf8)[...]
        func number() -> Int {
            var value = 0
            while let byte = rest.first, byte >= 48, byte <= 57 {
                value = value * 10 + Int(byte) - 48
                rest = rest.dropFirst()
            }
            return value
        }
        let width = number()
        rest = rest.dropFirst()
        let height = number()
        var palette: [Int: [Int]] = [:]
        var pixels = [[Int]?](repeating: nil, count: width * height)
        var (colour, x, band, count) = (0, 0, 0, 1)
        while let byte = rest.first {
            rest = rest.dropFirst()
            switch byte {
            case UInt8(ascii: "#"):
                colour = number()
                if rest.first == UInt8(ascii: ";") {
                    var parts: [Int] = []
                    while rest.first == UInt8(ascii: ";") {
                        rest = rest.dropFirst()
                        parts.append(number())
                    }
                    palette[colour] = Array(parts.dropFirst())
                }
            case UInt8(ascii: "!"): count = number()
            case UInt8(ascii: "$"): x = 0
            case UInt8(ascii: "-"): (x, band) = (0, band + 6)
            case 63...126:
                for _ in 0..<count {
                    for bit in 0..<6 where (byte - 63) >> UInt8(bit) & 1 == 1 {
                        guard x < width, band + bit < height else { return nil }
                        pixels[(band + bit) * width + x] = palette[colour]
                    }
                    x += 1
                }
                count = 1
            default: return nil
            }
        }
        return (width, height, pixels)
    }

    func testSixelHoldsTheImage() throws {
        for (width, height) in [(1, 1), (13, 6), (16, 15), (200, 31)] {
            var image = Bitmap(width: width, height: height)
            for y in 0..<height { for x in 0..<width { image[x, y] = Colour(UInt8((x / 4) % 8 * 36), UInt8(y % 7 * 40), UInt8((x + y) % 3 * 100)) } }
            let read = try XCTUnwrap(decode(sixel: Sixel.text(image)))
            XCTAssertEqual([read.width, read.height], [width, height])
            for (pixel, found) in zip(image.pixels, read.pixels) {
                XCTAssertEqual(try XCTUnwrap(found), [pixel.red, pixel.green, pixel.blue].map { (Int($0) * 100 + 127) / 255 })
            }
        }
    }

    func testSixelWithManyColoursIsNear() throws {
        var image = Bitmap(width: 64, height: 64)
        for y in 0..<64 { for x in 0..<64 { image[x, y] = Colour(UInt8(x * 4), UInt8(y * 4), UInt8((x + y) * 2)) } }
        let read = try XCTUnwrap(decode(sixel: Sixel.text(image)))
        var worst = 0
        for (pixel, found) in zip(image.pixels, read.pixels) {
            for (wanted, got) in zip([pixel.red, pixel.green, pixel.blue], try XCTUnwrap(found)) { worst = max(worst, abs(Int(wanted) * 100 / 255 - got)) }
        }
        XCTAssertLessThan(worst, 16)  // in percent
    }

    // MARK: - Kitty

    func testKittyHoldsTheImage() throws {
        let image = image(60, 40)
        let text = KittyGraphics.text(image, columns: 8, rows: 3)
        let pieces = text.components(separatedBy: "\u{1B}\\").dropLast()
        XCTAssertGreaterThan(pieces.count, 1)
        XCTAssertTrue(pieces[0].hasPrefix("\u{1B}_Ga=T,q=2,f=24,s=60,v=40,c=8,r=3,m=1;"))
        var encoded = ""
        for (index, piece) in pieces.enumerated() {
            let parts = piece.split(separator: ";", maxSplits: 1)
            XCTAssertLessThanOrEqual(parts[1].count, 4096)
            XCTAssertTrue(parts[0].hasSuffix(index == pieces.count - 1 ? "m=0" : "m=1"))
            encoded += parts[1]
        }
        XCTAssertEqual(Data(base64Encoded: encoded).map { [UInt8]($0) }, image.bytes)
    }

    // MARK: - Layout

    func testEverythingFitsTheWidth() {
        let chart = LineChart(title: "t", xTitle: "before + s (after - before)", yTitle: "loss", series: (0..<3).map { n in LineChart.Series("series \(n)", (0..<50).map { (Double($0), Double($0 * n)) }) })
        let map = HeatMap(rowTitle: "after task", columnTitle: "on task", rowLabels: (0..<12).map(String.init), columnLabels: (0..<12).map(String.init),
                          values: (0..<12).map { row in (0..<12).map { Double(row * $0) / 121 } }, isShare: true)
        let bars = BarChart(title: "t", bars: [("a class with a very long name indeed", 3), ("b", 1e6)])
        let figures: [Figure] = [
            .images(grid(16, 8, 8)), .images(grid(16, 28, 28, caption: "a long name of a class")), .images(grid(3, 84, 84, channels: 3)), .images(grid(2, 300, 10)), .images(grid(1, 3, 200)),
            .lines(chart), .heatMap(map), .bars(bars), .beside([.images(grid(10, 8, 8)), .images(grid(4, 8, 8))]), .beside([.stack([.images(grid(3, 8, 8)), .bars(bars)]), .stack([.images(grid(3, 8, 8)), .bars(bars)])]),
        ]
        for columns in [40, 80, 133] {
            for profile in [profile(columns: columns), profile(.indexed, columns: columns), profile(.none, columns: columns), profile(columns: columns, unicode: false)] {
                for figure in figures {
                    // Numbers of a table are not cut: without colours a heat map is a table.
                    if case .heatMap = figure, profile.colour == .none { continue }
                    for line in TerminalFigures(profile).lines(figure) {
                        XCTAssertLessThanOrEqual(TerminalFigures.visibleWidth(line), columns, "\(figure.summary) at \(columns), \(profile.colour): \(line)")
                        if profile.colour == .none { XCTAssertFalse(line.contains("\u{1B}")) }
                        if !profile.hasUnicode { XCTAssertTrue(line.utf8.allSatisfy { $0 < 128 }, line) }
                    }
                }
            }
        }
    }

    func testImagesShrinkToTheScreen() {
        let lines = TerminalFigures(profile(rows: 24)).lines(.images(grid(12, 28, 28)))
        XCTAssertLessThanOrEqual(lines.count, 24)
        XCTAssertGreaterThan(lines.count, 12)
        // Where the screen is large nothing is lost.
        XCTAssertEqual(TerminalFigures(profile(columns: 200, rows: 60)).lines(.images(grid(6, 28, 28))).count, 1 + 14 + 1)
    }

    func testPicturesStandSideBySide() {
        let pair = TerminalFigures(profile(columns: 100)).lines(.beside([.images(grid(4, 8, 8)), .images(grid(4, 8, 8))]))
        XCTAssertEqual(pair.count, TerminalFigures(profile(columns: 48)).lines(.images(grid(4, 8, 8))).count)
        XCTAssertEqual(pair[0].components(separatedBy: "t: 4 images").count, 3)
        let narrow = TerminalFigures(profile(columns: 50)).lines(.beside([.images(grid(4, 8, 8)), .images(grid(4, 8, 8))]))
        XCTAssertGreaterThan(narrow.count, pair.count)
    }

    func testGraphicsGoInWholeCells() throws {
        let lines = TerminalFigures(profile(.direct, .sixel)).lines(.images(grid(5, 8, 8)))
        let read = try XCTUnwrap(decode(sixel: lines[1]))
        XCTAssertEqual(read.width % 8, 0)
        XCTAssertEqual(read.height % 16, 0)
        XCTAssertLessThanOrEqual(read.width, 80 * 8)
        XCTAssertEqual(lines.count, 3)
        XCTAssertTrue(TerminalFigures(profile(.direct, .kitty)).lines(.images(grid(5, 8, 8)))[1].hasPrefix("\u{1B}_G"))
    }

    func testLinesAreDrawnWhereTheyAre() {
        let chart = LineChart(xTitle: "x", yTitle: "y", series: [LineChart.Series("up", [(0, 0), (1, 1)])])
        let lines = TerminalFigures(profile(.none, columns: 60, rows: 20, unicode: false)).lines(.lines(chart))
        let body = lines.filter { $0.contains("*") }
        XCTAssertEqual(body.count, 14)
        let places = body.map { $0.distance(from: $0.startIndex, to: $0.firstIndex(of: "*")!) }
        XCTAssertEqual(places, places.sorted(by: >))
        // No finite point: numbers, not a crash.
        XCTAssertFalse(TerminalFigures(profile()).lines(.lines(LineChart(xTitle: "x", yTitle: "y", series: [LineChart.Series("", [(0, .nan), (1, .infinity)])]))).isEmpty)
        XCTAssertFalse(TerminalFigures(profile()).lines(.lines(LineChart(xTitle: "x", yTitle: "y", series: [LineChart.Series("", [(0, -1e308), (1, 1e308)])]))).isEmpty)
    }
}
