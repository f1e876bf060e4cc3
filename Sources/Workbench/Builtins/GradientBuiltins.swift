import BCLScript
import Engine
import Interpreter

/// `grad`: derivatives without touching the gradients that `backward` accumulates.
enum GradientBuiltins {
    static var all: [Builtin] {
        [
            Builtin("grad", [required("f"), optional("wrt", "none"), optional("create_graph", "false")], topic: "tensors",
                    doc: "grad(loss, wrt): gradients of a single number with respect to a tensor, a network (one vector [P]), or a list of these; with create_graph they can be differentiated again. "
                        + "grad(f): the function that gives the gradient of f(x, ...) with respect to x, in x's shape.",
                    example: "let slope = grad(x => (x * x).sum())\nassert slope(tensor([1.0, 3.0])).list() == [2.0, 6.0]") { arguments, _ in
                if case .host(let host) = arguments[0], let f = host as? Callable {
                    guard !isGiven(arguments, 1) else { throw arguments.bad(1, "goes with a loss; the gradient of a function is with respect to its first argument") }
                    return .host(GradientFunction(f))
                }
                guard case .host(let host) = arguments[0], let loss = (host as? TensorValue)?.tensor else { throw arguments.wrong(0, wanted: "a function, or a tensor of one number") }
                guard isGiven(arguments, 1) else { throw Failure(.wrongArgumentCount, "grad of a number needs what it is with respect to", hint: "write grad(loss, net), grad(loss, x), or grad(x => ...) for a function") }
                return try gradients(of: loss, arguments[1], createGraph: try arguments.bool(2, default: false)) { arguments.wrong(1, wanted: "a tensor, a network, or a list of these") }
            },
        ]
    }

    private static func isGiven(_ arguments: Arguments, _ index: Int) -> Bool {
        if case .none = arguments[index] { return false }
        return arguments.has(index)
    }

    private static func gradients(of loss: Tensor, _ inputs: Value, createGraph: Bool, _ wrong: () -> Failure) throws -> Value {
        switch inputs {
        case .list(let list):
            return .items(try list.items.map { input in
                if case .list = input { throw wrong() }
                return try gradient(of: loss, input, createGraph, wrong)
            })
        default: return try gradient(of: loss, inputs, createGraph, wrong)
        }
    }

    /// The graph is kept: `loss.backward()` may follow. It goes with the loss.
    private static func gradient(of loss: Tensor, _ input: Value, _ createGraph: Bool, _ wrong: () -> Failure) throws -> Value {
        guard case .host(let host) = input else { throw wrong() }
        if let network = host as? NetworkValue {
            let parts = try loss.gradients(with: network.network.parameters, retainGraph: true, createGraph: createGraph)
            return TensorValue.value(try network.network.flat(parts))
        }
        guard let tensor = (host as? TensorValue)?.tensor else { throw wrong() }
        guard tensor.requiresGrad else {
            throw Failure(.tensorError, "this tensor takes no part in the gradient", hint: "make it with x.requires_grad() before it is used, or differentiate a function: grad(f)(x)")
        }
        return TensorValue.value(try loss.gradients(with: [tensor], retainGraph: true, createGraph: createGraph)[0])
    }
}

/// What `grad(f)` gives: x, ... -> df/dx.
final class GradientFunction: Callable {
    let f: Callable

    init(_ f: Callable) {
        self.f = f
        super.init(Signature("gradient", f.signature.parameters))
    }

    override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let (x, wasNumber) = try leaf(arguments)
        var values = arguments.values
        values[0] = TensorValue.value(x)
        let rest = zip(signature.parameters, values).filter { !Self.isUnset($0.1) }
        let result = try withGradients { try evaluator.call(f, [], rest.map { ($0.0.name, $0.1) }) }
        guard case .host(let host) = result, let loss = (host as? TensorValue)?.tensor else {
            throw Failure(.wrongType, "a function whose gradient is taken gives a tensor of one number, not \(result.phrase)")
        }
        let gradient = try loss.gradients(with: [x])[0]
        return wasNumber ? .float(try gradient.item()) : TensorValue.value(gradient)
    }

    /// The first argument as a tensor of its own that gradients flow to; a plain number becomes one of float64.
    private func leaf(_ arguments: Arguments) throws -> (Tensor, wasNumber: Bool) {
        switch arguments[0] {
        case .int, .float:
            let x = try Tensor.full([], try arguments.double(0), dtype: .float64)
            try x.setRequiresGrad(true)
            return (x, true)
        default:
            let tensor = try TensorBuiltins.tensor(arguments, 0)
            guard tensor.dtype.isFloatingPoint else { throw arguments.bad(0, "must hold floats to have a gradient, not \(tensor.dtype.rawValue)") }
            let x = try tensor.detach().clone()
            try x.setRequiresGrad(true)
            return (x, false)
        }
    }

    private static func isUnset(_ value: Value) -> Bool {
        if case .unset = value { return true }
        return false
    }
}
