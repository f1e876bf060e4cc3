import ArgumentParser
import BCLScript
import Foundation
import Interpreter
import Workbench

/// `bclsh notebook`: scripts whose cells start with `# %%`, and what becomes of them.
struct NotebookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notebook", abstract: "Run the cells of a notebook, or write one in another format.",
        discussion: "A notebook is a .bcl script with '# %%' lines between its cells ('# %% [markdown]' for text), or an .ipynb file.",
        subcommands: [RunCells.self, Export.self])

    /// Runs all cells in one session and writes them with what they gave.
    struct RunCells: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "run", abstract: "Run the cells and write them with their output.")

        @ArgumentParser.Argument(help: "A .bcl or .ipynb file.")
        var file: String

        @Option(name: .shortAndLong, help: ArgumentHelp("Where to: .html, .md, .ipynb or .bcl; may be given more than once (default: FILE with the ending .ipynb).", valueName: "file"))
        var output: [String] = []

        @Flag(name: .long, help: "Go on behind a cell that fails.")
        var keepGoing = false

        @OptionGroup var options: SessionOptions

        func run() throws {
            let document = NotebookFile.read(file)
            let outputs = try NotebookFile.outputs(output.isEmpty ? [NotebookFile.stem(file) + ".ipynb"] : output, of: file)
            let (session, _) = options.makeSession()
            Interrupts.connect(session.interrupt)
            let sink = RecordingSink(ConsoleSink())
            let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDERR_FILENO))
            var status: Int32 = 0
            var number = 0
            for (index, cell) in document.cells.enumerated() where cell.kind == .code {
                number += 1
                cell.number = number
                sink.begin()
                let outcome = session.execute(NotebookFile.source(of: cell, number: index + 1, in: file), sink: sink, showsValues: true)
                sink.finish()
                var problems: [Diagnostic] = []
                switch outcome {
                case .finished: break
                case .rejected(let all): (problems, status) = (all.filter { $0.severity == .error }, ExitStatus.rejected)
                case .failed(let problem): (problems, status) = ([problem], ExitStatus.failed)
                case .interrupted:
                    status = ExitStatus.interrupted
                    sink.record(.error("interrupted"))
                }
                for problem in problems {
                    sink.record(.error(DiagnosticRenderer(colour: false).render(problem)))
                    fflush(stdout)
                    FileHandle.standardError.write(Data((renderer.render(problem) + "\n").utf8))
                }
                cell.outputs = sink.end()
                cell.failed = status != 0
                if status == ExitStatus.interrupted || status != 0 && !keepGoing { break }
            }
            NotebookFile.write(document, to: outputs)
            if status != 0 { quit(status) }
        }
    }

    /// Writes a notebook, or the cells of a saved session, in another format; nothing is run.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "export", abstract: "Write a notebook or a saved session's cells as .html, .md, .ipynb or .bcl, without running them.")

        @ArgumentParser.Argument(help: "A .bcl, .ipynb or .bcls file.")
        var file: String

        @Option(name: .shortAndLong, help: ArgumentHelp("Where to; the ending tells the format. May be given more than once.", valueName: "file"))
        var output: [String]

        func run() throws {
            let outputs = try NotebookFile.outputs(output, of: file)
            NotebookFile.write(NotebookFile.read(file), to: outputs)
        }
    }
}

/// Notebooks as the command line names them.
private enum NotebookFile {
    static func read(_ path: String) -> NotebookDocument {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { leave("there is no file '\(path)'", status: ExitStatus.noInput) }
        guard !isFolder.boolValue, let data = FileManager.default.contents(atPath: path) else { leave("'\(path)' can't be read", status: ExitStatus.noInput) }
        let title = stem(path).split(separator: "/").last.map(String.init) ?? path
        do {
            if path.hasSuffix(".bcls") { return NotebookDocument(title: title, cells: try JSONDecoder().decode([NotebookCell].self, from: try SavedNotes.read(path))) }
            if path.hasSuffix(".ipynb") { return try JupyterFile.document(data, title: title) }
        } catch let complaint as ShellComplaint { leave("'\(path)' can't be read: \(complaint.message)", status: ExitStatus.noInput) }
        catch { leave("'\(path)' can't be read: \((error as? Failure)?.message ?? "it has no cells")", status: ExitStatus.noInput) }
        guard path.hasSuffix(".bcl") else { leave("'\(path)' is no notebook: it should end in .bcl, .ipynb or .bcls", status: ExitStatus.noInput) }
        guard let text = String(data: data, encoding: .utf8) else { leave("'\(path)' is no UTF-8 text", status: ExitStatus.noInput) }
        return NotebookDocument(title: title, script: text)
    }

    static func stem(_ path: String) -> String {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path }
        return String(path[..<dot])
    }

    /// Places of a script's cell are those of the file.
    static func source(of cell: NotebookCell, number: Int, in path: String) -> SourceFile {
        guard path.hasSuffix(".bcl") else { return SourceFile(name: "\(path) cell \(number)", text: cell.source) }
        return SourceFile(name: path, text: String(repeating: "\n", count: cell.line - 1) + cell.source)
    }

    static func outputs(_ paths: [String], of file: String) throws -> [(path: String, format: NotebookDocument.Format)] {
        try paths.map { path in
            guard let format = NotebookDocument.Format.of(path) else { throw ValidationError("'\(path)' has no ending that tells the format: \(NotebookDocument.Format.endings)") }
            guard URL(fileURLWithPath: path).standardizedFileURL != URL(fileURLWithPath: file).standardizedFileURL else { throw ValidationError("'\(path)' is the notebook itself") }
            return (path, format)
        }
    }

    static func write(_ document: NotebookDocument, to outputs: [(path: String, format: NotebookDocument.Format)]) {
        for (path, format) in outputs {
            do { try document.write(to: path, as: format) } catch { leave("\(error)", status: ExitStatus.cantCreate) }
        }
    }
}
