import Foundation

/// What a filter can ask for besides parameters.
enum FilterColumn {
    case text(String)
    case number(String)
    /// Compared with a length of time: 90, 5m, 2h.
    case duration(String)
    /// A share from 0 to 1, or a difference of shares.
    case metric(String)
    case state
    case script
    case since
    case until

    static let names = ["run", "id", "state", "script", "hash", "sweep", "host", "device", "threads", "seed", "method", "learner", "minibatches", "time", "exit", "error", "since", "until"]

    static func named(_ name: String) -> FilterColumn? {
        switch name {
        case "run": return .number("run.number")
        case "id": return .text("run.id")
        case "state": return .state
        case "script": return .script
        case "hash": return .text("run.script_hash")
        case "sweep": return .text("run.sweep")
        case "host": return .text("run.host")
        case "device": return .text("run.device")
        case "threads": return .number("run.threads")
        case "seed": return .number("result.seed")
        case "method": return .text("result.method")
        case "learner": return .text("result.learner")
        case "minibatches": return .number("result.minibatches")
        case "time": return .duration("run.seconds")
        case "exit": return .number("run.exit_status")
        case "error": return .text("run.error")
        case "since": return .since
        case "until": return .until
        default: return RunMetrics.names.contains(name) ? .metric("result.\(name)") : nil
        }
    }

    /// The value that sorts rows; nil for conditions that are none.
    var sortKey: String? {
        switch self {
        case .text(let column), .number(let column), .duration(let column), .metric(let column): return column
        case .state: return RunRow.stateColumn
        case .script: return "run.script"
        case .since, .until: return nil
        }
    }

    /// `param.state` is the parameter, where `state` is the run's.
    static func bare(_ name: String) -> String { name.hasPrefix("param.") ? String(name.dropFirst(6)) : name }
}

/// Moments and lengths of time as filters write them.
enum FilterTime {
    /// "90", "30s", "5m", "2h", "3d", "1w" in seconds.
    static func duration(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let last = text.last else { return nil }
        let unit = units[last]
        guard let value = Double(unit == nil ? text : String(text.dropLast())), value.isFinite, value >= 0 else { return nil }
        return value * (unit ?? 1)
    }

    /// "2d" (ago), "2026-11-24", "2026-11-24T18:30" in local time; seconds since 1970.
    /// - Parameter isEnd: a day stands for its end.
    static func moment(_ text: String, isEnd: Bool, now: Date = Date()) -> Double? {
        if text == "today" || text == "yesterday" {
            let start = Calendar.current.startOfDay(for: now).timeIntervalSince1970
            return start - (text == "yesterday" ? 86_400 : 0) + (isEnd ? 86_400 : 0)
        }
        if text.last?.isLetter == true, let ago = duration(text) { return now.timeIntervalSince1970 - ago }
        for (format, length) in [("yyyy-MM-dd'T'HH:mm:ss", 0.0), ("yyyy-MM-dd'T'HH:mm", 0), ("yyyy-MM-dd HH:mm", 0), ("yyyy-MM-dd", 86_400)] {
            let reader = DateFormatter()
            reader.locale = Locale(identifier: "en_US_POSIX")
            reader.dateFormat = format
            reader.isLenient = false
            if let date = reader.date(from: text) { return date.timeIntervalSince1970 + (isEnd ? length : 0) }
        }
        return nil
    }
}
