import CTorch

/// Whether operations on this thread record gradients.
public func gradientsEnabled() -> Bool { ctorch_grad_enabled() != 0 }

/// Runs a body that records gradients; the state before is restored on every way out.
public func withGradients<T>(_ body: () throws -> T) rethrows -> T {
    let before = ctorch_grad_enabled()
    ctorch_set_grad_enabled(1)
    defer { ctorch_set_grad_enabled(before) }
    return try body()
}

/// Runs a body without recording gradients; the state before is restored on every way out.
public func withoutGradients<T>(_ body: () throws -> T) rethrows -> T {
    let before = ctorch_grad_enabled()
    ctorch_set_grad_enabled(0)
    defer { ctorch_set_grad_enabled(before) }
    return try body()
}

extension Tensor {
    public var requiresGrad: Bool { withExtendedLifetime(self) { ctorch_requires_grad(handle) != 0 } }
    public var isLeaf: Bool { withExtendedLifetime(self) { ctorch_is_leaf(handle) != 0 } }

    public func setRequiresGrad(_ on: Bool) throws { try withExtendedLifetime(self) { try check(ctorch_set_requires_grad(handle, on ? 1 : 0)) } }

    /// The gradient that `backward` accumulated; nil before.
    public var grad: Tensor? {
        get throws {
            var out: ctorch_tensor?
            try withExtendedLifetime(self) { try check(ctorch_get_grad(handle, &out)) }
            return out.map(Tensor.init)
        }
    }

    /// Where `backward` is to accumulate this leaf's gradient.
    func setGrad(_ storage: Tensor) throws { try withExtendedLifetime((self, storage)) { try check(ctorch_set_grad(handle, storage.handle)) } }

    /// Adds the gradient of this single number to the gradients of all leaves below it.
    public func backward(retainGraph: Bool = false) throws {
        guard count == 1 else { throw EngineError("only a single number can be differentiated, not a tensor of shape [\(Self.list(shape))]; take its mean or sum") }
        guard requiresGrad else { throw EngineError("nothing below this number has a gradient: it was computed without one, or from data alone") }
        try withExtendedLifetime(self) { try check(ctorch_backward(handle, retainGraph ? 1 : 0)) }
    }

    /// Gradients of this single number with respect to inputs; zeros where it does not depend on one.
    public func gradients(with inputs: [Tensor], retainGraph: Bool = false, createGraph: Bool = false) throws -> [Tensor] {
        guard count == 1 else { throw EngineError("only a single number can be differentiated, not a tensor of shape [\(Self.list(shape))]; take its mean or sum") }
        guard requiresGrad else { throw EngineError("nothing below this number has a gradient: it was computed without one, or from data alone") }
        let handles: [ctorch_tensor?] = inputs.map(\.handle)
        var outs = [ctorch_tensor?](repeating: nil, count: inputs.count)
        try withExtendedLifetime((self, inputs)) {
            try check(ctorch_gradients(handle, handles, Int32(handles.count), retainGraph || createGraph ? 1 : 0, createGraph ? 1 : 0, &outs))
        }
        return outs.compactMap { $0.map(Tensor.init) }
    }
}
