import Engine

/// Samples from several places in one order: each keeps the transform and the labels of the part it comes from.
struct SampleMix {
    let parts: [TaskSamples]
    /// For each sample the part it comes from, and its position there.
    private let places: [(part: Int, position: Int)]

    init(_ parts: [TaskSamples], _ places: [(part: Int, position: Int)]) {
        self.parts = parts
        self.places = places
    }

    var count: Int { places.count }

    func chosen(_ positions: [Int]) -> SampleMix { SampleMix(parts, positions.map { places[$0] }) }
    func onParts(_ change: (TaskSamples) throws -> TaskSamples) rethrows -> SampleMix { SampleMix(try parts.map(change), places) }

    func minibatch(_ start: Int, _ length: Int) throws -> Minibatch {
        var xs: [Tensor] = []
        var ys: [Tensor] = []
        let order = try gather(start, length) { part in
            let batch = try part.minibatch(0, part.count)
            xs.append(batch.x)
            ys.append(batch.y)
        }
        return Minibatch(x: try joined(xs, order), y: try joined(ys, order))
    }

    func pixels(_ start: Int, _ length: Int) throws -> Tensor {
        var images: [Tensor] = []
        let order = try gather(start, length) { images.append(try $0.pixels(0, $0.count)) }
        return try joined(images, order)
    }

    func labels() throws -> Tensor {
        let all = try parts.map { try $0.labels().ints() }
        return try Tensor.from(places.map { all[$0.part][$0.position] }, device: parts[0].device)
    }

    /// Hands out the samples of a stretch part by part. Returns where each sample is then found in their concatenation.
    private func gather(_ start: Int, _ length: Int, _ body: (TaskSamples) throws -> Void) throws -> [Int] {
        guard start >= 0, length >= 0, start <= count, length <= count - start else { throw DataError("there are \(count) samples; \(start) to \(start &+ length) lie outside of them") }
        var order = [Int](repeating: 0, count: length)
        var done = 0
        for part in parts.indices {
            let own = (0..<length).filter { places[start + $0].part == part }
            if own.isEmpty { continue }
            try body(try parts[part].chosen(own.map { places[start + $0].position }))
            for index in own {
                order[index] = done
                done += 1
            }
        }
        if length == 0 { try body(try parts[0].chosen([])) }
        return order
    }

    private func joined(_ tensors: [Tensor], _ order: [Int]) throws -> Tensor {
        if tensors.count == 1 { return tensors[0] }
        let together = try Tensor.cat(tensors)
        return try together.indexSelect(0, try Tensor.from(order, device: together.device))
    }
}
