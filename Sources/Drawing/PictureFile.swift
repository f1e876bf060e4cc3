import CCairo
import Figures
import Foundation

/// Why a picture could not be made.
public struct DrawingError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Figures as pictures, drawn by cairo.
public enum PictureFile {
    public enum Format: String, CaseIterable, Sendable {
        case png, svg
    }

    /// Pixels of a PNG for each unit of length; an SVG has no pixels.
    private static let density = 2.0
    /// cairo's largest image side is 32,767 pixels.
    private static let longest = 16_000.0
    private static let margin = 16.0

    /// The bytes of a picture of a figure, on white.
    public static func data(_ figure: Figure, _ format: Format) throws -> Data {
        let size = try measure(figure)
        let (width, height) = ((size.width + 2 * margin).rounded(.up), (size.height + 2 * margin).rounded(.up))
        guard width <= longest, height <= longest else {
            throw DrawingError("the picture would be \(Int(width)) x \(Int(height)) units large; at most \(Int(longest)) can be drawn")
        }
        let output = Output()
        let context = Unmanaged.passUnretained(output).toOpaque()
        try withExtendedLifetime(output) {
            let surface: OpaquePointer?
            switch format {
            case .png: surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width * density), Int32(height * density))
            case .svg: surface = cairo_svg_surface_create_for_stream(Output.receive, context, width, height)
            }
            guard let surface else { throw DrawingError("cairo gave no surface") }
            defer { cairo_surface_destroy(surface) }
            let painter = try Painter(surface, scale: format == .png ? density : 1)
            painter.rectangle(0, 0, width, height, fill: Ink.paper)
            FigureLayout(painter).draw(figure, x: margin, y: margin)
            try painter.finish()
            if format == .png { try check(cairo_surface_write_to_png_stream(surface, Output.receive, context)) }
            cairo_surface_finish(surface)
            try check(cairo_surface_status(surface))
        }
        return output.data
    }

    /// An SVG with colours of its own for readers who want dark pages; data keep theirs.
    public static func adaptive(_ svg: String) -> String {
        guard let start = svg.range(of: "<svg"), let end = svg[start.upperBound...].firstIndex(of: ">") else { return svg }
        // As cairo writes colours.
        let dark: [(Colour, String)] = [(Ink.paper, "#26282c"), (Ink.text, "#dddddd"), (Ink.quiet, "#a6a6a6"), (Ink.rule, "#44474d"), (Ink.missing, "#3a3c40")]
        let rules = dark.flatMap { colour, other in
            ["fill", "stroke"].map { "[style*=\"\($0):\(svgText(colour))\"]{\($0):\(other)!important}" }
        }
        var result = svg
        result.insert(contentsOf: "<style>@media(prefers-color-scheme:dark){\(rules.joined())}</style>", at: svg.index(after: end))
        return result
    }

    private static func svgText(_ colour: Colour) -> String {
        let parts = [colour.red, colour.green, colour.blue].map { String(format: "%.6f", Double($0) / 255 * 100).replacing(#/\.?0+$/#, with: "") + "%" }
        return "rgb(\(parts.joined(separator: ",")))"
    }

    private static func measure(_ figure: Figure) throws -> Size {
        guard let surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1) else { throw DrawingError("cairo gave no surface") }
        defer { cairo_surface_destroy(surface) }
        let painter = try Painter(surface, scale: 1)
        let size = FigureLayout(painter).size(figure)
        try painter.finish()
        return size
    }

    static func check(_ status: cairo_status_t) throws {
        guard status == CAIRO_STATUS_SUCCESS else { throw DrawingError("cairo: \(String(cString: cairo_status_to_string(status)))") }
    }

    private final class Output {
        var data = Data()

        static let receive: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, UInt32) -> cairo_status_t = { context, bytes, count in
            guard let context else { return CAIRO_STATUS_WRITE_ERROR }
            let output = Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
            if let bytes { output.data.append(bytes, count: Int(count)) }
            return CAIRO_STATUS_SUCCESS
        }
    }
}

struct Size {
    var width: Double
    var height: Double
}
