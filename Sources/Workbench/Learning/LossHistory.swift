import Engine

/// What the updates of a learner returned, in order. A loss that is a tensor is read when somebody looks: on a GPU nobody waits for it after each minibatch.
final class LossHistory {
    private var known: [Double]
    /// Place of the first known loss that is nan or infinite.
    private var unsound: Int?
    /// Those that were not read yet; their places in `known` hold nan.
    private var waiting: [(place: Int, loss: Tensor)] = []
    /// Each keeps a little memory of its device.
    private static let mostWaiting = 4096

    init(_ known: [Double] = []) {
        self.known = known
        unsound = known.firstIndex { !$0.isFinite }
    }

    var count: Int { known.count }

    func append(_ loss: Double) {
        note(loss, at: known.count)
        known.append(loss)
    }

    /// - Parameter loss: a tensor of one number. Its history is let go.
    func append(_ loss: Tensor) throws {
        if waiting.count >= Self.mostWaiting { read() }
        waiting.append((known.count, try loss.detach()))
        known.append(.nan)
    }

    /// All of them.
    var values: [Double] {
        read()
        return known
    }

    var last: Double? { values.last }

    /// Place of the first loss that is nan or infinite.
    var firstNotFinite: Int? {
        read()
        return unsound
    }

    private func note(_ loss: Double, at place: Int) {
        if !loss.isFinite, place < unsound ?? .max { unsound = place }
    }

    /// One copy from each device; what can't be read (of a device that is lost) stays nan.
    private func read() {
        let all = waiting
        waiting = []
        for (_, losses) in Dictionary(grouping: all, by: \.loss.device) {
            let values = try? losses.count == 1 ? [losses[0].loss.item()] : Tensor.stack(losses.map { try $0.loss.reshape([]).to(.float64) }).doubles()
            for (loss, value) in zip(losses, values ?? []) {
                known[loss.place] = value
                note(value, at: loss.place)
            }
        }
    }
}
