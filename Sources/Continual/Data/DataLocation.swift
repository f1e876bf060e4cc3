import Foundation

/// Where the files of a data set are looked for: `path`, else below BCL_DATA, else in the user's data folder.
struct DataLocation {
    let name: String
    /// Names that its folder may have, the usual one first.
    let folders: [String]
    /// Whether BCL_DATA may be the folder itself.
    var allowsRoot = false
    /// What the folder must hold, for messages.
    let contents: String

    /// - Parameter probe: whether a folder (or the file that `path` names) holds the data set.
    func find(path: String?, probe: (String) -> Bool) throws -> String {
        if let path {
            guard FileManager.default.fileExists(atPath: path) else { throw DataError("there is no file or folder '\(path)'", remedy: "\(name)(path=...) wants \(contents)") }
            let inside = [path] + folders.map { "\(path)/\($0)" }
            guard let found = inside.first(where: probe) else { throw DataError("'\(path)' does not hold \(name)", remedy: "\(name)(path=...) wants \(contents)") }
            return found
        }
        let roots = Self.roots
        let candidates = roots.flatMap { root in folders.map { "\(root)/\($0)" } + (allowsRoot ? [root] : []) }
        if let found = candidates.first(where: probe) { return found }
        throw DataError("the files of \(name) are in none of \(roots.map { "'\($0)/\(folders[0])'" }.joined(separator: ", "))",
                        remedy: "'data install \(name)' gets them or says how; or set BCL_DATA to the folder that holds \(folders[0])/, or name it: \(name)(path=\"...\") wants \(contents); digits() needs no files")
    }

    /// Folders that hold a folder for each data set.
    static var roots: [String] {
        let environment = ProcessInfo.processInfo.environment
        let share = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "")/.local/share"
        return (environment["BCL_DATA"].flatMap { $0.isEmpty ? nil : [$0] } ?? []) + ["\(share)/bclsh/data"]
    }

    static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// A file, plain or packed.
    static func file(_ name: String, in folder: String) -> String? { ["", ".gz", ".xz"].map { "\(folder)/\(name)\($0)" }.first(where: isFile) }
}
