import Continual
import Interpreter

/// The learners that a session made, also those that are gone: a script may make one for each seed in a loop, and the record of the run tells of all.
final class LearnerLog {
    /// A script may make any number.
    private static let most = 1000
    /// Losses that are kept of learners that are gone, of all together.
    private static let mostLosses = 10_000_000
    private var losses = 0
    private(set) var entries: [Entry] = []
    private(set) var leftOut = 0

    final class Entry {
        fileprivate(set) weak var learner: Learner?
        let method: String
        /// Of the random streams when it was made.
        let seed: UInt64
        /// As they were when it was made, without values that would keep it or its network alive.
        fileprivate(set) var parameters: [(String, Value)] = []
        private var last: Learner.Progress?
        private weak var log: LearnerLog?

        fileprivate init(_ learner: Learner, seed: UInt64, _ log: LearnerLog) { (self.learner, method, self.seed, self.log) = (learner, learner.method.name, seed, log) }

        /// One of an earlier part of the run. With `last` the learner is gone.
        init(_ learner: Learner?, method: String, seed: UInt64, parameters: [(String, Value)], last: Learner.Progress?, _ log: LearnerLog) {
            (self.learner, self.method, self.seed, self.parameters, self.last, self.log) = (learner, method, seed, parameters, last, log)
        }

        var progress: Learner.Progress? { learner?.progress ?? last }
        fileprivate var isEmpty: Bool { progress.map { $0.accuracy == nil && $0.losses.isEmpty } ?? true }

        /// Called when the learner goes.
        func keep(_ progress: Learner.Progress) {
            last = progress
            guard let log else { return }
            if log.losses + progress.losses.count > LearnerLog.mostLosses { last?.losses = [] } else { log.losses += progress.losses.count }
        }
    }

    func add(_ learner: Learner, seed: UInt64) {
        if entries.count >= Self.most { entries.removeAll { $0.learner == nil && $0.isEmpty } }
        guard entries.count < Self.most else {
            leftOut += 1
            return
        }
        let entry = Entry(learner, seed: seed, self)
        learner.logEntry = entry
        entries.append(entry)
    }

    /// Takes the place of what is there: a run goes on.
    func replace(_ entries: [Entry], leftOut: Int) {
        (self.entries, self.leftOut) = (entries, leftOut)
        losses = entries.reduce(0) { $0 + ($1.learner == nil ? $1.progress?.losses.count ?? 0 : 0) }
        for entry in entries { entry.learner?.logEntry = entry }
    }

    /// Those that were trained or tested, as they were made.
    var active: [Entry] { entries.filter { !$0.isEmpty } }

    /// Values as the log may keep them.
    static func plain(_ value: Value) -> Value {
        switch value {
        case .host, .cell, .list, .record: return .text(Describer.string(value))
        default: return value
        }
    }
}

extension LearnerLog.Entry {
    func remember(_ parameters: [(String, Value)]) { self.parameters = parameters.map { ($0.0, LearnerLog.plain($0.1)) } }
}
