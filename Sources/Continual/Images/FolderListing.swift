import Foundation

/// What lies in a folder: names that are text, sorted by their bytes, hidden ones left out.
struct FolderListing {
    let folders: [String]
    let files: [String]

    init(_ path: String) throws {
        guard let folder = opendir(path) else {
            throw errno == ENOENT ? DataError("there is no folder '\(path)'") : DataError("the folder '\(path)' can't be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var folders: [String] = []
        var files: [String] = []
        while let entry = readdir(folder) {
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { Array(UnsafeBufferPointer(start: $0, count: strnlen(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), 256))) }
            }
            if bytes.first == UInt8(ascii: ".") { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw DataError("the folder '\(path)' holds a name that is no text in UTF-8: '\(String(decoding: bytes, as: UTF8.self))'", remedy: "rename it")
            }
            var status = stat()
            // A link to nowhere is an image that is missing: it stays in the list, and is told when it is read.
            if stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR { folders.append(name) } else { files.append(name) }
        }
        func sorted(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        (self.folders, self.files) = (sorted(folders), sorted(files))
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static let readable: Set<String> = ["jpg", "jpeg", "png"]
    /// What other programs take for images, and we can't read.
    private static let unreadable: Set<String> = ["bmp", "gif", "ppm", "pgm", "tif", "tiff", "webp", "heic", "avif", "jp2", "jxl"]
    private static let deepest = 16

    private static func ending(_ name: String) -> String { name.split(separator: ".").last.map { $0.lowercased() } ?? "" }

    /// Paths of all images below a folder, relative to it. Files that are no images by their name are passed over.
    static func images(below root: String, _ prefix: String = "", depth: Int = 0) throws -> [String] {
        guard depth < deepest else { throw DataError("the folders in '\(root)' are nested more than \(deepest) deep; does a link lead back?") }
        let folder = prefix.isEmpty ? root : "\(root)/\(prefix)"
        let listing = try FolderListing(folder)
        func path(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }
        if let other = listing.files.first(where: { unreadable.contains(ending($0)) }) {
            throw DataError("'\(folder)/\(other)' is an image that can't be read: only JPEG and PNG can", remedy: "convert it to PNG, or take it out")
        }
        return listing.files.filter { readable.contains(ending($0)) }.map(path) + (try listing.folders.flatMap { try images(below: root, path($0), depth: depth + 1) })
    }
}
