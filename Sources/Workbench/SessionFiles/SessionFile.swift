import Downloads
import Engine
import FilePaths
import Foundation
import Interpreter

/// A session on disk: a safetensors file whose tensors have checksums, with everything else as JSON in one of them.
enum SessionFile {
    static let kind = "session"
    /// 2: SHA-256, functions that were made inside of others, what the shell's cells gave.
    static let version = 2

    // MARK: - Writing

    /// - Returns: names that could not be saved, with the reason.
    static func write(_ session: Session, _ workbench: Workbench, to path: String) throws -> [(name: String, reason: String)] {
        var writer = SessionWriter(session)
        let variables = try writer.variables(except: workbench.shellNames)
        let imports = try session.imports.map { file -> SavedSession.ImportedFile in
            guard let data = session.loader.readFile(file.path) else { throw Failure(.fileError, "the imported file '\(file.path)' is not there any more: the session could not be loaded again") }
            return SavedSession.ImportedFile(path: absolute(file.path), alias: file.alias, checksum: try sum(data))
        }
        let kept = try writer.values(workbench.takeValues?() ?? [])
        let saved = SavedSession(seed: workbench.streams.seed, device: workbench.device.description, streams: workbench.streams.states.mapValues { [$0.0, $0.1, $0.2, $0.3] },
                                 imports: imports, variables: variables, kept: kept, nodes: writer.nodes, sources: writer.sources.isEmpty ? nil : writer.sources, notes: workbench.takeNotes?())
        try SealedFile.write(saved, writer.tensors, kind: kind, version: version, to: path)
        workbench.markSaved(session)
        return writer.omitted
    }

    // MARK: - Reading

    /// Sets the session to what a file holds; on an error it stays as it is.
    static func read(into session: Session, _ workbench: Workbench, from path: String) throws {
        let (saved, file) = try whole(path)
        let (seed, streams, device) = (workbench.streams.seed, workbench.streams.states, workbench.device)
        var kept: [(name: String, value: Value)] = []
        do {
            try session.replaceNames(keeping: workbench.shellNames) {
                let reader = SessionReader(saved, file.tensors, path: path, session, workbench)
                let names = try reader.restore()
                kept = try reader.kept()
                return names
            }
            do { try workbench.setDevice(saved.device) } catch { throw Failure(.deviceError, "the session in '\(path)' worked on \(saved.device), which is not here") }
        } catch {
            workbench.streams.reseed(seed)
            workbench.streams.states = streams
            workbench.device = device
            throw error
        }
        workbench.streams.reseed(saved.seed)
        workbench.streams.states = saved.streams.mapValues { ($0[0], $0[1], $0[2], $0[3]) }
        workbench.markSaved(session)
        if let notes = saved.notes { workbench.didLoadNotes?(notes) }
        workbench.didLoadValues?(kept)
    }

    static func notes(_ path: String) throws -> Data {
        guard let notes = try whole(path).saved.notes else { throw Failure(.fileError, "'\(path)' holds no cells: it was not saved at a prompt") }
        return notes
    }

    /// A file whose version and checksums are as they should be.
    private static func whole(_ path: String) throws -> (saved: SavedSession, file: Safetensors.File) {
        let (saved, file) = try SealedFile.read(SavedSession.self, path, kind: kind, oldest: version, newest: version) { found in
            Failure(.fileError, "'\(path)' holds no session", hint: found == LearnerFile.kind ? "it holds a learner: load L from \"\(path)\"" : nil)
        }
        guard saved.streams.values.allSatisfy({ $0.count == 4 }) else { throw Failure(.fileError, "'\(path)' is damaged: its random streams are not whole") }
        return (saved, file)
    }

    static func sum(_ data: Data) throws -> String { try data.withUnsafeBytes { try Checksum.of($0, .sha256).digest } }

    static func absolute(_ path: String) -> String { FilePath.standard(path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)") }
}

extension Workbench {
    /// All learners of a session are in a file now.
    func markSaved(_ session: Session) {
        for name in session.ownNames.keys { if case .host(let learner as Learner)? = session.ownValue(of: name) { learner.savedMinibatches = learner.minibatches } }
    }
}

/// What a shell kept with a saved session.
public enum SavedNotes {
    /// - Throws: `Failure` where the file is no whole session.
    public static func read(_ path: String) throws -> Data { try SessionFile.notes(path) }
}
