import Figures
import Interpreter

/// What memories of all kinds have in common: they belong to a learner, tell what is done to them, and can be looked at.
class SampleMemoryValue: HostValue {
    /// (channels, height, width) of its samples; nil where unknown.
    let imageShape: [Int]?
    let log: MemoryLog
    /// The learner that it was last reached through, and the name it has there.
    private(set) weak var learner: Learner?
    private(set) var name: String?

    init(_ log: MemoryLog, imageShape: [Int]?) { (self.log, self.imageShape) = (log, imageShape) }

    func belongs(to learner: Learner, as name: String) { (self.learner, self.name) = (learner, name) }

    /// What it holds. Each kind has its own.
    func held() throws -> HeldSamples { throw Failure(.internalError, "\(typeName) does not say what it holds") }

    final override func figure() throws -> Figure? { try ShownMemory(.host(self))?.figure() }
}
