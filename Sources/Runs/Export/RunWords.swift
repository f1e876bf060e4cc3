import Foundation

/// How moments and lengths of time are written for people.
public enum RunWords {
    /// "2026-11-24 18:30", local time.
    public static func moment(_ seconds: Double) -> String { format(seconds, "%Y-%m-%d %H:%M") }

    /// "2026-11-24T18:30:05+0100", for programs.
    public static func stamp(_ seconds: Double) -> String { format(seconds, "%Y-%m-%dT%H:%M:%S%z") }

    private static func format(_ seconds: Double, _ form: String) -> String {
        guard seconds.isFinite, abs(seconds) < 1e11 else { return "-" }
        var (time, parts) = (time_t(seconds), tm())
        localtime_r(&time, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        guard strftime(&buffer, buffer.count, form, &parts) > 0 else { return "-" }
        return String(cString: buffer)
    }

    /// "0.71 s", "4 min 10 s", "3 h 05 min"
    public static func length(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e11 else { return "-" }
        if seconds < 10 { return String(format: "%.2f s", seconds) }
        if seconds < 100 { return String(format: "%.1f s", seconds) }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
        return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
    }

    /// Shares as the papers have them: "88.59"; "-" for none.
    public static func percent(_ share: Double?) -> String { share.map { String(format: "%.2f", $0 * 100) } ?? "-" }
}
