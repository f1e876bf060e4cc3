import Continual

/// The mean difference between two configurations over the seeds that both have, with its interval by Student's t.
public struct PairedDifference {
    public let interval: ConfidenceInterval

    /// - Parameters: values by seed. nil without a seed in common.
    public init?(_ a: [Int: Double], minus b: [Int: Double], level: Double = 0.95) {
        let differences = a.keys.sorted().compactMap { seed in b[seed].map { a[seed]! - $0 } }
        guard let interval = ConfidenceInterval(differences, level: level) else { return nil }
        self.interval = interval
    }

    /// Whether zero lies outside of the interval: 1 above, -1 below, 0 neither, or unknown.
    public var sign: Int {
        guard let half = interval.half else { return 0 }
        return interval.mean - half > 0 ? 1 : interval.mean + half < 0 ? -1 : 0
    }
}
