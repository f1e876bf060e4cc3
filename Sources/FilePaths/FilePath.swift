/// The parts of a path, as dirname(1) and basename(1) have them, on the text alone.
/// In place of NSString's, which on Linux traps on a relative path of one character (Swift 6.3: `("a" as NSString).deletingLastPathComponent`).
public enum FilePath {
    /// The folder a path lies in: empty for a bare name, "/" at the root.
    public static func folder(_ path: String) -> String {
        let trimmed = withoutTrailingSlashes(path.utf8[...])
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        let parent = withoutTrailingSlashes(trimmed[..<slash])
        return parent.isEmpty ? "/" : String(Substring(parent))
    }

    /// The folder to open for a path: "." for a bare name.
    public static func directory(_ path: String) -> String {
        let folder = folder(path)
        return folder.isEmpty ? "." : folder
    }

    /// The last part; "/" for the root.
    public static func name(_ path: String) -> String {
        let trimmed = withoutTrailingSlashes(path.utf8[...])
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")), trimmed.count > 1 else { return String(Substring(trimmed)) }
        return String(Substring(trimmed[trimmed.index(after: slash)...]))
    }

    /// What stands behind the last dot of its name, in small letters; empty without one.
    public static func ending(_ path: String) -> String {
        let name = name(path)
        return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }

    /// Without empty parts, "." and what ".." takes back.
    public static func standard(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else if part != ".." || !path.hasPrefix("/") { parts.append(part) }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// As seen from the root.
    /// - Parameter folder: that a relative path is relative to, itself seen from the root.
    public static func absolute(_ path: String, in folder: String) -> String { standard(path.hasPrefix("/") ? path : folder + "/" + path) }

    private static func withoutTrailingSlashes(_ path: Substring.UTF8View) -> Substring.UTF8View {
        var end = path.endIndex
        let first = path.isEmpty ? path.startIndex : path.index(after: path.startIndex)
        while end > first, path[path.index(before: end)] == UInt8(ascii: "/") { end = path.index(before: end) }
        return path[..<end]
    }
}
