import Foundation

/// Writes each cell with what it gave to a Markdown file as soon as it has run.
final class Transcript {
    let path: String
    private let file: FileHandle

    /// - Throws: a sentence about why the file can't be written.
    init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ShellComplaint("'\(path)' can't be written: \(String(cString: strerror(errno)))") }
        self.path = path
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func add(_ cell: NotebookCell) {
        let page = MarkdownPage(NotebookDocument(title: "", cells: [cell])).text
        try? file.write(contentsOf: Data((page.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).last.map(String.init) ?? "").utf8))
    }
}
