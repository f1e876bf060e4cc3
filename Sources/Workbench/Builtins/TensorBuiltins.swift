import BCLScript
import Engine
import Interpreter

/// Functions that make tensors, and losses.
enum TensorBuiltins {
    /// - Parameter device: where new tensors live.
    static func all(on device: @escaping () -> Device) -> [Builtin] { creation(on: device) + losses }

    private static func creation(on device: @escaping () -> Device) -> [Builtin] {
        [
            Builtin("tensor", [required("values"), optional("dtype", "none")], returns: "tensor", topic: "tensors", doc: "A tensor of nested lists of numbers: ints give int64, floats float32.",
                    example: "assert tensor([[1, 2], [3, 4]]).shape == [2, 2]") { arguments, _ in
                var shape: [Int] = []
                var flat: [Value] = []
                try flatten(arguments[0], 0, &shape, &flat)
                let wanted = try dtype(arguments, 1)
                let tensor: Tensor
                if flat.allSatisfy({ if case .int = $0 { return true } else { return false } }), !flat.isEmpty {
                    tensor = try Tensor.from(flat.map { if case .int(let value) = $0 { return value } else { return 0 } } as [Int], shape: shape)
                } else if flat.allSatisfy({ if case .bool = $0 { return true } else { return false } }), !flat.isEmpty {
                    tensor = try Tensor.from(flat.map { if case .bool(let value) = $0 { return value } else { return false } } as [Bool], shape: shape)
                } else {
                    let doubles = try Tensor.from(try flat.map(number), shape: shape)
                    tensor = wanted == nil ? try doubles.to(.float32) : doubles
                }
                return TensorValue.value(try (wanted.map { try tensor.to($0) } ?? tensor).to(device()))
            },
            filled("zeros", 0, "A tensor of zeros of a shape.", on: device), filled("ones", 1, "A tensor of ones of a shape.", on: device),
            Builtin("stack", [required("tensors"), optional("dim", "0")], returns: "tensor", topic: "tensors", doc: "Tensors of one shape along a new dimension.", example: "assert stack([zeros(2), ones(2)]).shape == [2, 2]") { arguments, _ in
                TensorValue.value(try Tensor.stack(try tensors(arguments), try arguments.int(1, default: 0)))
            },
            Builtin("cat", [required("tensors"), optional("dim", "0")], returns: "tensor", topic: "tensors", doc: "Tensors one behind the other along a dimension.", example: "assert cat([zeros(2), ones(3)]).shape == [5]") { arguments, _ in
                TensorValue.value(try Tensor.cat(try tensors(arguments), try arguments.int(1, default: 0)))
            },
        ]
    }

    private static func filled(_ name: String, _ value: Double, _ doc: String, on device: @escaping () -> Device) -> Builtin {
        Builtin(name, [variadic("sizes")], returns: "tensor", topic: "tensors", doc: doc, example: "assert \(name)(2, 3).shape == [2, 3]") { arguments, _ in
            var sizes = try arguments.list(0)
            if sizes.count == 1, case .list(let inner) = sizes[0] { sizes = inner.items }
            return TensorValue.value(try Tensor.full(try sizes.map {
                guard case .int(let size) = $0 else { throw Failure(.wrongType, "the sizes of a shape are ints, not \($0.phrase)") }
                return size
            }, value, device: device()))
        }
    }

    private static func tensors(_ arguments: Arguments) throws -> [Tensor] { try arguments.list(0).map { try TensorMembers.tensor($0) } }

    private static func number(_ value: Value) throws -> Double {
        switch value {
        case .int(let number): return Double(number)
        case .float(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        case .host(let host): if let number = try host.number() { return number }
        default: break
        }
        throw Failure(.wrongType, "a tensor holds numbers, not \(value.phrase)")
    }

    private static func flatten(_ value: Value, _ depth: Int, _ shape: inout [Int], _ flat: inout [Value]) throws {
        guard case .list(let list) = value else {
            if depth < shape.count { throw Failure(.tensorError, "the lists of a tensor must have equal lengths on each level") }
            return flat.append(value)
        }
        guard depth < 16 else { throw Failure(.tensorError, "a tensor has at most 16 dimensions here") }
        if depth == shape.count, flat.isEmpty { shape.append(list.items.count) }
        guard depth < shape.count, shape[depth] == list.items.count else { throw Failure(.tensorError, "the lists of a tensor must have equal lengths on each level") }
        for item in list.items { try flatten(item, depth + 1, &shape, &flat) }
    }

    /// The element type that is asked for; nil where none is.
    private static func dtype(_ arguments: Arguments, _ index: Int) throws -> DType? {
        guard arguments.has(index) else { return nil }
        if case .none = arguments[index] { return nil }
        let name = try arguments.string(index, default: "")
        guard let dtype = DType(rawValue: name) else { throw arguments.bad(index, "must be one of \(DType.allCases.map(\.rawValue).joined(separator: ", ")), not '\(name)'") }
        return dtype
    }

    private static var losses: [Builtin] {
        [
            Builtin("cross_entropy", [required("logits"), required("labels"), optional("each", "false")], returns: "tensor", topic: "losses",
                    doc: "Mean over samples of -log softmax(logits)[label]; logits [B, C], labels int64 [B]. With each=true the losses of the samples [B].",
                    example: "print cross_entropy(zeros(2, 4), tensor([0, 3]))") { arguments, _ in
                let (logits, labels) = (try tensor(arguments, 0), try tensor(arguments, 1))
                return TensorValue.value(try arguments.bool(2, default: false) ? Loss.crossEntropies(logits, labels) : Loss.crossEntropy(logits, labels))
            },
            Builtin("kl", [required("logits"), required("targets"), optional("temperature", "1")], returns: "tensor", topic: "losses",
                    doc: "Mean over samples and classes of p (log p - log q), q = softmax(logits / temperature); logits and targets p are [B, C]. Columns that a sample's head lacks don't count.",
                    example: "print kl(zeros(2, 4), zeros(2, 4).softmax(), temperature=5)") { arguments, _ in
                TensorValue.value(try Loss.kl(try tensor(arguments, 0), targets: try tensor(arguments, 1), temperature: try arguments.double(2, default: 1), gaps: try gaps(arguments, 0)))
            },
            Builtin("mse", [required("a"), required("b")], returns: "tensor", topic: "losses", doc: "Mean of the squared differences of two tensors of one shape. Columns that a sample's head lacks don't count.",
                    example: "print mse(zeros(3), ones(3))") { arguments, _ in
                TensorValue.value(try Loss.meanSquaredError(try tensor(arguments, 0), try tensor(arguments, 1), gaps: try gaps(arguments, 0) ?? gaps(arguments, 1)))
            },
            Builtin("softmax", [required("x"), optional("temperature", "1")], returns: "tensor", topic: "losses", doc: "softmax(x / temperature) along the last dimension.",
                    example: "assert softmax(zeros(1, 4)).sum().item() == 1.0") { arguments, _ in
                let temperature = try arguments.double(1, default: 1)
                guard temperature > 0 else { throw arguments.bad(1, "must be positive") }
                return TensorValue.value(try tensor(arguments, 0).div(.float(temperature)).softmax())
            },
        ]
    }

    private static func gaps(_ arguments: Arguments, _ index: Int) throws -> Loss.Gaps? { try arguments.host(index, TensorValue.self, "a tensor").gaps }
    static func tensor(_ arguments: Arguments, _ index: Int) throws -> Tensor { try arguments.host(index, TensorValue.self, "a tensor").tensor }
}
