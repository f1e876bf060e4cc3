import FilePaths
import Foundation

/// What was typed in earlier sessions: one file for all, an entry on each line. Several shells may be at work at once: each entry is
/// appended whole, under a lock, when it is entered. Only its owner can read it.
final class HistoryFile {
    static let most = 5_000
    private static let largest = 64 << 20

    let path: String
    /// Oldest first, each text once.
    private(set) var entries: [String] = []
    /// Why it can't be kept; told once.
    private(set) var problem: String?

    /// $XDG_STATE_HOME/bclsh/history, else ~/.local/state/bclsh/history.
    static var standardPath: String? {
        let environment = ProcessInfo.processInfo.environment
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/bclsh/history" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.local/state/bclsh/history"
    }

    init(path: String) {
        self.path = path
        let lines = Self.read(path)
        entries = Self.unique(lines.map(Self.decode))
        if lines.count > 2 * Self.most { compact() }
    }

    /// Adds an entry; one that was there before moves to the end.
    func add(_ text: String) {
        guard entries.last != text else { return }
        entries.removeAll { $0 == text }
        entries.append(text)
        locked { descriptor in
            var line = Self.encode(text) + "\n"
            if !Self.endsWithLine(descriptor) { line = "\n" + line }
            return Self.write(Array(line.utf8), to: descriptor)
        }
    }

    // MARK: - The file

    /// Opens the file and locks it against other shells. After waiting it may be another file (a shell has compacted it): then once more.
    private func locked(_ body: (Int32) -> Bool) {
        guard problem == nil else { return }
        let folder = FilePath.folder(path)
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for _ in 0..<10 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                problem = "the history can't be kept: '\(path)': \(String(cString: strerror(errno)))"
                return
            }
            defer { close(descriptor) }
            while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
            var (here, there) = (stat(), stat())
            guard fstat(descriptor, &here) == 0, stat(path, &there) == 0, here.st_ino == there.st_ino, here.st_dev == there.st_dev else { continue }
            fchmod(descriptor, 0o600)
            if !body(descriptor) { problem = "the history can't be kept: '\(path)': \(String(cString: strerror(errno)))" }
            return
        }
    }

    private func compact() {
        locked { _ in
            let kept = Self.unique(Self.read(self.path).map(Self.decode)).suffix(Self.most)
            let temporary = "\(self.path).\(getpid())"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            guard Self.write(Array(kept.map { Self.encode($0) + "\n" }.joined().utf8), to: descriptor), fsync(descriptor) == 0, rename(temporary, self.path) == 0 else {
                unlink(temporary)
                return false
            }
            return true
        }
    }

    private static func endsWithLine(_ descriptor: Int32) -> Bool {
        let size = lseek(descriptor, 0, SEEK_END)
        var byte: UInt8 = 0
        return size <= 0 || pread(descriptor, &byte, 1, size - 1) != 1 || byte == UInt8(ascii: "\n")
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func read(_ path: String) -> [String] {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= largest, let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: - Entries

    /// Each text once, at its last place.
    private static func unique(_ texts: [String]) -> [String] {
        var known = Set<String>()
        return texts.reversed().filter { !$0.allSatisfy(\.isWhitespace) && known.insert($0).inserted }.reversed()
    }

    static func encode(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func decode(_ line: String) -> String {
        var result = String.UnicodeScalarView()
        var escaped = false
        for scalar in line.unicodeScalars {
            if escaped {
                result.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
                escaped = false
            } else if scalar == "\\" { escaped = true } else if scalar.value != 0 { result.append(scalar) }
        }
        return String(result)
    }
}
