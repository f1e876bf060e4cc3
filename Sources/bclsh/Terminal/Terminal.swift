import Foundation
import TerminalGraphics

/// What kind of terminal there is.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 && !isDumb }

    /// One that can't move its cursor.
    static var isDumb: Bool { ["dumb", "", nil].contains(ProcessInfo.processInfo.environment["TERM"]) }

    /// Colours on a terminal only, and never where NO_COLOR is set (no-color.org).
    static func showsColour(_ descriptor: Int32) -> Bool {
        isTerminal(descriptor) && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    static var width: Int { size.columns }
    static var height: Int { size.rows }

    struct Size: Equatable {
        var columns = 80
        var rows = 24
        /// Of the whole window; 0 where the terminal does not tell.
        var pixels = (width: 0, height: 0)

        static func == (a: Size, b: Size) -> Bool { a.columns == b.columns && a.rows == b.rows }
    }

    static var size: Size {
        var size = winsize()
        for descriptor in [STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO] {
            guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { continue }
            return Size(columns: Int(size.ws_col), rows: Int(size.ws_row), pixels: (Int(size.ws_xpixel), Int(size.ws_ypixel)))
        }
        return Size()
    }

    /// What standard output can show; nil where it is no terminal.
    static func profile() -> TerminalProfile? {
        guard isTerminal(STDOUT_FILENO) else { return nil }
        let size = size
        return .detect(ProcessInfo.processInfo.environment, columns: size.columns, rows: size.rows, pixels: size.pixels, asksForSixel: SixelQuery.ask)
    }

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
