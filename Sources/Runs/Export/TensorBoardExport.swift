import Continual
import Engine
import FilePaths
import Foundation

/// Runs as event files, a folder for each learner: `loss` by minibatch, and by task `accuracy/task N` and the metrics over the tasks learned.
public struct TensorBoardExport {
    private let store: RunStore
    public init(_ store: RunStore) { self.store = store }

    /// - Returns: how many learners' files were written.
    public func write(_ filter: RunFilter, to folder: String) throws -> Int {
        var count = 0
        for row in try store.rows(filter).rows.reversed() {
            guard let learner = try store.learner(of: row) else { continue }
            let name = Self.fileName("\(row.number)-\(learner.name)")
            let target = "\(folder)/\(name)"
            do { try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true) } catch { throw StoreProblem(.file, "the folder '\(target)' can't be made") }
            // Named after the run alone: writing it anew replaces it.
            let path = "\(target)/events.out.tfevents.\(Int(max(0, row.started))).\(Self.fileName(row.host)).\(row.id)"
            do { try AtomicFile.write(Self.events(learner, row), to: path) } catch let error as EngineError { throw StoreProblem(.file, error.message) }
            count += 1
        }
        return count
    }

    private static func fileName(_ text: String) -> String { String(text.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }) }

    /// No moment of a single minibatch is known: all events carry the run's start, and curves are to be seen by step.
    static func events(_ learner: LearnerRecord, _ row: RunRow) -> Data {
        var file = EventFile(time: row.started)
        for (step, loss) in (learner.losses.values ?? []).enumerated() { file.scalar("loss", loss, step: step, time: row.started) }
        guard let matrix = learner.accuracy else { return file.data }
        for task in matrix.rows.indices where matrix.rows[task] != nil {
            for other in 0..<matrix.tasks { if let value = matrix[task, other] { file.scalar("accuracy/task \(other + 1)", value, step: task + 1, time: row.started) } }
            for (name, value) in RunMetrics(matrix.after(task), lca: nil).entries { if let value { file.scalar("metrics/\(name)", value, step: task + 1, time: row.started) } }
        }
        if let lca = learner.lca { file.scalar("metrics/lca", lca, step: matrix.tasks, time: row.started) }
        return file.data
    }
}
