import Engine
import Foundation
import Interpreter

/// A run in mid-program on disk: a safetensors file whose parts have checksums. It goes on to the same bits.
public struct Checkpoint {
    static let kind = "checkpoint"
    static let newestVersion = 1

    private let state: SavedState
    private let tensors: [String: Tensor]
    private let path: String

    /// What was kept with it.
    public var notes: Data { state.notes }

    /// A copy of a run that has stepped out, to be written while it goes on.
    public struct Draft: @unchecked Sendable {
        private let state: SavedState
        private let tensors: [(String, Tensor)]

        /// On the evaluation thread only.
        /// - Throws: `CheckpointProblem` where something can't be saved.
        public init(_ position: Position, _ session: Session, _ workbench: Workbench, notes: Data) throws {
            let (state, storages) = try StateWriter.state(position, session, workbench, notes: notes)
            (self.state, tensors) = (state, try storages.map { ($0, try $1.clone()) })
        }

        /// Through a temporary file, on any thread.
        /// - Throws: `EngineError` where the file can't be written.
        public func write(to path: String) throws { try SealedFile.write(state, tensors, kind: kind, version: newestVersion, to: path) }
    }

    /// - Throws: `Failure` or `EngineError` where the file is cut off, altered, or of a newer bclsh.
    public init(_ path: String) throws {
        let (state, file) = try SealedFile.read(SavedState.self, path, kind: Self.kind, newest: Self.newestVersion) { found in
            Failure(.fileError, "'\(path)' holds no checkpoint", hint: found == SessionFile.kind ? "it holds a session: at the prompt, load session \"\(path)\"" : found == LearnerFile.kind ? "it holds a learner: load L from \"\(path)\"" : nil)
        }
        (self.state, tensors, self.path) = (state, file.tensors, path)
    }

    /// Before the script is compiled that is to go on from here.
    public static func prepare(_ session: Session) { session.loader.places.isKept = true }

    /// Sets a fresh session, whose script was just compiled, to what it was. On the evaluation thread only.
    public func restore(_ session: Session, _ workbench: Workbench) throws -> Position {
        defer {
            session.loader.places.isKept = false
            session.loader.places.clear()
        }
        return try StateReader(state, tensors, path: path, session, workbench).restore()
    }
}

/// What keeps a checkpoint from being taken: the variable that leads to it, and why.
public struct CheckpointProblem: Error {
    /// "'net' (x.bcl:3)"
    public let holder: String
    let cause: Unsaveable

    public var reason: String { cause.reason }
    public var remedy: String? { cause.remedy }
    /// Whether it is of a kind that comes and goes.
    public var isPassing: Bool { cause.isPassing }
}
