import CLibedit
import Foundation

/// The bytes of the terminal as characters for libedit. Sequences that keys and pastes send arrive as one character each, so that a lone
/// Escape (vi's) needs no second key, and a pasted block is told from a typed one.
final class KeyInput {
    /// Characters of the C1 range, which no keyboard sends in UTF-8.
    enum Key: UInt32, CaseIterable {
        case paste = 0x90, up, down, right, left, home, end, delete, wordRight, wordLeft, lineBreak
        /// Pushed by bound functions: libedit's own end of a line.
        case run = 0x9B
        /// Pushed at the start: the text that a cell begins with.
        case prepared = 0x9C
        /// Comes by itself where a key has left the marks of further lines wrong.
        case mend = 0x9D

        var text: String { String(Unicode.Scalar(rawValue)!) }
    }

    enum Read { case character(UInt32), end, interrupted }

    private static let sequences: [String: Key] = [
        "[200~": .paste, "[A": .up, "OA": .up, "[B": .down, "OB": .down, "[C": .right, "OC": .right, "[D": .left, "OD": .left,
        "[H": .home, "OH": .home, "[1~": .home, "[7~": .home, "[F": .end, "OF": .end, "[4~": .end, "[8~": .end, "[3~": .delete,
        "[1;5C": .wordRight, "[1;3C": .wordRight, "[1;5D": .wordLeft, "[1;3D": .wordLeft, "\r": .lineBreak, "\n": .lineBreak,
    ]
    private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)
    /// A paste larger than this is a mistake, or a terminal that lost its end mark.
    private static let largestPaste = 4 << 20
    /// How long the rest of a key's sequence may take to arrive (milliseconds).
    private static let sequenceTime: Int32 = 30

    private var pending: [UInt8] = []
    private let isInterrupted: () -> Bool
    private let didWake: () -> Void

    /// - Parameters:
    ///   - isInterrupted: whether Ctrl-C came; asked when a signal ends a wait.
    ///   - didWake: called when a wait has ended: a signal may have come.
    init(isInterrupted: @escaping () -> Bool, didWake: @escaping () -> Void) {
        self.isInterrupted = isInterrupted
        self.didWake = didWake
    }

    /// Whether more has been typed or pasted already.
    var hasMore: Bool { !pending.isEmpty || wait(0) == .ready }

    /// What has been typed or pasted already, and was not read yet.
    var upcoming: String {
        if wait(0) == .ready { _ = fill() }
        return String(decoding: pending.prefix(4096), as: UTF8.self)
    }

    func forget() { pending = [] }

    // MARK: - Characters

    func next() -> Read {
        switch nextByte() {
        case .failure(let stop): return stop
        case .success(0x1B): return .character(escape())
        case .success(let first): return character(first)
        }
    }

    private func character(_ first: UInt8) -> Read {
        let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
        var bytes = [first]
        while bytes.count < length {
            guard case .success(let byte) = nextByte() else { return .character(0xFFFD) }
            guard byte & 0xC0 == 0x80 else {
                pending.insert(byte, at: 0)
                return .character(0xFFFD)
            }
            bytes.append(byte)
        }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        return .character(scalars.count == 1 ? scalars.first!.value : 0xFFFD)
    }

    /// What follows an Escape at once is a key; else it is Escape itself.
    private func escape() -> UInt32 {
        var taken: [UInt8] = []
        while taken.count < 12, let byte = promptByte() {
            taken.append(byte)
            let isControl = taken[0] == UInt8(ascii: "[") || taken[0] == UInt8(ascii: "O")
            if !isControl || (taken.count > 1 && (0x40...0x7E).contains(byte)) { break }
        }
        if let key = Self.sequences[String(decoding: taken, as: UTF8.self)] { return key.rawValue }
        pending.insert(contentsOf: taken, at: 0)
        return 0x1B
    }

    private func promptByte() -> UInt8? {
        if pending.isEmpty { guard wait(Self.sequenceTime) == .ready, fill() else { return nil } }
        return pending.removeFirst()
    }

    /// The rest of a pasted block, up to its end mark. Line ends become "\n"; control characters are left out.
    func pasted() -> String {
        var bytes: [UInt8] = []
        while bytes.count < Self.largestPaste, case .success(let byte) = nextByte() {
            bytes.append(byte)
            if byte == UInt8(ascii: "~"), bytes.suffix(Self.pasteEnd.count) == Self.pasteEnd[...] {
                bytes.removeLast(Self.pasteEnd.count)
                break
            }
        }
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
        var result = String.UnicodeScalarView()
        var last: Unicode.Scalar?
        for scalar in text {
            defer { last = scalar }
            if scalar == "\r" { result.append("\n") } else if scalar == "\n" { if last != "\r" { result.append(scalar) } }
            else if scalar == "\t" || scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80...0x9F).contains(scalar.value) { result.append(scalar) }
        }
        return String(result)
    }

    // MARK: - Bytes

    private enum Byte { case success(UInt8), failure(Read) }

    private func nextByte() -> Byte {
        while pending.isEmpty {
            switch wait(-1) {
            case .interrupted: return .failure(.interrupted)
            case .ready: if !fill() { return .failure(.end) }
            case .nothing: continue
            }
        }
        return .success(pending.removeFirst())
    }

    private func fill() -> Bool {
        guard let bytes = StandardInput.read() else { return false }
        pending += bytes
        return true
    }

    private func wait(_ milliseconds: Int32) -> StandardInput.Wait { StandardInput.wait(milliseconds, isInterrupted: isInterrupted, didWake: didWake) }
}

/// Waiting for standard input so that a signal ends the wait.
enum StandardInput {
    enum Wait { case ready, nothing, interrupted }

    /// - Parameter milliseconds: how long; below zero for as long as it takes.
    static func wait(_ milliseconds: Int32, isInterrupted: () -> Bool, didWake: () -> Void = {}) -> Wait {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while true {
            if isInterrupted() { return .interrupted }
            // A signal that comes between this question and the wait is seen a quarter of a second later.
            let count = poll(&descriptor, 1, milliseconds < 0 ? 250 : milliseconds)
            didWake()
            if count > 0 { return .ready }
            if isInterrupted() { return .interrupted }
            if milliseconds >= 0, count == 0 { return .nothing }
        }
    }

    /// What has come; nil at the end.
    static func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Foundation.read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }
}
