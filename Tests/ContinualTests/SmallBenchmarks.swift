import Continual

/// Short forms for tests.
extension Benchmark {
    static func permuted(_ data: Dataset, tasks: Int, perTask: Int?, seed: UInt64) throws -> Benchmark {
        try permuted(.data(data), tasks: tasks, amount: perTask.map { .count($0) } ?? .all, seed: seed)
    }

    static func split(_ data: Dataset, tasks: Int, perTask: Int?, seed: UInt64) throws -> Benchmark {
        try split(data, tasks: tasks, amount: perTask.map { .count($0) } ?? .all, seed: seed)
    }
}
