import BCLScript

/// What calling a `method` makes: its state and its event handlers. The host's learner is a subclass.
open class MethodInstance: HostValue {
    public let method: MethodValue
    let frame: Frame
    public var handlers: [String: Closure] = [:]

    public init(_ method: MethodValue, _ frame: Frame) {
        self.method = method
        self.frame = frame
    }

    open override var typeName: String { "learner" }

    /// Called when the method's body has run: the host checks what it needs.
    open func didBuild(_ evaluator: Evaluator) throws {}

    /// Names of parameters and state variables, in order of declaration.
    public var stateNames: [String] { method.state.map(\.name) }

    /// The value of a parameter or state variable; nil where there is none of that name or it has no value yet.
    public func state(_ name: String) -> Value? {
        guard let variable = method.state.first(where: { $0.name == name }) else { return nil }
        let value = frame.value(of: variable)
        return value.isUnset ? nil : value
    }

    public func setState(_ name: String, to value: Value) -> Bool {
        guard let variable = method.state.first(where: { $0.name == name }), case .cell(let cell) = frame.slots[variable.slot] else { return false }
        cell.value = value
        return true
    }

    public func handles(_ event: String) -> Bool { handlers[event] != nil }

    /// Runs the handler of an event with as many of the values as it takes. Returns what it returns; nil without a handler.
    public func fire(_ event: String, _ values: [Value], _ evaluator: Evaluator) throws -> Value? {
        guard let handler = handlers[event] else { return nil }
        let taken = Array(values.prefix(handler.signature.parameters.count))
        do { return try evaluator.invoke(handler, Arguments(handler.signature, taken)) } catch {
            let located = handler.code.unit.located(error, handler.code.literal.span)
            if let script = located as? ScriptError {
                script.add(ScriptError.Frame(what: "'on \(event)' of \(method.name)", location: nil))
            }
            throw located
        }
    }

    open override var fieldNames: [String] { stateNames }
    open override func field(_ name: String) throws -> Value? { state(name) }
    open override func setField(_ name: String, to value: Value) throws -> Bool { setState(name, to: value) }
    open override func describe(_ describer: inout Describer) { describer.write("<learner \(method.name)>") }
}
