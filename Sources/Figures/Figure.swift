/// What there is to be seen of a value, independent of where it is seen: a terminal, a pipe, a picture file, a web page each draw it in their way.
/// No tensors, no colours of a terminal, no sizes of a page.
public indirect enum Figure: Codable {
    case text(String)
    case table(Table)
    case images(ImageGrid)
    case heatMap(HeatMap)
    case lines(LineChart)
    case bars(BarChart)
    /// One below the other.
    case stack([Figure])
    /// Side by side where there is room, else one below the other.
    case beside([Figure])

    /// Whether there are images in it, or in one of its parts.
    public var hasImages: Bool {
        switch self {
        case .images: return true
        case .stack(let parts), .beside(let parts): return parts.contains(where: \.hasImages)
        default: return false
        }
    }

    /// Whether words and tables are all that there is: as text they lose nothing.
    public var isText: Bool {
        switch self {
        case .text, .table: return true
        case .images, .heatMap, .lines, .bars: return false
        case .stack(let parts): return parts.allSatisfy(\.isText)
        case .beside: return false
        }
    }

    /// What it is in a few words: "16 images 1x8x8".
    public var summary: String {
        switch self {
        case .text: return "text"
        case .table(let table): return "table of \(table.rows.count) rows"
        case .images(let grid): return grid.summary
        case .heatMap(let map): return "heat map \(map.values.count)x\(map.values.first?.count ?? 0)"
        case .lines(let chart): return chart.series.count == 1 ? "plot of \(chart.series[0].points.count) points" : "plot of \(chart.series.count) lines"
        case .bars(let chart): return "plot of \(chart.bars.count) bars"
        case .stack(let parts), .beside(let parts): return parts.count == 1 ? parts[0].summary : "\(parts.count) figures"
        }
    }
}

/// Rows of text cells.
public struct Table: Codable {
    public struct Column: Codable {
        public let title: String
        public let isNumber: Bool

        public init(_ title: String, number: Bool = false) {
            self.title = title
            isNumber = number
        }
    }

    public let title: String?
    public let columns: [Column]
    public let rows: [[String]]
    /// Set apart below the others: sums.
    public let footer: [String]?
    public let notes: [String]

    public init(title: String? = nil, columns: [Column], rows: [[String]], footer: [String]? = nil, notes: [String] = []) {
        (self.title, self.columns, self.rows, self.footer, self.notes) = (title.map(Words.printable), columns, rows.map { $0.map(Words.printable) }, footer, notes)
    }
}

/// Small images in rows, each with a few words below it.
public struct ImageGrid: Codable {
    public struct Tile: Codable {
        /// height * width * channels bytes, row by row, channels last.
        public let pixels: [UInt8]
        public let caption: String

        public init(pixels: [UInt8], caption: String) {
            self.pixels = pixels
            self.caption = Words.printable(caption)
        }
    }

    public let title: String?
    public let width: Int
    public let height: Int
    /// 1 for grey, 3 for red, green and blue.
    public let channels: Int
    /// All of one size.
    public let tiles: [Tile]
    /// Images that there are besides the tiles.
    public let omitted: Int
    /// Lines below the images: the range of the values, class counts.
    public let notes: [String]

    public init(title: String? = nil, width: Int, height: Int, channels: Int, tiles: [Tile], omitted: Int = 0, notes: [String] = []) {
        precondition(tiles.allSatisfy { $0.pixels.count == width * height * channels } && (channels == 1 || channels == 3))
        (self.title, self.width, self.height, self.channels, self.tiles, self.omitted, self.notes) = (title.map(Words.printable), width, height, channels, tiles, omitted, notes)
    }

    public var summary: String {
        let count = tiles.count + omitted
        return "\(count) image\(count == 1 ? "" : "s") \(channels)x\(height)x\(width)"
    }
}

/// A matrix of numbers as colours.
public struct HeatMap: Codable {
    public let title: String?
    public let rowTitle: String
    public let columnTitle: String
    public let rowLabels: [String]
    public let columnLabels: [String]
    /// nil where there is no number. All rows of one length.
    public let values: [[Double?]]
    /// The numbers of the lowest and the highest colour; never empty.
    public let bounds: ClosedRange<Double>
    /// Shown in percent, with one decimal.
    public let isShare: Bool

    /// - Parameter range: of the colours; nil from the smallest to the largest value.
    public init(title: String? = nil, rowTitle: String = "", columnTitle: String = "", rowLabels: [String], columnLabels: [String],
                values: [[Double?]], range: ClosedRange<Double>? = nil, isShare: Bool = false) {
        (self.title, self.rowTitle, self.columnTitle) = (title.map(Words.printable), Words.printable(rowTitle), Words.printable(columnTitle))
        (self.rowLabels, self.columnLabels) = (rowLabels, columnLabels)
        (self.values, self.isShare) = (values, isShare)
        bounds = range ?? LineChart.range(values.joined().compactMap { $0 }.filter(\.isFinite)) ?? 0...1
    }

    /// Where a value lies between the bounds, 0 to 1 inside of them.
    public func share(_ value: Double) -> Double { (value - bounds.lowerBound) / (bounds.upperBound - bounds.lowerBound) }

    public func text(_ value: Double?) -> String {
        guard let value else { return "-" }
        return isShare ? Numbers.fixed(value * 100, 1) : Numbers.short(value)
    }
}

/// Lines over a common pair of axes.
public struct LineChart: Codable {
    public struct Series {
        public let name: String
        public let points: [(x: Double, y: Double)]
        /// The same before smoothing, drawn faintly where there is room for detail; empty where nothing was smoothed.
        public let raw: [(x: Double, y: Double)]

        public init(_ name: String, _ points: [(x: Double, y: Double)], raw: [(x: Double, y: Double)] = []) {
            (self.name, self.points, self.raw) = (Words.printable(name), points, raw)
        }
    }

    /// An upright line at a place that has a name.
    public struct Marker: Codable {
        public let x: Double
        public let name: String

        public init(_ name: String, at x: Double) { (self.name, self.x) = (name, x) }
    }

    public let title: String?
    public let xTitle: String
    public let yTitle: String
    public let series: [Series]
    public let markers: [Marker]
    public let notes: [String]

    public init(title: String? = nil, xTitle: String, yTitle: String, series: [Series], markers: [Marker] = [], notes: [String] = []) {
        (self.title, self.xTitle, self.yTitle) = (title.map(Words.printable), Words.printable(xTitle), Words.printable(yTitle))
        (self.series, self.markers, self.notes) = (series, markers, notes)
    }

    /// The finite points' range along both axes; nil where there are none. Never empty.
    public var bounds: (x: ClosedRange<Double>, y: ClosedRange<Double>)? {
        let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        guard !points.isEmpty else { return nil }
        guard let x = Self.range(points.map(\.x) + markers.map(\.x).filter(\.isFinite)), let y = Self.range(points.map(\.y)) else { return nil }
        return (x, y)
    }

    /// From the smallest to the largest number, a little more where they are the same; nil without numbers, or where they lie too far apart to be drawn.
    static func range(_ values: [Double]) -> ClosedRange<Double>? {
        guard let low = values.min(), let high = values.max(), abs(low) < 1e300, abs(high) < 1e300 else { return nil }
        if high - low > abs(high) * 1e-12 { return low...high }
        let half = max(0.5, abs(low) * 0.1)
        return (low - half)...(low + half)
    }
}

/// Named numbers as lengths.
public struct BarChart {
    public let title: String?
    public let bars: [(label: String, value: Double)]
    public let notes: [String]

    public init(title: String? = nil, bars: [(label: String, value: Double)], notes: [String] = []) {
        (self.title, self.bars, self.notes) = (title, bars.map { (Words.printable($0.label), $0.value) }, notes)
    }
}
