import Foundation

/// Student's t distribution, for confidence intervals of means over few seeds.
public enum StudentT {
    /// P(T <= t) with `freedom` degrees of freedom (Abramowitz and Stegun 26.7.1, through the incomplete beta function).
    public static func cumulative(_ t: Double, freedom: Double) -> Double {
        guard t.isFinite else { return t > 0 ? 1 : 0 }
        let tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
        return t >= 0 ? 1 - tail : tail
    }

    /// The t with P(T <= t) = p, for p above 0.5 and below 1.
    public static func quantile(_ p: Double, freedom: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while cumulative(high, freedom: freedom) < p, high < 1e9 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if cumulative(middle, freedom: freedom) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method; Numerical Recipes 6.4).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges fast on one side of the mean only.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let powers: Double = a * log(x) + b * log(1 - x)
        let gammas: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
        let front: Double = exp(gammas + powers) / a
        let tiny = 1e-300
        var c = 1.0
        var d = 1 / nonzero(1 - (a + b) * x / (a + 1), tiny)
        var fraction = d
        for step in 1...10_000 {
            let m = Double(step)
            let even: Double = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd: Double = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for numerator in [even, odd] {
                d = 1 / nonzero(1 + numerator * d, tiny)
                c = nonzero(1 + numerator / c, tiny)
                fraction *= d * c
            }
            if abs(d * c - 1) < 1e-15 { break }
        }
        return front * fraction
    }

    private static func nonzero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}

/// A mean over runs with its confidence interval: mean +- t(n - 1) * s / sqrt(n), s with the divisor n - 1.
public struct ConfidenceInterval {
    public let count: Int
    public let mean: Double
    /// Standard deviation; nil for one value.
    public let deviation: Double?
    /// Half the interval's width; nil for one value.
    public let half: Double?

    /// - Parameter level: share of intervals that hold the true mean: 0.95.
    public init?(_ values: [Double], level: Double = 0.95) {
        guard !values.isEmpty, level > 0, level < 1 else { return nil }
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        guard values.count > 1 else {
            (deviation, half) = (nil, nil)
            return
        }
        let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        deviation = spread
        half = StudentT.quantile(0.5 + level / 2, freedom: Double(values.count - 1)) * spread / Double(values.count).squareRoot()
    }
}

/// Learning curve area (Chaudhry et al. 2019, arXiv 1812.00420): LCA = mean over b = 0, ..., beta of Z_b, where Z_b is the mean over tasks k of the accuracy on
/// task k after b of its minibatches.
public enum LearningCurve {
    /// - Parameter curves: by the tasks' numbers, in whose order they are summed up: a sum of floats depends on it.
    public static func area(_ curves: [Int: [Double]]) -> Double? { area(curves.sorted { $0.key < $1.key }.map(\.value)) }

    /// - Parameter curves: for each task, in one order, the accuracies after 0, 1, 2, ... minibatches; as far as all of them go.
    public static func area(_ curves: [[Double]]) -> Double? {
        guard let length = curves.map(\.count).min(), length > 0 else { return nil }
        let points = (0..<length).map { b in curves.reduce(0) { $0 + $1[b] } / Double(curves.count) }
        return points.reduce(0, +) / Double(length)
    }
}
