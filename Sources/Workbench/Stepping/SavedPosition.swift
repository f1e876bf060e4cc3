import Interpreter

/// Where a learner in the middle of a task is, as its file holds it: numbers of tasks of its benchmark.
struct SavedPosition: Codable {
    let tasks: [Int]
    let epochs: Int
    let size: Int
    let index: Int
    let epoch: Int
    let batch: Int
    let shuffle: [UInt64]?
    /// Statements of the next minibatch's update that were reached; 0: none has begun.
    let statements: Int

    init(_ cursor: TrainingCursor, statements: Int) {
        (tasks, epochs, size) = (cursor.tasks.map(\.task.number), cursor.epochs, cursor.size)
        (index, epoch, batch) = (cursor.index, cursor.epoch, cursor.batch)
        shuffle = cursor.shuffle.map { [$0.0, $0.1, $0.2, $0.3] }
        self.statements = statements
    }

    func cursor(_ bench: BenchmarkValue) throws -> TrainingCursor {
        let known = bench.taskValues
        let damaged = Failure(.fileError, "the file is damaged: its place in the tasks is none of this benchmark's")
        guard tasks.allSatisfy(known.indices.contains), statements >= 0,
              let cursor = try TrainingCursor(tasks.map { known[$0] }, epochs: epochs, size: size, index: index, epoch: epoch, batch: batch, shuffle: shuffle) else { throw damaged }
        return cursor
    }
}
