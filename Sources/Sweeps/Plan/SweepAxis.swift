import Engine
import Foundation

/// A parameter with the values that it takes: `lr=0.01,0.03,0.1`, or for random draws a range, `lr=0.001..0.1` or `lr=0.001..0.1:log`.
public struct SweepAxis: Equatable {
    public enum Values: Equatable {
        case list([String])
        /// Drawn evenly, or evenly in the logarithm.
        case range(low: Double, high: Double, isLogarithmic: Bool)
    }

    public let name: String
    public let values: Values

    public init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw SweepProblem("--grid takes NAME=VALUE,VALUE,..., not '\(text)'") }
        name = String(parts[0])
        if let range = try Self.range(String(parts[1]), text) {
            values = range
            return
        }
        let list = Self.split(String(parts[1]))
        guard list.allSatisfy({ !$0.isEmpty }) else { throw SweepProblem("--grid \(text): there is an empty value", remedy: "write \"\" for an empty text") }
        guard Set(list).count == list.count else { throw SweepProblem("--grid \(text): a value stands there twice") }
        values = .list(list.map { $0 == "\"\"" ? "" : $0 })
    }

    private static func range(_ text: String, _ whole: String) throws -> Values? {
        let isLogarithmic = text.hasSuffix(":log")
        let body = isLogarithmic ? String(text.dropLast(4)) : text
        guard let dots = body.range(of: ".."), let low = Double(body[..<dots.lowerBound]), let high = Double(body[dots.upperBound...]), low.isFinite, high.isFinite else { return nil }
        guard low < high else { throw SweepProblem("--grid \(whole): the range is empty: \(body[..<dots.lowerBound]) is not below \(body[dots.upperBound...])") }
        guard !isLogarithmic || low > 0 else { throw SweepProblem("--grid \(whole): a logarithmic range starts above 0") }
        return .range(low: low, high: high, isLogarithmic: isLogarithmic)
    }

    /// At commas that stand outside of brackets and quotation marks.
    static func split(_ text: String) -> [String] {
        var (parts, depth, isQuoted) = ([""], 0, false)
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "[", "(", "{": depth += isQuoted ? 0 : 1
            case "]", ")", "}": depth -= isQuoted ? 0 : 1
            case "," where depth == 0 && !isQuoted:
                parts.append("")
                continue
            default: break
            }
            parts[parts.count - 1].append(character)
        }
        return parts
    }

    /// How many values; nil for a range.
    var count: Int? {
        guard case .list(let list) = values else { return nil }
        return list.count
    }

    /// Six significant digits are enough for a parameter and can be typed.
    func draw(_ random: RandomStream) -> String {
        switch values {
        case .list(let list): return list[random.nextInt(below: list.count)]
        case .range(let low, let high, let isLogarithmic):
            let share = random.nextUniform()
            let value = isLogarithmic ? exp(log(low) + share * (log(high) - log(low))) : low + share * (high - low)
            return "\(Double(String(format: "%.6g", value)) ?? value)"
        }
    }
}

/// `1..5` (the last included), `3`, `1,2,7..9`.
public struct SeedList: Equatable {
    public let seeds: [Int]

    public init(_ text: String) throws {
        var seeds: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let seed = Int(part), seed >= 0 {
                seeds.append(seed)
                continue
            }
            let ends = part.components(separatedBy: "..")
            guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last, last - first < 1_000_000 else {
                throw SweepProblem("--seeds takes 1..5, or 1,2,3; not '\(text)'")
            }
            seeds += Array(first...last)
        }
        guard Set(seeds).count == seeds.count else { throw SweepProblem("--seeds \(text): a seed stands there twice") }
        self.seeds = seeds
    }
}
