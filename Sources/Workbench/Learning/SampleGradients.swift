import Continual
import Engine
import Interpreter

/// Sums over the gradients of single samples, in evaluation mode: what importance measures are made of. One pass for each sample, without the script.
struct SampleGradients {
    private let classifier: ClassifierValue
    private let evaluator: Evaluator

    init(_ classifier: ClassifierValue, _ evaluator: Evaluator) { (self.classifier, self.evaluator) = (classifier, evaluator) }

    /// Mean of the squared gradients of the samples' cross entropies [P].
    func fisher(_ x: Tensor, _ y: Tensor, _ task: Int) throws -> Tensor {
        guard y.rank == 1, x.rank == 2, x.shape[0] == y.count else { throw DataError("there are \(x.summary) samples, but \(y.summary) labels") }
        return try mean(x, task, { logits, row in try Loss.crossEntropy(logits, try y.narrow(0, row, 1)) }, { try $0.square() })
    }

    /// Mean of the absolute gradients of the squared norm of the outputs [P].
    func sensitivity(_ x: Tensor, _ task: Int) throws -> Tensor {
        guard x.rank == 2 else { throw DataError("samples are [B, D], not \(x.summary)") }
        return try mean(x, task, { logits, _ in try logits.square().sum() }, { try $0.abs() })
    }

    private func mean(_ x: Tensor, _ task: Int, _ loss: (Tensor, Int) throws -> Tensor, _ measure: (Tensor) throws -> Tensor) throws -> Tensor {
        guard x.shape[0] > 0 else { throw DataError("there are no samples") }
        guard task >= 0, task < classifier.benchmark.tasks.count else { throw DataError("\(classifier.benchmark.name) has no task \(task)") }
        let network = classifier.network.network
        let parameters = network.parameters
        let sum = try Tensor.zeros([network.parameterCount], dtype: network.dtype, device: network.device)
        for row in 0..<x.shape[0] {
            try evaluator.checkInterrupt()
            try withGradients {
                let value = try loss(try classifier.predict(try x.narrow(0, row, 1), task: task), row)
                let gradients = try value.gradients(with: parameters)
                try withoutGradients { try sum.addInPlace(try measure(try network.flat(gradients))) }
            }
        }
        try withoutGradients { try sum.mulInPlace(1 / Double(x.shape[0])) }
        return sum
    }
}
