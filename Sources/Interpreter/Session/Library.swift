import FilePaths
import Foundation

/// The standard library's files: `NAME.bcl` anywhere below the folder defines `NAME`. Nothing is read before it is used.
public struct Library {
    public let folder: String?
    /// Path of each name's file.
    public let files: [String: String]

    public init(folder: String?) {
        self.folder = folder
        var files: [String: String] = [:]
        if let folder, let names = FileManager.default.enumerator(atPath: folder) {
            for case let name as String in names where name.hasSuffix(".bcl") {
                files[String(FilePath.name(name).dropLast(4))] = folder + "/" + name
            }
        }
        self.files = files
    }
}
