import FilePaths
import Foundation

/// Folders that several machines see: SQLite's locks and shared memory do not hold there. A run leaves its record in a folder beside the store,
/// and a look at the runs takes it in.
public enum SharedFolder {
    private static let types: Set<Substring> = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "coda", "ceph", "lustre", "gpfs", "beegfs", "panfs", "pvfs2", "orangefs", "glusterfs", "wekafs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph"]

    /// BCL_STORE_SHARED=1 says so of file systems that are not known here.
    public static func holds(_ store: String, _ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        if let said = environment["BCL_STORE_SHARED"], !said.isEmpty { return said != "0" }
        guard let mounts = FileManager.default.contents(atPath: "/proc/self/mounts") else { return false }
        return holds(folder: realFolder(FilePath.directory(store)), mounts: String(decoding: mounts, as: UTF8.self))
    }

    /// - Parameter mounts: lines of "device folder type ...", later ones over earlier ones.
    static func holds(folder: String, mounts: String) -> Bool {
        var best: (length: Int, type: Substring) = (-1, "")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            let place = fields[1].replacing("\\040", with: " ")
            guard place == "/" || folder == place || folder.hasPrefix(place + "/"), place.utf8.count >= best.length else { continue }
            best = (place.utf8.count, fields[2])
        }
        return types.contains(best.type)
    }

    /// With links followed, of as much of the path as there is.
    private static func realFolder(_ path: String) -> String {
        var folder = path
        while true {
            if let resolved = realpath(folder, nil) {
                defer { free(resolved) }
                return String(cString: resolved)
            }
            guard folder != "/", folder != "." else { return folder }
            folder = FilePath.directory(folder)
        }
    }

    /// Where runs leave their records.
    public static func inbox(of store: String) -> String { store + ".inbox" }

    public static func leave(_ record: RunRecord, for store: String) throws {
        let folder = inbox(of: store)
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw StoreProblem(.file, "the folder '\(folder)' of the run store can't be made", remedy: "name another file with --store or BCL_STORE")
        }
        try RecordFile.write(record, to: "\(folder)/\(record.id).json")
    }

    /// Takes in what runs have left; records of runs that have ended are then deleted.
    public static func collect(into store: RunStore) throws {
        let folder = inbox(of: store.path)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted() ?? []
        for start in stride(from: 0, to: names.count, by: 100) {
            let records = names[start..<min(names.count, start + 100)].compactMap { name in (try? RecordFile.read("\(folder)/\(name)")).map { ("\(folder)/\(name)", $0) } }
            _ = try store.save(records.map(\.1))
            for (path, record) in records where record.state != .running { unlink(path) }
        }
    }

    /// Whether anything waits to be taken in.
    public static func hasRecords(_ store: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: inbox(of: store)))?.contains { $0.hasSuffix(".json") } ?? false
    }
}
