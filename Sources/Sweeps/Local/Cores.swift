import Foundation

/// The processors that this process may use.
public enum Cores {
    /// Those that it is bound to, and no more than its control group's share of time.
    public static var count: Int { min(ProcessInfo.processInfo.activeProcessorCount, quota ?? Int.max) }

    private static var quota: Int? {
        guard let data = FileManager.default.contents(atPath: "/sys/fs/cgroup/cpu.max") else { return nil }
        return quota(String(decoding: data, as: UTF8.self))
    }

    /// "200000 100000": of each 100 ms of time 200 ms of processors, so two.
    static func quota(_ text: String) -> Int? {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let limit = Double(parts[0]), let period = Double(parts[1]), limit > 0, period > 0 else { return nil }
        return max(1, Int(min(limit / period, 1e6)))
    }
}
