import Continual
import Interpreter

/// What is known of a learner, without the language: for records of runs.
public struct LearnerSummary {
    /// The variable that holds it; else its method, with a number where there are several.
    public let name: String
    public let isNamed: Bool
    public let method: String
    /// Of the random streams when it was made.
    public let seed: UInt64
    public let parameters: [(String, Value)]
    public let accuracy: AccuracyMatrix?
    /// By which classes competed: "task", "all", "seen".
    public let accuracies: [String: AccuracyMatrix]
    public let lca: Double?
    public let losses: [Double]
    public let minibatches: Int
    /// Of these, those that were trained since it was saved or loaded.
    public let unsavedMinibatches: Int

    init(_ name: String, isNamed: Bool, method: String, seed: UInt64, parameters: [(String, Value)], _ progress: Learner.Progress) {
        (self.name, self.isNamed, self.method, self.seed, self.parameters) = (name, isNamed, method, seed, parameters + (progress.passes?.parameters ?? []))
        (accuracy, accuracies, losses, minibatches) = (progress.accuracy, progress.accuracies, progress.losses, progress.minibatches)
        lca = LearningCurve.area(progress.curves)
        unsavedMinibatches = max(0, progress.minibatches - progress.savedMinibatches)
    }
}

extension Workbench {
    /// The learners that a session's top-level names hold, by name. On the evaluation thread, or while nothing runs.
    public func learners(in session: Session) -> [LearnerSummary] { named(in: session).map { summary($0.name, $0.learner) } }

    /// Those, then the others that were trained or tested and that `keepsLearners` kept, in the order in which they were made.
    public func allLearners(in session: Session) -> (learners: [LearnerSummary], leftOut: Int) {
        let named = named(in: session)
        let others = learnerLog?.active.filter { entry in !named.contains { $0.learner === entry.learner } } ?? []
        var counts: [String: Int] = [:]
        let shown = others.map { entry -> LearnerSummary in
            counts[entry.method, default: 0] += 1
            return LearnerSummary("\(entry.method) \(counts[entry.method, default: 1])", isNamed: false, method: entry.method, seed: entry.seed, parameters: entry.parameters, entry.progress ?? Learner.Progress())
        }
        return (named.map { summary($0.name, $0.learner) } + shown, learnerLog?.leftOut ?? 0)
    }

    private func named(in session: Session) -> [(name: String, learner: Learner)] {
        session.scope.variables.keys.sorted().compactMap { name in
            guard case .host(let host)? = session.value(of: name), let learner = host as? Learner else { return nil }
            return (name, learner)
        }
    }

    private func summary(_ name: String, _ learner: Learner) -> LearnerSummary {
        LearnerSummary(name, isNamed: true, method: learner.method.name, seed: learner.logEntry?.seed ?? streams.seed, parameters: learner.parameters, learner.progress)
    }
}
