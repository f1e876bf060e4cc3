import CCairo
import Figures

/// Colours of what is not data.
enum Ink {
    static let paper = Colour(255, 255, 255)
    static let text = Colour(34, 34, 34)
    static let quiet = Colour(110, 110, 110)
    static let rule = Colour(221, 221, 221)
    static let missing = Colour(238, 238, 238)
    /// On the colours of data, which are the same in every picture.
    static let onLight = Colour(33, 33, 33)
    static let onDark = Colour(254, 254, 254)
}

/// Strokes, areas, text and images on a cairo surface.
final class Painter {
    enum Anchor { case left, middle, right }
    enum Face: String { case sans = "sans-serif", mono = "monospace" }

    private let context: OpaquePointer

    init(_ surface: OpaquePointer, scale: Double) throws {
        guard let context = cairo_create(surface) else { throw DrawingError("cairo gave no context") }
        self.context = context
        cairo_scale(context, scale, scale)
        try PictureFile.check(cairo_status(context))
    }

    deinit { cairo_destroy(context) }

    func finish() throws { try PictureFile.check(cairo_status(context)) }

    private func set(_ colour: Colour, _ opacity: Double = 1) {
        cairo_set_source_rgba(context, Double(colour.red) / 255, Double(colour.green) / 255, Double(colour.blue) / 255, opacity)
    }

    // MARK: - Text

    private func choose(_ face: Face, _ size: Double, _ bold: Bool) {
        cairo_select_font_face(context, face.rawValue, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, size)
    }

    func width(_ text: String, size: Double, face: Face = .sans, bold: Bool = false) -> Double {
        choose(face, size, bold)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, printable(text), &extents)
        return extents.x_advance
    }

    /// - Parameter y: of the baseline.
    func text(_ text: String, _ x: Double, _ y: Double, size: Double, anchor: Anchor = .left, colour: Colour = Ink.text, face: Face = .sans, bold: Bool = false, turned: Bool = false) {
        let length = width(text, size: size, face: face, bold: bold)
        let shift = anchor == .left ? 0 : anchor == .middle ? length / 2 : length
        set(colour)
        cairo_save(context)
        cairo_move_to(context, turned ? x : x - shift, turned ? y + shift : y)
        if turned { cairo_rotate(context, -Double.pi / 2) }
        cairo_show_text(context, printable(text))
        cairo_restore(context)
    }

    /// cairo refuses a text with a zero byte, and would draw control characters as boxes.
    private func printable(_ text: String) -> String { String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 })) }

    // MARK: - Shapes

    func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: Colour) {
        set(fill)
        cairo_rectangle(context, x, y, width, height)
        cairo_fill(context)
    }

    func line(_ from: (Double, Double), _ to: (Double, Double), _ colour: Colour, width: Double = 1, dashed: Bool = false) {
        set(colour)
        cairo_set_line_width(context, width)
        if dashed { cairo_set_dash(context, [4, 3], 2, 0) }
        cairo_move_to(context, from.0, from.1)
        cairo_line_to(context, to.0, to.1)
        cairo_stroke(context)
        cairo_set_dash(context, nil, 0, 0)
    }

    /// A line through points; a gap where a point is nil, a dot where one stands alone.
    func path(_ points: [(x: Double, y: Double)?], _ colour: Colour, width: Double, opacity: Double = 1) {
        set(colour, opacity)
        cairo_set_line_width(context, width)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        for (index, point) in points.enumerated() {
            guard let point else { continue }
            if index == 0 || points[index - 1] == nil { cairo_move_to(context, point.x, point.y) }
            cairo_line_to(context, point.x, point.y)
        }
        cairo_stroke(context)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT)
    }

    func dot(_ x: Double, _ y: Double, radius: Double, _ colour: Colour) {
        set(colour)
        cairo_arc(context, x, y, radius, 0, 2 * Double.pi)
        cairo_fill(context)
    }

    func clipped(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ body: () -> Void) {
        cairo_save(context)
        cairo_rectangle(context, x, y, width, height)
        cairo_clip(context)
        body()
        cairo_restore(context)
    }

    // MARK: - Images

    /// An image with square pixels of a size.
    /// - Parameter colour: of the pixel in a column and row.
    func image(_ x: Double, _ y: Double, columns: Int, rows: Int, pixel: Double, _ colour: (Int, Int) -> Colour) {
        guard columns > 0, rows > 0 else { return }
        // Enlarged here: viewers of SVG would smooth a small image.
        let factor = max(1, min(Int(pixel.rounded(.up)), 4096 / max(columns, rows)))
        guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns * factor), Int32(rows * factor)), let data = cairo_image_surface_get_data(surface) else { return }
        defer { cairo_surface_destroy(surface) }
        cairo_surface_flush(surface)
        let stride = Int(cairo_image_surface_get_stride(surface))
        for row in 0..<rows {
            for column in 0..<columns {
                let value = colour(column, row)
                let word = UInt32(value.red) << 16 | UInt32(value.green) << 8 | UInt32(value.blue)
                for line in 0..<factor {
                    for place in 0..<factor {
                        (data + (row * factor + line) * stride + (column * factor + place) * 4).withMemoryRebound(to: UInt32.self, capacity: 1) { $0.pointee = word }
                    }
                }
            }
        }
        cairo_surface_mark_dirty(surface)
        cairo_save(context)
        cairo_translate(context, x, y)
        cairo_scale(context, pixel / Double(factor), pixel / Double(factor))
        cairo_set_source_surface(context, surface, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_paint(context)
        cairo_restore(context)
    }
}
