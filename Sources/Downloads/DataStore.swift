import FilePaths
import Foundation

/// The folder that data sets are installed in: NAME/ for each.
public struct DataStore {
    /// How far an installation is.
    public struct Step: Sendable {
        public let label: String
        public let done: Int
        public let total: Int
        /// "kB", or "files" while unpacking.
        public let unit: String
    }

    public enum State: Equatable, Sendable {
        case installed(bytes: Int)
        /// Some of the bytes have come.
        case partial(bytes: Int)
        case absent
    }

    public let root: String
    private let settings: DownloadSettings
    private let catalogFile: String?

    /// BCL_DATA, else $XDG_DATA_HOME/bclsh/data, else ~/.local/share/bclsh/data.
    public init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        root = Self.root(environment)
        settings = DownloadSettings(environment)
        catalogFile = environment["BCL_DATA_CATALOG"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The data sets that are known: bclsh's own, and those of the file that BCL_DATA_CATALOG names.
    public func entries() throws -> [DataSetEntry] { Catalog.all + (try catalogFile.map(CatalogFile.read) ?? []) }

    public static func root(_ environment: [String: String]) -> String {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let data = value("BCL_DATA") { return data }
        return (value("XDG_DATA_HOME") ?? (value("HOME") ?? "") + "/.local/share") + "/bclsh/data"
    }

    public func folder(_ entry: DataSetEntry) -> String { "\(root)/\(entry.name)" }

    /// The entry of a name.
    public func entry(_ name: String) throws -> DataSetEntry {
        let entries = try entries()
        if let entry = entries.last(where: { $0.name == name }) { return entry }
        let names = entries.map(\.name).joined(separator: ", ")
        if name == "digits" { throw DownloadError(.unknown, "digits is embedded: digits() needs no files") }
        throw DownloadError(.unknown, "there is no data set '\(name)'", remedy: "there are \(names)")
    }

    // MARK: - What is there

    public func state(_ entry: DataSetEntry) -> State {
        let folder = folder(entry)
        func size(_ name: String) -> Int? {
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
        }
        func progress(_ files: [DataSetEntry.File]) -> State {
            let here = files.reduce(0) { $0 + (size($1.name) ?? size($1.name + ".part") ?? 0) }
            return here == 0 ? .absent : .partial(bytes: here)
        }
        switch entry.source {
        case .files(let files): return files.allSatisfy { size($0.name) == $0.size } ? .installed(bytes: bytes(in: folder)) : progress(files)
        case .archive(let file, let probe): return size(probe) != nil ? .installed(bytes: bytes(in: folder)) : progress([file])
        case .byHand(_, let probe): return size(probe) ?? size(probe + ".gz") != nil ? .installed(bytes: bytes(in: folder)) : .absent
        }
    }

    private func bytes(in folder: String) -> Int {
        guard let names = FileManager.default.enumerator(atPath: folder) else { return 0 }
        var sum = 0
        for case let name as String in names {
            var status = stat()
            if lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG { sum += Int(status.st_size) }
        }
        return sum
    }

    // MARK: - Installing

    /// Downloads what is missing, checks it and unpacks it. Goes on where an earlier try was cut off.
    /// - Returns: false where all was there already.
    public func install(_ entry: DataSetEntry, report: @escaping (Step) -> Void, isStopped: @escaping () -> Bool) throws -> Bool {
        if case .byHand(let words, _) = entry.source {
            throw DownloadError(.unknown, "\(entry.name) can't be downloaded by a program: \(words)", remedy: "put the files into '\(folder(entry))'")
        }
        try makeFolder(folder(entry))
        let lock = try FileLock.ofInstallation("\(root)/.\(entry.name).lock", of: entry.name)
        defer { lock.release() }
        switch entry.source {
        case .files(let files): return try files.reduce(false) { try fetch($1, entry, report, isStopped) || $0 }
        case .archive(let file, let probe):
            if FileManager.default.fileExists(atPath: "\(folder(entry))/\(probe)") { return false }
            _ = try fetch(file, entry, report, isStopped)
            try Unpacking(archive: "\(folder(entry))/\(file.name)", folder: folder(entry), part: FilePath.folder(probe)).run(label: entry.name, report: report, isStopped: isStopped)
            return true
        case .byHand: return false
        }
    }

    private func fetch(_ file: DataSetEntry.File, _ entry: DataSetEntry, _ report: @escaping (Step) -> Void, _ isStopped: @escaping () -> Bool) throws -> Bool {
        let urls = settings.base.map { ["\($0)/\(entry.name)/\(file.name)"] } ?? file.urls
        let target = DataSetEntry.File(name: file.name, urls: urls, size: file.size, checksum: file.checksum)
        var shown = Date.distantPast
        let kilobytes = (file.size + 999) / 1000
        func step(_ bytes: Int) {
            guard Date().timeIntervalSince(shown) > 0.1 || bytes == file.size else { return }
            shown = Date()
            report(Step(label: "\(entry.name)/\(file.name)", done: bytes == file.size ? kilobytes : min(bytes / 1000, kilobytes - 1), total: kilobytes, unit: "kB"))
        }
        return try FileDownload(file: target, folder: folder(entry), settings: settings, report: step, isStopped: isStopped).run()
    }

    private func makeFolder(_ path: String) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw DownloadError(.file, "the folder '\(path)' can't be made", remedy: "set BCL_DATA to a folder that can be written")
        }
    }

    /// Deletes a data set's own files, and its folder if nothing else is in it.
    /// - Returns: the bytes that became free.
    public func remove(_ entry: DataSetEntry) throws -> Int {
        let folder = folder(entry)
        guard FileManager.default.fileExists(atPath: folder) else { throw DownloadError(.unknown, "\(entry.name) is not in '\(root)'") }
        if case .byHand = entry.source { throw DownloadError(.unknown, "\(entry.name) was put there by hand", remedy: "delete '\(folder)' by hand") }
        let lock = try FileLock.ofInstallation("\(root)/.\(entry.name).lock", of: entry.name)
        defer { lock.release() }
        let before = bytes(in: folder)
        switch entry.source {
        case .files(let files): for file in files { removeFile(file, folder) }
        case .archive(let file, let probe):
            removeFile(file, folder)
            try? FileManager.default.removeItem(atPath: "\(folder)/\(FilePath.folder(probe))")
        case .byHand: break
        }
        rmdir(folder)
        return before - bytes(in: folder)
    }

    private func removeFile(_ file: DataSetEntry.File, _ folder: String) {
        for ending in ["", ".part", ".part.version"] { unlink("\(folder)/\(file.name)\(ending)") }
    }
}

extension FileLock {
    /// Keeps a second process from installing the same data set at the same time.
    static func ofInstallation(_ path: String, of name: String) throws -> FileLock {
        do {
            guard let lock = try FileLock(path) else { throw DownloadError(.file, "another bclsh is installing \(name) right now", remedy: "wait for it to end; it goes on where this one would") }
            return lock
        } catch let error as FileLock.Unwritable { throw DownloadError(.file, error.description, remedy: "set BCL_DATA to a folder that can be written") }
    }
}

/// Sizes for people.
enum ByteText {
    static func text(_ count: Int) -> String {
        count < 1000 ? "\(count) bytes" : count < 1_000_000 ? "\(count / 1000) kB" : String(format: "%.1f MB", Double(count) / 1e6)
    }
}
