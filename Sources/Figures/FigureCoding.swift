// Pairs of numbers are tuples, which have no coding of their own: they are written as one list, x y x y ...

extension LineChart.Series: Codable {
    private enum Key: CodingKey { case name, points, raw }

    public init(from decoder: Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func pairs(_ key: Key) throws -> [(x: Double, y: Double)] {
            let numbers = try container.decode([Double].self, forKey: key)
            return stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
        }
        self.init(try container.decode(String.self, forKey: .name), try pairs(.points), raw: try pairs(.raw))
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(points.flatMap { [$0.x, $0.y] }, forKey: .points)
        try container.encode(raw.flatMap { [$0.x, $0.y] }, forKey: .raw)
    }
}

extension BarChart: Codable {
    private enum Key: CodingKey { case title, labels, values, notes }

    public init(from decoder: Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let (labels, values) = (try container.decode([String].self, forKey: .labels), try container.decode([Double].self, forKey: .values))
        self.init(title: try container.decodeIfPresent(String.self, forKey: .title), bars: zip(labels, values).map { (label: $0, value: $1) }, notes: try container.decode([String].self, forKey: .notes))
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(title, forKey: .title)
        try container.encode(bars.map(\.label), forKey: .labels)
        try container.encode(bars.map(\.value), forKey: .values)
        try container.encode(notes, forKey: .notes)
    }
}
