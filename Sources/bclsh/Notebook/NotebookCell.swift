import Foundation

/// A piece of a notebook: code with what it gave, or text.
final class NotebookCell: Codable {
    enum Kind: String, Codable { case code, markdown }

    let kind: Kind
    /// Without line ends at its end.
    let source: String
    /// Behind `# %%`.
    var title: String
    /// Line of the file that the source starts on, from 1.
    var line = 1
    var outputs: [NotebookOutput] = []
    /// Its number in the order of running; nil where it was not run.
    var number: Int?
    var failed = false
    /// A command of the shell, no code: not part of what is exported.
    var isCommand = false

    init(_ kind: Kind, _ source: String, title: String = "") {
        self.kind = kind
        self.source = source
        self.title = title
    }
}

/// What a cell gave.
enum NotebookOutput: Codable {
    case text(String)
    /// An error or a warning, as the shell shows it.
    case error(String)
    /// A picture, and the same as characters. Not every viewer shows SVG.
    case figure(text: String, svg: String?, png: Data?)

    var text: String {
        switch self {
        case .text(let text), .error(let text), .figure(let text, _, _): return text
        }
    }
}
