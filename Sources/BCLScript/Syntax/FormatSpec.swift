/// The format behind the colon of an interpolation, Python's mini-language: `[[fill]align][sign][0][width][,][.precision][type]`.
public struct FormatSpec: Equatable, Sendable {
    public var fill: Character = " "
    public var align: Character?
    public var sign: Character = "-"
    public var zeroPadded = false
    public var width = 0
    public var grouping = false
    public var precision: Int?
    /// d, f, e, g, %, x, s, or nil for the value's own form.
    public var type: Character?

    public init() {}

    /// Widths and precisions beyond this are a slip of the finger.
    public static let largest = 1000

    /// - Returns: nil where the text is no format.
    public init?(_ text: String) {
        var rest = Substring(text)
        let aligns: Set<Character> = ["<", ">", "^"]
        if let second = rest.dropFirst().first, aligns.contains(second) {
            fill = rest.first!
            align = second
            rest = rest.dropFirst(2)
        } else if let first = rest.first, aligns.contains(first) {
            align = first
            rest = rest.dropFirst()
        }
        if let first = rest.first, first == "+" || first == "-" || first == " " {
            sign = first
            rest = rest.dropFirst()
        }
        if rest.first == "0" {
            zeroPadded = true
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty {
            guard let value = Int(digits), value <= Self.largest else { return nil }
            width = value
            rest = rest.dropFirst(digits.count)
        }
        if rest.first == "," {
            grouping = true
            rest = rest.dropFirst()
        }
        if rest.first == "." {
            rest = rest.dropFirst()
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let value = Int(digits), value <= Self.largest else { return nil }
            precision = value
            rest = rest.dropFirst(digits.count)
        }
        if let last = rest.first {
            guard "dfeg%xs".contains(last), rest.count == 1 else { return nil }
            type = last
        }
    }
}
