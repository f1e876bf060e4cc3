import Dispatch
import Engine
import Interpreter

/// A way back from a minibatch that fails while training runs: the learner a moment ago, from where the minibatches since can be run again.
/// Before every minibatch it would take longer than many a minibatch does.
struct SafePoint {
    let cursor: TrainingCursor
    let checkpoint: LearnerCheckpoint
    private let taken: UInt64
    private let cost: UInt64
    /// One part in so many of the time goes into them.
    private static let share: UInt64 = 20

    /// A learner that holds more is not kept twice.
    private static let largest = 2 << 30

    /// nil where the learner is too large, or holds what can't be put back.
    /// - Parameter known: a checkpoint of the learner as it is, where there is one.
    init?(_ learner: Learner, _ cursor: TrainingCursor, _ known: LearnerCheckpoint?, _ streams: RandomStreams) {
        let start = DispatchTime.now().uptimeNanoseconds
        guard known != nil || Self.size(learner) <= Self.largest, let checkpoint = try? known ?? LearnerCheckpoint(learner, streams) else { return nil }
        (self.cursor, self.checkpoint) = (cursor, checkpoint)
        taken = DispatchTime.now().uptimeNanoseconds
        cost = taken - start
    }

    /// Bytes of its networks and memories.
    private static func size(_ learner: Learner) -> Int {
        learner.stateNames.compactMap(learner.state).reduce(0) { sum, value in
            guard case .host(let host) = value else { return sum }
            switch host {
            case let net as NetworkValue: return sum + 2 * net.network.weights.byteCount
            case let memory as MemoryValue: return sum + memory.memory.byteCount
            case let memory as PooledMemoryValue: return sum + memory.memory.byteCount
            case let tensor as TensorValue: return sum + tensor.tensor.byteCount
            default: return sum
            }
        }
    }

    /// Whether the next one is worth its time.
    var isDue: Bool { (DispatchTime.now().uptimeNanoseconds - taken) / Self.share > cost }
}
