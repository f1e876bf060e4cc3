import Foundation

/// Asks a terminal whether it draws sixel graphics: attribute 4 of its primary device attributes.
enum SixelQuery {
    /// Milliseconds until no answer counts as no.
    private static let patience: Int32 = 300

    /// Only terminals that are known to answer are asked, and only by the process in the foreground with nothing typed ahead:
    /// an answer that comes late would be taken for input.
    static func ask() -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let answers = ["XTERM_VERSION", "KONSOLE_VERSION", "WT_SESSION", "MINTTY_SHORTCUT"].contains { environment[$0] != nil } || environment["TERM_PROGRAM"] == "iTerm.app"
        let isRemote = environment["SSH_CONNECTION"] != nil || environment["SSH_TTY"] != nil
        guard answers, !isRemote, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp(), !hasInput(0) else { return false }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return false }
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0 else { return false }
        defer { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
        fflush(stdout)
        let question = Array("\u{1B}[c".utf8)
        guard write(STDOUT_FILENO, question, question.count) == question.count else { return false }
        var answer: [UInt8] = []
        while answer.last != UInt8(ascii: "c"), answer.count < 64, hasInput(patience) {
            var byte: UInt8 = 0
            guard read(STDIN_FILENO, &byte, 1) == 1 else { return false }
            answer.append(byte)
        }
        // ESC [ ? 62 ; 4 ; 22 c
        return String(decoding: answer.dropFirst(3).dropLast(), as: UTF8.self).split(separator: ";").dropFirst().contains("4")
    }

    private static func hasInput(_ milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }
}
