import Figures

/// A figure as a value: shown where it stands alone as a statement, written by `save`.
public final class FigureValue: HostValue {
    public let content: Figure

    public init(_ figure: Figure) { content = figure }

    public override var typeName: String { "figure" }
    public override var isOutput: Bool { true }
    public override func figure() throws -> Figure? { content }
    public override func describe(_ describer: inout Describer) { describer.write("<figure: \(content.summary)>") }

    /// What `show` makes of values: several pictures stand side by side, anything else one below the other.
    static func figure(of values: [Value], _ evaluator: Evaluator) throws -> Figure {
        var pictures = 0
        let parts = try values.map { value -> Figure in
            guard let figure = try evaluator.figure(value) else { return .text(Describer.string(value, quoted: true)) }
            if figure.hasImages { pictures += 1 }
            return figure
        }
        if parts.count == 1 { return parts[0] }
        return pictures == parts.count && !parts.isEmpty ? .beside(parts) : .stack(parts)
    }
}
