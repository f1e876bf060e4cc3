import Foundation

/// Where the store is.
public enum StorePlace {
    /// - Parameter named: `--store`.
    /// - Returns: nil where BCL_STORE is "none".
    public static func path(_ named: String? = nil, _ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let named { return named }
        if let place = value("BCL_STORE") { return place == "none" ? nil : place }
        return (value("XDG_DATA_HOME") ?? (value("HOME") ?? "") + "/.local/share") + "/bclsh/runs.db"
    }
}
