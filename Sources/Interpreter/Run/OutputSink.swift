import BCLScript
import Figures

/// What a running program tells the world. Shells, batch mode and tests each show it in their way.
public enum Event {
    /// A line of text (`print`).
    case text(String)
    /// A value to show in full that has no figure: the value of an expression at the prompt.
    case shown(Value)
    /// What `show` and `plot` make: to be drawn as well as the place allows.
    case figure(Figure)
    case progress(Progress)
    case warning(Diagnostic)
}

/// How far a long piece of work is.
public struct Progress {
    public let label: String
    public let done: Int
    public let total: Int
    /// What is counted: "minibatches".
    public let unit: String
    /// A changing remark, such as the loss.
    public let detail: String
    public var isFinished: Bool { done >= total }

    public init(label: String, done: Int, total: Int, unit: String, detail: String = "") {
        self.label = label
        self.done = done
        self.total = total
        self.unit = unit
        self.detail = detail
    }
}

public protocol OutputSink: AnyObject {
    func receive(_ event: Event)
}

/// Keeps everything, for tests and for callers that want the text.
public final class CollectingSink: OutputSink {
    public private(set) var lines: [String] = []
    public private(set) var warnings: [Diagnostic] = []
    public init() {}

    public func receive(_ event: Event) {
        switch event {
        case .text(let text): lines.append(text)
        case .shown(let value): lines.append(Describer.string(value, quoted: true))
        case .figure(let figure): lines.append(PlainText.text(figure))
        case .warning(let diagnostic): warnings.append(diagnostic)
        case .progress: break
        }
    }
}
