import BCLScript
import Continual
import Engine
import Interpreter

/// The loss of a learner's network on what a memory holds: mean cross-entropy over the samples, each with its task's head, in evaluation mode.
struct MemoryLoss {
    let parts: [HeldSamples.Part]
    private let classifier: ClassifierValue
    var count: Int { parts.reduce(0) { $0 + $1.count } }

    /// - Parameter most: samples that are used at most, spread evenly over the memory; nil for all.
    init(_ memory: HeldSamples, _ classifier: ClassifierValue, most: Int? = nil) throws {
        self.classifier = classifier
        let share = most.map { min(1, Double($0) / Double(max(1, memory.count))) } ?? 1
        parts = try memory.parts.map { part in
            let count = max(1, Int((Double(part.count) * share).rounded()))
            guard count < part.count else { return part }
            let rows = try Tensor.from((0..<count).map { $0 * part.count / count }, device: part.y.device)
            return HeldSamples.Part(task: part.task, x: try part.x.indexSelect(0, rows), y: try part.y.indexSelect(0, rows), ages: nil)
        }
    }

    func value() throws -> Double {
        try withoutGradients { try parts.reduce(0.0) { try $0 + loss($1).item() * Double($1.count) } / Double(max(1, count)) }
    }

    func loss(_ part: HeldSamples.Part) throws -> Tensor { try Loss.crossEntropy(try classifier.predict(part.x, task: part.task), part.y) }

    /// Loss and gradient [P] of one part.
    func gradient(_ part: HeldSamples.Part) throws -> (loss: Double, gradient: Tensor) {
        try withGradients {
            let loss = try loss(part)
            let parts = try loss.gradients(with: classifier.network.network.parameters)
            return (try loss.item(), try Tensor.cat(try parts.map { try $0.flatten(0) }).detach())
        }
    }
}
