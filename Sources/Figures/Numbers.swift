import Foundation

/// How numbers are written in figures.
public enum Numbers {
    /// At most four significant digits.
    public static func short(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        if value == value.rounded(), abs(value) < 1e7 { return String(format: "%.0f", value) }
        return String(format: "%.4g", value)
    }

    public static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return short(value) }
        return String(format: "%.\(digits)f", value)
    }

    /// "1,234,567"
    public static func grouped(_ value: Int) -> String {
        var text = ""
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }

    /// "11.6 MB", powers of ten.
    public static func bytes(_ count: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) bytes" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, units[unit])
    }

    /// Round numbers inside a range, with the text of each: steps of 1, 2 or 5 times a power of ten (Heckbert, "Nice numbers for graph labels", 1990).
    public static func ticks(_ range: ClosedRange<Double>, about count: Int) -> [(value: Double, text: String)] {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite, count >= 1 else { return [(range.lowerBound, short(range.lowerBound))] }
        let rough = span / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999_999 } ?? 10 * power
        guard step > 0, step.isFinite, range.lowerBound / step < 1e12 else { return [(range.lowerBound, short(range.lowerBound))] }
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let digits = max(0, Int(-floor(log10(step) + 1e-9)))
        var result: [(value: Double, text: String)] = []
        var index = first
        while index * step <= range.upperBound + step * 1e-9, result.count < 100 {
            let value = index * step + 0  // not -0
            let plain = max(abs(range.lowerBound), abs(range.upperBound)) < 1e6 && digits <= 6
            result.append((value, plain ? String(format: "%.\(digits)f", value) : short(value)))
            index += 1
        }
        return result.isEmpty ? [(range.lowerBound, short(range.lowerBound))] : result
    }
}
