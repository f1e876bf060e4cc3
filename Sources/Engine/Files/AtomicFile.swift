import FilePaths
import Foundation

/// Writes files so that a reader sees the old content or the new one, and a crash leaves nothing half-written:
/// a temporary file in the same folder, flushed to the disk, then renamed.
public enum AtomicFile {
    /// What `path` links to is replaced, not the link; a file that is there keeps its mode, and one that may not be written is left alone.
    public static func write(to named: String, _ body: (FileHandle) throws -> Void) throws {
        let path = realPath(named)
        let directory = FilePath.directory(path)
        guard !path.isEmpty, !path.hasSuffix("/") else { throw EngineError("'\(path)' is no file name", .file) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isFolder), isFolder.boolValue else {
            throw EngineError("'\(path)' can't be written: there is no folder '\(directory)'", .file)
        }
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw EngineError("'\(path)' can't be written: it is a folder", .file)
        }
        let old = mode(of: path)
        if old != nil, access(path, W_OK) != 0 { throw EngineError("'\(path)' can't be written: \(String(cString: strerror(errno)))", .file) }
        var template = Array("\(directory)/.\(FilePath.name(path)).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw EngineError("'\(path)' can't be written: \(String(cString: strerror(errno)))", .file) }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try body(file)
            let mask = umask(0)
            umask(mask)
            fchmod(descriptor, old ?? 0o666 & ~mask)
            guard fsync(descriptor) == 0 else { throw EngineError(String(cString: strerror(errno))) }
            try file.close()
            guard rename(temporary, path) == 0 else { throw EngineError(String(cString: strerror(errno))) }
        } catch {
            unlink(temporary)
            // What the body's own data is wrong with, or an interrupt, is not about this file.
            guard error is EngineError || error is CocoaError || error is POSIXError || type(of: error) == NSError.self else { throw error }
            let why = (error as? EngineError)?.message ?? (error as NSError).localizedDescription
            throw EngineError("'\(path)' can't be written: \(why)", .file)
        }
    }

    /// Mode bits of a file that is there.
    private static func mode(of path: String) -> mode_t? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber).map { mode_t($0.uint32Value) }
    }

    private static func realPath(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    public static func write(_ data: Data, to path: String) throws { try write(to: path) { try $0.write(contentsOf: data) } }
    public static func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }
}
