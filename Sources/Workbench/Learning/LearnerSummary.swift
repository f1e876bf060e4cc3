import Continual
import Interpreter

/// What is known of a learner, without the language: for records of runs.
public struct LearnerSummary {
    public let name: String
    public let method: String
    public let parameters: [(String, Value)]
    /// R[i][j]; nil for rows and entries that were not evaluated.
    public let accuracy: [[Double?]?]
    public let metrics: [String: Double?]
    public let minibatches: Int
    /// Of these, those that were trained since it was saved or loaded.
    public let unsavedMinibatches: Int
}

extension Workbench {
    /// The learners that a session's top-level names hold, by name.
    public func learners(in session: Session) -> [LearnerSummary] {
        session.scope.variables.keys.sorted().compactMap { name in
            guard case .host(let host)? = session.value(of: name), let learner = host as? Learner else { return nil }
            let matrix = learner.accuracy
            return LearnerSummary(
                name: name, method: learner.method.name, parameters: learner.parameters, accuracy: matrix?.rows ?? [],
                metrics: ["acc": matrix?.acc, "fm": matrix?.fm, "la": matrix?.la, "bwt": matrix?.bwt, "fwt": matrix?.fwt],
                minibatches: learner.minibatches, unsavedMinibatches: max(0, learner.minibatches - learner.savedMinibatches))
        }
    }
}
