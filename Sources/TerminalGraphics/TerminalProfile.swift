/// What a terminal can show, as far as its surroundings tell.
public struct TerminalProfile: Sendable {
    public enum Colour: Sendable {
        /// Characters only.
        case none
        /// The 256 colours of xterm.
        case indexed
        /// 24 bits.
        case direct
    }

    public enum Pictures: Sendable {
        /// Two pixels to a character (or brightness as characters where there are no colours).
        case characters
        case sixel
        case kitty
    }

    public var columns: Int
    public var rows: Int
    /// Pixels of a character cell.
    public var cell: (width: Int, height: Int)
    public var colour: Colour
    public var pictures: Pictures
    /// Whether block and braille characters can be shown.
    public var hasUnicode: Bool

    public init(columns: Int, rows: Int, cell: (width: Int, height: Int) = (8, 16), colour: Colour, pictures: Pictures = .characters, hasUnicode: Bool = true) {
        (self.columns, self.rows, self.cell, self.colour, self.pictures, self.hasUnicode) = (max(20, columns), max(5, rows), cell, colour, pictures, hasUnicode)
    }

    /// Reads NO_COLOR, COLORTERM, TERM, the locale, and what terminals say of themselves. BCL_GRAPHICS (kitty, sixel, blocks or text) overrules it.
    /// - Parameters:
    ///   - pixels: of the whole screen; 0 where unknown.
    ///   - asksForSixel: asks the terminal itself; called only where nothing stands between it and this process, and nothing else told.
    public static func detect(_ environment: [String: String], columns: Int, rows: Int, pixels: (width: Int, height: Int) = (0, 0), asksForSixel: () -> Bool = { false }) -> TerminalProfile {
        func value(_ name: String) -> String { environment[name] ?? "" }
        let wish = value("BCL_GRAPHICS")
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(value).first { !$0.isEmpty } ?? ""
        let hasUnicode = locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
        var profile = TerminalProfile(columns: columns, rows: rows, colour: colour(environment), hasUnicode: hasUnicode)
        if pixels.width >= 4 * columns, pixels.height >= 4 * rows, columns > 0, rows > 0 { profile.cell = (pixels.width / columns, pixels.height / rows) }
        if wish == "text" { profile.colour = .none }
        guard profile.colour != .none else { return profile }
        switch wish {
        case "kitty": profile.pictures = .kitty
        case "sixel": profile.pictures = .sixel
        case "blocks": break
        default: profile.pictures = pictures(environment, asksForSixel)
        }
        return profile
    }

    private static func colour(_ environment: [String: String]) -> Colour {
        let term = environment["TERM"] ?? ""
        guard (environment["NO_COLOR"] ?? "").isEmpty, term != "dumb", !term.isEmpty else { return .none }
        if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") { return .direct }
        if term.hasSuffix("-direct") || ["kitty", "foot", "alacritty", "wezterm", "ghostty"].contains(where: term.contains) { return .direct }
        return term.contains("256color") ? .indexed : .none
    }

    /// Multiplexers and terminals inside of editors pass on the variables of the terminal around them, but not its pictures.
    private static func pictures(_ environment: [String: String], _ asksForSixel: () -> Bool) -> Pictures {
        func isSet(_ name: String) -> Bool { !(environment[name] ?? "").isEmpty }
        let (term, program) = (environment["TERM"] ?? "", environment["TERM_PROGRAM"] ?? "")
        if ["TMUX", "STY", "ZELLIJ", "INSIDE_EMACS", "VIM_TERMINAL", "NVIM"].contains(where: isSet) || term.hasPrefix("tmux") || term.hasPrefix("screen") || program == "vscode" {
            return .characters
        }
        if term.contains("kitty") || term.contains("ghostty") || isSet("KITTY_WINDOW_ID") || ["WezTerm", "ghostty"].contains(program) { return .kitty }
        if term.hasPrefix("foot") || term.hasPrefix("mlterm") || term.contains("sixel") { return .sixel }
        return asksForSixel() ? .sixel : .characters
    }
}
