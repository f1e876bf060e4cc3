import BCLScript
import Engine
import Interpreter

/// Properties and methods of tensors, named as in PyTorch.
enum TensorMembers {
    static let table = MemberTable(properties + elementwise + reductions + shapes + learning)

    static func tensor(_ value: Value) throws -> Tensor {
        guard case .host(let host) = value, let tensor = (host as? TensorValue)?.tensor else { throw Failure(.wrongType, "this is \(value.phrase), not a tensor") }
        return tensor
    }

    private static func property(_ name: String, _ doc: String, _ get: @escaping (Tensor) throws -> Value) -> Member {
        .property(name, doc) { value, _ in try get(try tensor(value)) }
    }

    private static func plain(_ name: String, _ doc: String, _ run: @escaping (Tensor) throws -> Tensor) -> Member {
        .method(name, [], doc) { value, _, _ in TensorValue.value(try run(try tensor(value))) }
    }

    private static func sized(_ name: String, _ doc: String, _ all: @escaping (Tensor) throws -> Tensor, _ along: @escaping (Tensor, Int, Bool) throws -> Tensor) -> Member {
        .method(name, [optional("dim", "none"), optional("keep", "false")], doc) { value, arguments, _ in
            let tensor = try tensor(value)
            guard let dimension = try arguments.optionalInt(0) else { return TensorValue.value(try all(tensor)) }
            return TensorValue.value(try along(tensor, dimension, try arguments.bool(1, default: false)))
        }
    }

    private static var properties: [Member] {
        [
            property("shape", "List of sizes.") { .items($0.shape.map { .int($0) }) },
            property("dtype", "Type of the elements: float32, float64, int64, uint8, bool.") { .text($0.dtype.rawValue) },
            property("device", "Where it lives: cpu, cuda:0.") { .text($0.device.description) },
            property("count", "Number of elements.") { .int($0.count) },
            property("grad", "The gradient that backward accumulated, or none.") { try $0.grad.map { TensorValue.value($0) } ?? .none },
        ]
    }

    private static var elementwise: [Member] {
        [
            plain("abs", "Absolute values.") { try $0.abs() }, plain("exp", "e to the power of each element.") { try $0.exp() },
            plain("log", "Natural logarithms.") { try $0.log() }, plain("sqrt", "Square roots.") { try $0.sqrt() },
            plain("square", "Squares.") { try $0.square() }, plain("relu", "max(x, 0) for each element.") { try $0.relu() },
            plain("tanh", "Hyperbolic tangents.") { try $0.tanh() }, plain("sigmoid", "1 / (1 + exp(-x)) for each element.") { try $0.sigmoid() },
            plain("round", "Nearest integers, halves to even.") { try $0.round() }, plain("sign", "-1, 0 or 1 for each element.") { try $0.sign() },
            plain("float", "As float32.") { try $0.to(.float32) }, plain("double", "As float64.") { try $0.to(.float64) },
            plain("int", "As int64, cut off towards zero.") { try $0.to(.int64) }, plain("bool", "Whether each element is not zero.") { try $0.to(.bool) },
            plain("clone", "A copy with storage of its own.") { try $0.clone() }, plain("detach", "The same data outside of any gradient.") { try $0.detach() },
            .method("clamp", [optional("min", "none"), optional("max", "none")], "Elements limited to [min, max].") { value, arguments, _ in
                func bound(_ index: Int) throws -> Double? {
                    if case .none = arguments[index] { return nil }
                    return arguments.has(index) ? try arguments.double(index) : nil
                }
                return TensorValue.value(try tensor(value).clamp(min: try bound(0), max: try bound(1)))
            },
            .method("softmax", [optional("dim", "-1")], "exp(x) / sum exp(x) along a dimension.") { value, arguments, _ in
                TensorValue.value(try tensor(value).softmax(try arguments.int(0, default: -1)))
            },
            .method("log_softmax", [optional("dim", "-1")], "Logarithm of the softmax along a dimension.") { value, arguments, _ in
                TensorValue.value(try tensor(value).logSoftmax(try arguments.int(0, default: -1)))
            },
        ]
    }

    private static var reductions: [Member] {
        [
            sized("sum", "Sum of all elements, or along a dimension.", { try $0.sum() }, { try $0.sum($1, keepDim: $2) }),
            sized("mean", "Mean of all elements, or along a dimension.", { try $0.mean() }, { try $0.mean($1, keepDim: $2) }),
            sized("max", "Largest element, or largest along a dimension.", { try $0.max() }, { try $0.max($1, keepDim: $2) }),
            sized("min", "Smallest element, or smallest along a dimension.", { try $0.min() }, { try $0.min($1, keepDim: $2) }),
            sized("argmax", "Index of the largest element (int64).", { try $0.argmax() }, { try $0.argmax($1, keepDim: $2) }),
            sized("argmin", "Index of the smallest element (int64).", { try $0.argmin() }, { try $0.argmin($1, keepDim: $2) }),
            sized("norm", "Square root of the sum of squares.", { try $0.norm() }, { try $0.norm($1, keepDim: $2) }),
            sized("any", "Whether any element is not zero.", { try $0.any() }, { try $0.any($1, keepDim: $2) }),
            sized("all", "Whether all elements are not zero.", { try $0.all() }, { try $0.all($1, keepDim: $2) }),
            .method("dot", [required("other")], "Inner product of two vectors [n].") { value, arguments, _ in
                let (a, b) = (try tensor(value), try TensorBuiltins.tensor(arguments, 0))
                guard a.rank == 1, a.shape == b.shape, a.dtype == b.dtype else { throw arguments.bad(0, "must be a \(a.dtype.rawValue) vector of the same length, not \(b.summary) for \(a.summary)") }
                return TensorValue.value(try a.dot(b))
            },
            .method("argsort", [optional("descending", "false")], "Indices that put the last dimension in order (int64); equal elements keep their order.") { value, arguments, _ in
                TensorValue.value(try tensor(value).sort(descending: try arguments.bool(0, default: false)).indices)
            },
            .method("gather", [required("indices"), optional("dim", "1")], "Elements at int64 indices along a dimension, in the indices' shape.") { value, arguments, _ in
                TensorValue.value(try tensor(value).gather(try arguments.int(1, default: 1), try TensorBuiltins.tensor(arguments, 0)))
            },
            .method("one_hot", [required("classes")], "Labels int64 [..] as float32 [.., classes] of 0 and 1.") { value, arguments, _ in
                TensorValue.value(try tensor(value).oneHot(try arguments.int(0, in: 1...1_000_000)).to(.float32))
            },
            .method("maximum", [required("other")], "The larger of each pair of elements of two tensors.") { value, arguments, _ in
                TensorValue.value(try tensor(value).maximum(try TensorBuiltins.tensor(arguments, 0)))
            },
            plain("std", "Standard deviation of all elements (divisor n - 1).") { try $0.std() },
        ]
    }

    private static var shapes: [Member] {
        [
            .method("reshape", [variadic("sizes")], "The same elements in another shape; one size may be -1.") { value, arguments, _ in
                TensorValue.value(try tensor(value).reshape(try sizes(arguments)))
            },
            .method("flatten", [optional("start", "0")], "All dimensions from start on in one.") { value, arguments, _ in
                TensorValue.value(try tensor(value).flatten(try arguments.int(0, default: 0)))
            },
            .method("transpose", [optional("a", "0"), optional("b", "1")], "Two dimensions exchanged.") { value, arguments, _ in
                TensorValue.value(try tensor(value).transpose(try arguments.int(0, default: 0), try arguments.int(1, default: 1)))
            },
            .method("unsqueeze", [required("dim")], "A new dimension of size 1.") { value, arguments, _ in TensorValue.value(try tensor(value).unsqueeze(try arguments.int(0))) },
            .method("squeeze", [required("dim")], "Without a dimension of size 1.") { value, arguments, _ in TensorValue.value(try tensor(value).squeeze(try arguments.int(0))) },
            .method("item", [], "The number in a tensor of one element.") { value, _, _ in
                let tensor = try tensor(value)
                if tensor.dtype == .bool { return .bool(try tensor.item() != 0) }
                return tensor.dtype.isFloatingPoint ? .float(try tensor.item()) : .int(try tensor.itemInt())
            },
            .method("list", [], "The elements in nested lists.") { value, _, _ in try nested(try tensor(value).to(.cpu)) },
            .method("to", [required("device")], "A copy on another device: \"cpu\", \"cuda\".") { value, arguments, _ in
                TensorValue.value(try tensor(value).to(try Device(named: try arguments.string(0))))
            },
        ]
    }

    private static func sizes(_ arguments: Arguments) throws -> [Int] {
        var values = try arguments.list(0)
        if values.count == 1, case .list(let inner) = values[0] { values = inner.items }
        return try values.map {
            guard case .int(let size) = $0 else { throw Failure(.wrongType, "the sizes of a shape are ints, not \($0.phrase)") }
            return size
        }
    }

    private static func nested(_ tensor: Tensor) throws -> Value {
        guard tensor.count <= 10_000_000 else { throw Failure(.outOfMemory, "a list of \(tensor.count) elements would be too large") }
        if tensor.rank > 1 { return .items(try (0..<tensor.shape[0]).map { try nested(try tensor.select(0, $0)) }) }
        let values: [Value]
        switch tensor.dtype {
        case .float32, .float64: values = try tensor.doubles().map { .float($0) }
        case .int64, .uint8: values = try tensor.ints().map { .int($0) }
        case .bool: values = try tensor.bools().map { .bool($0) }
        }
        return tensor.rank == 0 ? values[0] : .items(values)
    }

    private static var learning: [Member] {
        [
            .method("requires_grad", [optional("on", "true")], "Makes gradients flow to this tensor from what is computed with it. Returns it.") { value, arguments, _ in
                let (tensor, on) = (try tensor(value), try arguments.bool(0, default: true))
                guard tensor.dtype.isFloatingPoint else { throw Failure(.tensorError, "only tensors of floats have gradients, not \(tensor.dtype.rawValue)", hint: "convert it with .float()") }
                guard tensor.isLeaf else { throw Failure(.tensorError, "this tensor was computed from others that have gradients", hint: "take x.detach() first") }
                try tensor.setRequiresGrad(on)
                return value
            },
            .method("backward", [], "Adds the gradient of this single number to the gradients of the networks (and leaves) below it.") { value, _, _ in
                try tensor(value).backward()
                return .none
            },
        ]
    }
}
