/// Red, green and blue, 0 to 255.
public struct Colour: Equatable, Sendable {
    public let red: UInt8
    public let green: UInt8
    public let blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

    /// Relative luminance, 0 to 1 (ITU-R BT.709 weights on linear light).
    public var luminance: Double {
        func linear(_ value: UInt8) -> Double {
            let share = Double(value) / 255
            return share * share * (share * 0.305 + 0.682) + share * 0.0125  // within 0.004 of the sRGB curve
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

/// Colours that people with any common colour vision tell apart.
public enum Palette {
    /// For lines: Okabe and Ito, "Color Universal Design", 2008, without black and yellow.
    public static let lines = [
        Colour(0, 114, 178), Colour(213, 94, 0), Colour(0, 158, 115), Colour(204, 121, 167), Colour(230, 159, 0), Colour(86, 180, 233),
    ]

    /// For amounts from 0 to 1: stops of viridis (van der Walt and Smith 2015, CC0).
    private static let viridis: [(Double, Double, Double)] = [
        (68, 1, 84), (72, 36, 117), (65, 68, 135), (53, 95, 141), (42, 120, 142), (33, 145, 140), (34, 168, 132), (68, 191, 112), (122, 209, 81), (189, 223, 38), (253, 231, 37),
    ]

    public static func heat(_ share: Double) -> Colour {
        let place = min(max(share.isFinite ? share : 0, 0), 1) * Double(viridis.count - 1)
        let index = min(Int(place), viridis.count - 2)
        let fraction = place - Double(index)
        let (a, b) = (viridis[index], viridis[index + 1])
        func mix(_ from: Double, _ to: Double) -> UInt8 { UInt8((from + (to - from) * fraction).rounded()) }
        return Colour(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}
