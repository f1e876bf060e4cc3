import BCLScript
import Foundation
import Interpreter
import Workbench

/// The language server: what `bclsh lsp` speaks over standard input and output (Language Server Protocol 3.17). Nothing of a text is ever run.
public final class Server {
    private let stream: MessageStream
    private let session: Session
    private var documents: [String: Document] = [:]
    private var isInitialized = false
    private var isShutDown = false
    private let version: String

    private enum ErrorCode: Int { case parse = -32700, invalidRequest = -32600, methodNotFound = -32601, invalidParams = -32602, notInitialized = -32002 }
    private struct Refusal: Error {
        let code: ErrorCode
        let message: String
    }

    public init(session: Session, input: FileHandle, output: FileHandle, version: String) {
        self.session = session
        self.version = version
        stream = MessageStream(input: input.fileDescriptor, output: output)
        session.loader.readFile = { [unowned self] path in
            // What is open in the editor counts as it is there, saved or not.
            self.documents.values.first { $0.source.name == path }.map { Data($0.source.bytes) } ?? FileManager.default.contents(atPath: path)
        }
    }

    /// Answers messages until the editor says `exit` or hangs up.
    /// - Returns: the process's exit status: 0 after a proper `shutdown`.
    public func run() -> Int32 {
        while let incoming = stream.read() {
            guard case .message(let message) = incoming else {
                refuse(.null, Refusal(code: .parse, message: "the message is no JSON"))
                continue
            }
            guard let method = message["method"].string else {
                // An answer to a request of ours; we make none.
                if message["id"] != .null, message["result"] == .null, message["error"] == .null { refuse(message["id"], Refusal(code: .invalidRequest, message: "the message has no method")) }
                continue
            }
            if method == "exit" { return isShutDown ? 0 : 1 }
            session.thread.sync { self.handle(method, message) }
        }
        return isShutDown ? 0 : 1
    }

    private func handle(_ method: String, _ message: JSON) {
        let id = message["id"]
        if id == .null {
            if isInitialized || method == "initialized" { notice(method, message["params"]) }
            return
        }
        do {
            guard isInitialized || method == "initialize" else { throw Refusal(code: .notInitialized, message: "'initialize' comes first") }
            guard !isShutDown else { throw Refusal(code: .invalidRequest, message: "the server was shut down") }
            stream.write(["jsonrpc": "2.0", "id": id, "result": try answer(method, message["params"])])
        } catch let refusal as Refusal { refuse(id, refusal) }
        catch { refuse(id, Refusal(code: .invalidRequest, message: "\(error)")) }
    }

    private func refuse(_ id: JSON, _ refusal: Refusal) {
        stream.write(["jsonrpc": "2.0", "id": id, "error": ["code": .int(refusal.code.rawValue), "message": .string(refusal.message)]])
    }

    // MARK: - Requests

    private func answer(_ method: String, _ params: JSON) throws -> JSON {
        switch method {
        case "initialize":
            isInitialized = true
            return ["capabilities": capabilities, "serverInfo": ["name": "bclsh", "version": .string(version)]]
        case "shutdown":
            isShutDown = true
            return .null
        case "textDocument/completion":
            let (document, offset) = try place(params)
            return CompletionList.items(Completion.at(offset, in: document.source, session), document)
        case "textDocument/hover":
            let (document, offset) = try place(params)
            return navigation(document).hover(offset)
        case "textDocument/definition":
            let (document, offset) = try place(params)
            return navigation(document).definition(offset)
        case "textDocument/documentSymbol":
            let document = try self.document(params)
            return Symbols.outline(analyse(document).program, document)
        case "textDocument/formatting": return formatting(try document(params))
        default: throw Refusal(code: .methodNotFound, message: "there is no method '\(method)'")
        }
    }

    private var capabilities: JSON {
        [
            "positionEncoding": "utf-16",
            "textDocumentSync": ["openClose": true, "change": 1, "save": true],
            "completionProvider": ["triggerCharacters": [".", "("]],
            "hoverProvider": true, "definitionProvider": true, "documentSymbolProvider": true, "documentFormattingProvider": true,
        ]
    }

    private func document(_ params: JSON) throws -> Document {
        guard let uri = params["textDocument"]["uri"].string else { throw Refusal(code: .invalidParams, message: "textDocument.uri is missing") }
        guard let document = documents[uri] else { throw Refusal(code: .invalidParams, message: "'\(uri)' is not open") }
        return document
    }

    private func place(_ params: JSON) throws -> (Document, Int) {
        let document = try self.document(params)
        guard let offset = document.offset(params["position"]) else { throw Refusal(code: .invalidParams, message: "position.line and position.character are missing") }
        return (document, offset)
    }

    private func navigation(_ document: Document) -> Navigation { Navigation(document: document, program: analyse(document).program, session: session) }

    /// One edit for the whole text; none where it is well formatted, or has errors.
    private func formatting(_ document: Document) -> JSON {
        guard let text = try? Formatter.format(document.source, verbs: session.registry.verbs), Array(text.utf8) != document.source.bytes else { return [] }
        return [["range": document.range(Span(0, document.source.bytes.count)), "newText": .string(text)]]
    }

    // MARK: - Notices

    private func notice(_ method: String, _ params: JSON) {
        let given = params["textDocument"]
        guard let uri = given["uri"].string else { return }
        switch method {
        case "textDocument/didOpen":
            guard let text = given["text"].string else { return }
            documents[uri] = Document(uri: uri, version: given["version"].int, text: text)
        case "textDocument/didChange":
            // The whole text each time, as was agreed on.
            guard documents[uri] != nil, let text = params["contentChanges"].array?.last?["text"].string else { return }
            documents[uri] = Document(uri: uri, version: given["version"].int, text: text)
        case "textDocument/didSave": break
        case "textDocument/didClose":
            guard let closed = documents.removeValue(forKey: uri) else { return }
            publish([], of: closed)
        default: return
        }
        session.loader.forgetFiles()
        if let document = documents[uri] { publish(analyse(document).diagnostics, of: document) }
        // Others may import what was changed.
        for other in documents.values.sorted(by: { $0.uri < $1.uri }) where other.uri != uri {
            let analysis = analyse(other)
            let imports = analysis.program.statements.contains { if case .importFile = $0.kind { return true } else { return false } }
            if imports { publish(analysis.diagnostics, of: other) }
        }
    }

    private func analyse(_ document: Document) -> Analysis {
        Analysis.of(document.source, kind: .file, globals: GlobalScope(), catalog: session.loader)
    }

    private func publish(_ diagnostics: [Diagnostic], of document: Document) {
        var params: [String: JSON] = ["uri": .string(document.uri), "diagnostics": Checking.diagnostics(diagnostics, of: document)]
        if let version = document.version { params["version"] = .int(version) }
        stream.write(["jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": .object(params)])
    }
}
