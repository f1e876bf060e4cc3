import Engine
import Interpreter

/// All that a learner is at one moment, in memory: weights, gradients, memories, variables, and the session's random streams.
final class LearnerCheckpoint {
    let file: LearnerFile
    let tensors: [String: Tensor]
    let byteCount: Int

    init(_ learner: Learner, _ streams: RandomStreams) throws {
        var writer = ValueWriter(copies: true)
        file = try LearnerFile(learner, streams: streams, &writer)
        tensors = Dictionary(writer.tensors, uniquingKeysWith: { $1 })
        byteCount = writer.tensors.reduce(0) { $0 + $1.1.byteCount }
    }

    func restore(_ learner: Learner, _ streams: RandomStreams) throws {
        try file.restore(learner, streams, ValueReader(tensors, path: "memory"))
    }

    /// Whether the learner was the same, bit for bit.
    func isEqual(to other: LearnerCheckpoint) throws -> Bool {
        guard tensors.count == other.tensors.count, try file.isSame(as: other.file) else { return false }
        return try tensors.allSatisfy { name, tensor in try other.tensors[name].map { try tensor.equalsBitwise($0) } ?? false }
    }
}
