import BCLScript
import Figures

/// Draws figures on a terminal, within its width.
public struct TerminalFigures {
    public let profile: TerminalProfile
    let pixels: CharacterPixels
    /// Columns of an image at most: where several grids stand side by side their images are of one size.
    private(set) var widestTile = Int.max

    public init(_ profile: TerminalProfile) {
        self.profile = profile
        pixels = CharacterPixels(profile: profile)
    }

    public func text(_ figure: Figure) -> String { lines(figure).joined(separator: "\n") }

    public func lines(_ figure: Figure) -> [String] {
        switch figure {
        case .text, .table: return PlainText.lines(figure)
        case .images(let grid): return lines(grid)
        case .heatMap(let map): return profile.colour == .none ? PlainText.lines(figure) : lines(map)
        case .lines(let chart): return lines(chart)
        case .bars(let chart): return lines(chart)
        case .stack(let parts): return parts.flatMap(lines)
        case .beside(let parts): return beside(parts)
        }
    }

    // MARK: - Side by side

    private static let gap = 4
    private static let narrowest = 36

    private func beside(_ parts: [Figure]) -> [String] {
        // Of several stacks their first parts stand side by side, then their second ones: a wide table does not part the images above it.
        let stacks = parts.compactMap { part -> [Figure]? in if case .stack(let inner) = part { return inner } else { return nil } }
        if stacks.count == parts.count, let depth = stacks.first?.count, depth > 1, stacks.allSatisfy({ $0.count == depth }) {
            return (0..<depth).flatMap { row in beside(stacks.map { $0[row] }) }
        }
        let room = (profile.columns - Self.gap * (parts.count - 1)) / max(1, parts.count)
        let needsGraphics = profile.pictures != .characters && parts.contains(where: \.hasImages)
        guard parts.count > 1, room >= Self.narrowest, !needsGraphics else { return parts.flatMap(lines) }
        var narrow = profile
        narrow.columns = room
        var narrowed = TerminalFigures(narrow)
        narrowed.widestTile = parts.map(narrowed.tileWidth).min() ?? .max
        let drawn = parts.map { narrowed.lines($0) }
        let widths = drawn.map { $0.map(Self.visibleWidth).max() ?? 0 }
        guard widths.reduce(0, +) + Self.gap * (parts.count - 1) <= profile.columns else { return parts.flatMap(lines) }
        return (0..<(drawn.map(\.count).max() ?? 0)).map { row in
            var line = ""
            for (index, part) in drawn.enumerated() {
                let text = row < part.count ? part[row] : ""
                line += text
                if index < drawn.count - 1 { line += String(repeating: " ", count: widths[index] - Self.visibleWidth(text) + Self.gap) }
            }
            return line
        }
    }

    /// Columns that a line takes; colour sequences take none.
    static func visibleWidth(_ line: String) -> Int {
        var plain = ""
        var rest = line[...]
        while let escape = rest.firstIndex(of: "\u{1B}") {
            plain += rest[..<escape]
            guard let end = rest[escape...].firstIndex(of: "m") else { return displayWidth(plain) }
            rest = rest[rest.index(after: end)...]
        }
        return displayWidth(plain + rest)
    }

    // MARK: - Colours

    func paint(_ text: String, _ colour: Colour) -> String {
        profile.colour == .none ? text : "\u{1B}[\(pixels.code(colour, foreground: true))m\(text)\(CharacterPixels.reset)"
    }

    func paint(_ text: String, series: Int) -> String { paint(text, Palette.lines[series % Palette.lines.count]) }

    /// Text on a coloured ground, black or white by what is easier to read.
    func paint(_ text: String, on ground: Colour) -> String {
        let ink = ground.luminance > 0.18 ? Colour(0, 0, 0) : Colour(255, 255, 255)
        return "\u{1B}[\(pixels.code(ink, foreground: true));\(pixels.code(ground, foreground: false))m\(text)\(CharacterPixels.reset)"
    }

    /// A text cut or filled to a width.
    func fitted(_ text: String, _ width: Int, right: Bool = false) -> String {
        var result = text
        while displayWidth(result) > width { result.removeLast() }
        let space = String(repeating: " ", count: max(0, width - displayWidth(result)))
        return right ? space + result : result + space
    }
}
