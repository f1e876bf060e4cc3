import Dispatch
import Engine

/// A way back from a minibatch that fails while training runs: the learner a moment ago, from where the minibatches since can be run again.
/// Before every minibatch it would take longer than many a minibatch does.
struct SafePoint {
    let cursor: TrainingCursor
    let checkpoint: LearnerCheckpoint
    private let taken: UInt64
    private let cost: UInt64
    /// One part in so many of the time goes into them.
    private static let share: UInt64 = 20

    /// nil where the learner holds what can't be put back.
    /// - Parameter known: a checkpoint of the learner as it is, where there is one.
    init?(_ learner: Learner, _ cursor: TrainingCursor, _ known: LearnerCheckpoint?, _ streams: RandomStreams) {
        let start = DispatchTime.now().uptimeNanoseconds
        guard let checkpoint = try? known ?? LearnerCheckpoint(learner, streams) else { return nil }
        (self.cursor, self.checkpoint) = (cursor, checkpoint)
        taken = DispatchTime.now().uptimeNanoseconds
        cost = taken - start
    }

    /// Whether the next one is worth its time.
    var isDue: Bool { (DispatchTime.now().uptimeNanoseconds - taken) / Self.share > cost }
}
