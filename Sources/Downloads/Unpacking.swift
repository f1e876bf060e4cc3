import FilePaths
import Foundation

/// Unpacks a .tgz whose checksum was checked, by tar: into a folder beside the target first, so that what has the final name is whole.
/// The archive is deleted then.
struct Unpacking {
    let archive: String
    let folder: String
    /// The folder within the archive that is wanted.
    let part: String

    func run(label: String, report: (DataStore.Step) -> Void, isStopped: () -> Bool) throws {
        let temporary = "\(folder)/.unpacking"
        try? FileManager.default.removeItem(atPath: temporary)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        do { try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true) } catch {
            throw DownloadError(.file, "the folder '\(temporary)' can't be made")
        }
        let tar = Process()
        let errors = Pipe()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // tar itself refuses members with '..' and takes the leading '/' off names.
        tar.arguments = ["tar", "-xzf", archive, "-C", temporary, "--no-same-owner", "--no-same-permissions"]
        tar.standardInput = FileHandle.nullDevice
        tar.standardOutput = FileHandle.nullDevice
        tar.standardError = errors
        do { try tar.run() } catch { throw DownloadError(.file, "tar could not be started, which is needed to unpack '\(archive)'") }
        report(DataStore.Step(label: "unpacking \(label)", done: 0, total: 1, unit: "archive"))
        while tar.isRunning {
            if isStopped() {
                tar.terminate()
                tar.waitUntilExit()
                throw DownloadError(.interrupted, "interrupted")
            }
            usleep(50_000)
        }
        guard tar.terminationStatus == 0 else {
            let text = String(decoding: errors.fileHandleForReading.availableData.prefix(300), as: UTF8.self)
            throw DownloadError(.file, "'\(archive)' could not be unpacked: \(text.trimmingCharacters(in: .whitespacesAndNewlines))", remedy: "is there room on the disk? the archive is kept")
        }
        let target = "\(folder)/\(part)"
        try? FileManager.default.removeItem(atPath: target)
        guard rename("\(temporary)/\(part)", target) == 0 else { throw DownloadError(.file, "'\(archive)' has no folder '\(part)'") }
        unlink(archive)
        report(DataStore.Step(label: "unpacking \(label)", done: 1, total: 1, unit: "archive"))
    }
}
