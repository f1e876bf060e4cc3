import Foundation
import TerminalGraphics

/// What kind of terminal there is.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

    /// Colours on a terminal only, and never where NO_COLOR is set (no-color.org).
    static func showsColour(_ descriptor: Int32) -> Bool {
        isTerminal(descriptor) && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    static var width: Int { size(STDERR_FILENO).map { Int($0.ws_col) } ?? 80 }
    static var height: Int { size(STDOUT_FILENO).map { Int($0.ws_row) } ?? 24 }

    private static func size(_ descriptor: Int32) -> winsize? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return size
    }

    /// What standard output can show; nil where it is no terminal.
    static func profile() -> TerminalProfile? {
        guard isTerminal(STDOUT_FILENO) else { return nil }
        let size = size(STDOUT_FILENO)
        return .detect(ProcessInfo.processInfo.environment, columns: size.map { Int($0.ws_col) } ?? 80, rows: size.map { Int($0.ws_row) } ?? 24,
                       pixels: (size.map { Int($0.ws_xpixel) } ?? 0, size.map { Int($0.ws_ypixel) } ?? 0), asksForSixel: SixelQuery.ask)
    }
}
