import Engine
import Foundation
import Runs

/// All runs of a sweep, in order. The same script, parameters and seeds always make the same plan with the same id: so a sweep that was cut off is found again.
public struct SweepPlan {
    public struct Cell: Equatable {
        /// From 0.
        public let number: Int
        public let settings: [(name: String, value: String)]
        public let seed: Int

        /// "lr=0.1 beta=0.3 seed 2"
        public var label: String { (settings.map { "\($0.name)=\($0.value)" } + ["seed \(seed)"]).joined(separator: " ") }

        public static func == (a: Cell, b: Cell) -> Bool { a.label == b.label && a.number == b.number }
    }

    /// Eight hexadecimal digits.
    public let id: String
    public let cells: [Cell]
    static let most = 1_000_000

    /// - Parameters:
    ///   - fixed: parameters that are the same in all runs.
    ///   - random: how many combinations are drawn; nil for all of the grid.
    ///   - contents: the script's text and those that it imports: what the results depend on besides.
    public init(axes: [SweepAxis], fixed: [(name: String, value: String)], seeds: SeedList, random: Int?, randomSeed: Int = 0, contents: [String]) throws {
        let names = axes.map(\.name) + fixed.map(\.name)
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) { throw SweepProblem("the parameter '\(twice)' is given twice") }
        let combinations = try random.map { try Self.draw(axes, $0, randomSeed) } ?? Self.product(axes)
        guard combinations.count <= Self.most / max(1, seeds.seeds.count) else { throw SweepProblem("the sweep has \(combinations.count) combinations of \(seeds.seeds.count) seeds: at most \(Self.most) runs are planned", remedy: "draw some of them with --random N") }
        var cells: [Cell] = []
        cells.reserveCapacity(combinations.count * seeds.seeds.count)
        // All configurations with the first seed come first: an early look shows all of them.
        for seed in seeds.seeds {
            for values in combinations { cells.append(Cell(number: cells.count, settings: zip(axes.map(\.name), values).map { ($0, $1) } + fixed, seed: seed)) }
        }
        self.cells = cells
        let key = contents + ["--"] + cells.map(\.label)
        id = String(Fingerprint.of(key).prefix(8))
    }

    private static func product(_ axes: [SweepAxis]) throws -> [[String]] {
        var result: [[String]] = [[]]
        for axis in axes {
            guard case .list(let values) = axis.values else { throw SweepProblem("--grid \(axis.name) is a range: a grid needs single values", remedy: "list them, or draw from the range with --random N") }
            guard result.count <= most / max(1, values.count) else { throw SweepProblem("the grid has more than \(most) combinations", remedy: "draw some of them with --random N") }
            result = result.flatMap { head in values.map { head + [$0] } }
        }
        return result
    }

    /// Different combinations: of a grid with fewer all of them.
    private static func draw(_ axes: [SweepAxis], _ count: Int, _ seed: Int) throws -> [[String]] {
        guard !axes.isEmpty else { throw SweepProblem("--random draws from what --grid gives, and there is no --grid") }
        let random = RandomStreams(seed: UInt64(seed)).stream("sweep")
        var (seen, result) = (Set<[String]>(), [[String]]())
        var all = 1
        for axis in axes { all = axis.count.map { all > most ? all : all * $0 } ?? most + 1 }
        if axes.allSatisfy({ $0.count != nil }), all <= count { return try product(axes) }
        var misses = 0
        while result.count < count, misses < 1000 * count {
            let values = axes.map { $0.draw(random) }
            if seen.insert(values).inserted { result.append(values) } else { misses += 1 }
        }
        return result
    }
}
