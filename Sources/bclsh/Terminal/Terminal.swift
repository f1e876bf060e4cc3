import Foundation

/// What kind of terminal there is.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 && !isDumb }

    /// One that can't move its cursor.
    static var isDumb: Bool { ["dumb", "", nil].contains(ProcessInfo.processInfo.environment["TERM"]) }

    /// Colours on a terminal only, and never where NO_COLOR is set (no-color.org).
    static func showsColour(_ descriptor: Int32) -> Bool {
        isTerminal(descriptor) && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    static var size: Size {
        var size = winsize()
        for descriptor in [STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO] {
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Size(columns: Int(size.ws_col), rows: max(1, Int(size.ws_row))) }
        }
        return Size(columns: 80, rows: 24)
    }

    static var width: Int { size.columns }

    /// Characters are read and written by the user's locale; where that knows ASCII only, as UTF-8 all the same.
    static func setLocale() {
        setlocale(LC_CTYPE, "")
        if !isUnicode { setlocale(LC_CTYPE, "C.UTF-8") }
    }

    private static var isUnicode: Bool { String(cString: nl_langinfo(CInt(CODESET))) == "UTF-8" }
}

extension Terminal {
    nonisolated(unsafe) private static var settings: termios?

    /// Keeps the terminal's settings, for `restore`.
    static func remember() {
        var now = termios()
        if tcgetattr(STDIN_FILENO, &now) == 0 { settings = now }
    }

    /// Puts the terminal back as it was at the start, also from inside of the line editor.
    static func restore() {
        guard var settings else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        if !isDumb { FileHandle.standardOutput.write(Data("\u{1B}[?2004l\r\n".utf8)) }
    }
}
