import Foundation

/// Gets one file: from one server after the other, as often as it helps, and whole or not at all.
/// What has come so far is in FILE.part, and the version that it is of in FILE.part.version.
struct FileDownload {
    let file: DataSetEntry.File
    let folder: String
    let settings: DownloadSettings
    /// Bytes that are there.
    let report: (Int) -> Void
    let isStopped: () -> Bool

    private var path: String { "\(folder)/\(file.name)" }
    private var part: String { path + ".part" }
    private var version: String { part + ".version" }
    private static let longestPause = 30.0

    /// Whether the file is there and has its checksum.
    func isWhole(at path: String) throws -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, Int(status.st_size) == file.size else { return false }
        return try Checksum.of(path, file.checksum.algorithm, isStopped: isStopped) == file.checksum
    }

    /// - Returns: false where the file was there already.
    func run() throws -> Bool {
        if try isWhole(at: path) { return false }
        var problems: [String] = []
        for url in file.urls {
            do {
                try fetch(url)
                try finish()
                return true
            } catch let problem as DownloadError where problem.kind == .network { problems.append("\(url): \(problem.message)") }
        }
        throw DownloadError(.network, "'\(file.name)' could not be downloaded: \(problems.joined(separator: "; "))",
                            remedy: "what has come so far is kept: run it again to go on; behind a proxy set https_proxy, for a mirror BCL_DATA_URL")
    }

    /// The name only belongs to a file that is whole, and on the disk.
    private func finish() throws {
        guard rename(part, path) == 0 else { throw DownloadError(.file, "'\(path)' can't be written: \(String(cString: strerror(errno)))") }
        unlink(version)
    }

    // MARK: - One server

    /// Tries until the part is whole. A try that brought bytes does not count against the number of tries.
    private func fetch(_ url: String) throws {
        var failures = 0
        var hasStartedOver = false
        while true {
            let before = size(of: part)
            let (ending, resumed) = try attempt(url)
            let after = size(of: part)
            if case .interrupted = ending { throw DownloadError(.interrupted, "interrupted") }
            if case .disk(let reason) = ending { throw DownloadError(.file, "'\(part)' can't be written: \(reason)", remedy: "\(need(after)) more are needed there; what has come so far is kept") }
            if after == file.size, try checked(resumed: resumed, &hasStartedOver) { return }
            var (problem, pause, tries) = ("", 0.0, settings.tries)
            switch ending {
            case .done:
                guard after < file.size else { continue }  // a checksum that did not fit after a resumption: from the start, once
                problem = "it ended after \(after) of \(file.size) bytes"
            case .broken(let reason): problem = "\(reason) after \(after) of \(file.size) bytes"
            case .busy(let reason, let wait): (problem, pause) = (reason, min(Double(wait ?? 0), 60))
            case .unreachable(let reason): (problem, tries) = (reason, min(2, settings.tries))
            case .refused(let reason): throw DownloadError(.network, reason)
            case .tooLong:
                discard()
                throw DownloadError(.network, "it sends more than the \(file.size) bytes that the file has: it is another file")
            case .rangeRefused:
                discard()
                guard !hasStartedOver else { throw DownloadError(.network, "the server answers a request for the rest of the file with something else") }
                hasStartedOver = true
                continue
            case .disk, .interrupted: break
            }
            failures = after > before ? 1 : failures + 1
            guard failures < tries else { throw DownloadError(.network, "\(problem)\(failures > 1 ? ", \(failures) times in a row" : "")") }
            try wait(max(pause, min(settings.pause * pow(2, Double(failures - 1)), Self.longestPause)))
        }
    }

    private func attempt(_ url: String) throws -> (Transfer.Ending, resumed: Bool) {
        var position = size(of: part)
        if position > file.size {
            discard()
            position = 0
        }
        if position == file.size { return (.done, true) }
        try checkSpace(file.size - position)
        let descriptor = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return (.disk(String(cString: strerror(errno))), false) }
        defer { close(descriptor) }
        guard lseek(descriptor, 0, SEEK_END) == off_t(position) else { return (.disk("it changed meanwhile"), false) }
        let known = position > 0 ? try? String(contentsOfFile: version, encoding: .utf8) : nil
        guard let transfer = Transfer(url, to: descriptor, position: position, size: file.size, validator: known?.hasPrefix(url + "\n") == true ? String(known!.dropFirst(url.count + 1)) : nil,
                                      stall: settings.stall, isStopped: isStopped, report: report) else { throw DownloadError(.network, "libcurl could not be started") }
        let ending = transfer.run()
        if let validator = transfer.validator { try? Data("\(url)\n\(validator)".utf8).write(to: URL(fileURLWithPath: version)) }
        if transfer.position == file.size, fsync(descriptor) != 0 { return (.disk(String(cString: strerror(errno))), position > 0) }
        return (ending, position > 0)
    }

    /// A part of the right size with the wrong checksum is thrown away. Where it was put together from several answers, they may have been
    /// of different versions: then it is fetched once more from the start.
    private func checked(resumed: Bool, _ hasStartedOver: inout Bool) throws -> Bool {
        let found = try Checksum.of(part, file.checksum.algorithm, isStopped: isStopped)
        if found == file.checksum { return true }
        discard()
        guard resumed, !hasStartedOver else { throw DownloadError(.network, "the file has the \(found), but the published one is \(file.checksum.digest): it is damaged or another file, and was thrown away") }
        hasStartedOver = true
        return false
    }

    private func discard() {
        unlink(part)
        unlink(version)
    }

    private func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private func need(_ there: Int) -> String { ByteText.text(max(0, file.size - there)) }

    private func checkSpace(_ count: Int) throws {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return }
        let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        guard !overflow, free < UInt64(count) else { return }
        throw DownloadError(.file, "there is no room for '\(file.name)' in '\(folder)': \(ByteText.text(count)) are needed, \(ByteText.text(Int(clamping: free))) are free",
                            remedy: "make room, or set BCL_DATA to a folder on another disk")
    }

    private func wait(_ seconds: Double) throws {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if isStopped() { throw DownloadError(.interrupted, "interrupted") }
            usleep(50_000)
        }
    }
}

/// How patient downloads are.
struct DownloadSettings {
    /// Seconds without a byte after which a connection counts as broken: BCL_DOWNLOAD_TIMEOUT.
    var stall = 30
    /// Tries in a row that bring nothing: BCL_DOWNLOAD_TRIES.
    var tries = 5
    /// Seconds before the second try; doubled each time.
    var pause = 1.0
    /// Files are taken from BASE/NAME/FILE instead of the publisher's addresses: BCL_DATA_URL.
    var base: String?

    init(_ environment: [String: String]) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 >= 1 && $0 <= 100_000 ? $0 : nil } }
        stall = number("BCL_DOWNLOAD_TIMEOUT") ?? stall
        tries = number("BCL_DOWNLOAD_TRIES") ?? tries
        if let url = environment["BCL_DATA_URL"], !url.isEmpty { base = url.hasSuffix("/") ? String(url.dropLast()) : url }
    }
}
