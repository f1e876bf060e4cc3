import BCLScript
import Engine
import Interpreter

/// `t[1, 2:5]`, `t[indices]`, `t[mask]`.
enum TensorIndexing {
    static func get(_ tensor: Tensor, _ items: [IndexValue]) throws -> Tensor {
        guard items.count <= tensor.rank else { throw Failure(.outOfRange, "\(items.count) indexes are too many for a tensor of \(tensor.rank) dimensions") }
        var result = tensor
        var dimension = 0
        for item in items {
            switch item {
            case .at(.int(let index)):
                let size = result.shape[dimension]
                result = try result.select(dimension, try Indexing.position(index, count: size, of: "dimension"))
            case .slice(let start, let end, let step):
                result = try slice(result, dimension, start, end, step)
                dimension += 1
            case .at(.host(let host)):
                if let indices = (host as? TensorValue)?.tensor {
                    if indices.dtype == .bool {
                        guard items.count == 1, indices.shape == tensor.shape else {
                            guard indices.shape == [result.shape[dimension]] else {
                                throw Failure(.tensorError, "a mask of shape \(indices.shape) does not fit a tensor of shape \(result.shape)")
                            }
                            let chosen = try indices.bools().enumerated().filter(\.element).map(\.offset)
                            result = try result.indexSelect(dimension, try Tensor.from(chosen, device: result.device))
                            dimension += 1
                            continue
                        }
                        return try result.maskedSelect(try indices.to(result.device))
                    }
                    result = try select(result, dimension, indices)
                    dimension += 1
                } else if let range = host as? RangeValue {
                    result = try slice(result, dimension, range.start, range.end, 1)
                    dimension += 1
                } else {
                    throw wrong(item)
                }
            case .at(.list(let list)):
                let indices = try list.items.map { value -> Int in
                    guard case .int(let index) = value else { throw wrong(item) }
                    return try Indexing.position(index, count: result.shape[dimension], of: "dimension")
                }
                result = try result.indexSelect(dimension, try Tensor.from(indices, device: result.device))
                dimension += 1
            case .at: throw wrong(item)
            }
        }
        return result
    }

    private static func select(_ tensor: Tensor, _ dimension: Int, _ indices: Tensor) throws -> Tensor {
        // Indices on the CPU are checked there, and nobody waits for a GPU.
        guard indices.dtype == .int64, indices.rank == 1 else { throw Failure(.tensorError, "a tensor is indexed by int64 [k] or bool, not \(indices.summary)") }
        let size = tensor.shape[dimension]
        if indices.count > 0 {
            let (low, high) = (try indices.min().itemInt(), try indices.max().itemInt())
            guard low >= 0, high < size else { throw Failure(.outOfRange, "index \(low < 0 ? low : high) is out of range for dimension \(dimension) of size \(size)") }
        }
        return try tensor.indexSelect(dimension, try indices.to(tensor.device))
    }

    private static func slice(_ tensor: Tensor, _ dimension: Int, _ start: Int?, _ end: Int?, _ step: Int) throws -> Tensor {
        let bounds = try Indexing.bounds(start, end, step, count: tensor.shape[dimension])
        if step > 0 { return try tensor.slice(dimension, bounds.start, max(bounds.start, bounds.end), step: step) }
        let rows = stride(from: bounds.start, to: bounds.end, by: step).map { $0 }
        return try tensor.indexSelect(dimension, try Tensor.from(rows, device: tensor.device))
    }

    private static func wrong(_ item: IndexValue) -> Failure {
        guard case .at(let value) = item else { return Failure(.wrongType, "this is no index") }
        return Failure(.wrongType, "a tensor is indexed by ints, slices, lists of ints and tensors, not \(value.phrase)")
    }

    /// Only views can be written through: ints and slices.
    static func set(_ tensor: Tensor, _ items: [IndexValue], to value: Value) throws {
        for item in items {
            switch item {
            case .at(.int), .slice: continue
            default: throw Failure(.wrongType, "elements of a tensor are set by ints and slices")
            }
        }
        let view = try get(tensor, items)
        try withoutGradients {
            if case .host(let host) = value, let source = (host as? TensorValue)?.tensor { return try view.copyInPlace(from: source) }
            guard let number = TensorValue.scalar(value) else { throw Failure(.wrongType, "an element of a tensor is a number, not \(value.phrase)") }
            switch number {
            case .int(let number): try view.fillInPlace(Double(number))
            case .float(let number): try view.fillInPlace(number)
            }
        }
    }
}
