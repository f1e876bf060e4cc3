import BCLScript

/// A call of a script function that is stopped: where it is, and its variables.
public final class Activation {
    let closure: Closure
    let frame: Frame
    var step: Step?

    init(_ closure: Closure, _ frame: Frame) {
        self.closure = closure
        self.frame = frame
    }

    /// "on batch", "function descend"
    public var name: String {
        switch closure.code.literal.role {
        case .handler: return "on \(closure.code.name)"
        case .lambda: return "a function value"
        default: return "function \(closure.code.name)"
        }
    }

    /// The statement that runs next; for an outer call the one that called.
    public var location: Location { step.map { Location($0.unit.source, $0.span) } ?? closure.location }

    /// The variables that the statement sees and that have a value, in order of declaration.
    public var locals: [(name: String, value: Value)] {
        visible.compactMap { variable in
            let value = frame.value(of: variable)
            return value.isUnset ? nil : (variable.name, value)
        }
    }

    /// Those of the functions around, as far as this one refers to them: a learner's state among them.
    public var captured: [(name: String, value: Value)] {
        zip(closure.code.literal.captures, frame.captures).compactMap { capture, cell in
            cell.value.isUnset ? nil : (Self.variable(of: capture).name, cell.value)
        }
    }

    /// All names that the statement sees; a local one hides a captured one.
    var names: [(name: String, value: Value)] {
        let own = locals
        return captured.filter { outer in !own.contains { $0.name == outer.name } } + own
    }

    /// - Returns: false where the call has no such variable.
    public func set(_ name: String, to value: Value) -> Bool {
        if let variable = visible.last(where: { $0.name == name }), variable.slot < closure.code.literal.slotCount {
            if case .cell(let cell) = frame.slots[variable.slot] { cell.value = value } else { frame.slots[variable.slot] = value }
            return true
        }
        for (capture, cell) in zip(closure.code.literal.captures, frame.captures) where Self.variable(of: capture).name == name {
            cell.value = value
            return true
        }
        return false
    }

    private var visible: [Variable] {
        let here = location.span.start
        var seen: [Variable] = []
        for variable in closure.code.literal.locals where variable.name != "_" {
            guard let block = variable.block, block.start <= here, here < block.end, variable.kind == .parameter || variable.identifier.span.end <= here else { continue }
            // An inner variable hides an outer one of the same name.
            seen.removeAll { $0.name == variable.name }
            seen.append(variable)
        }
        return seen
    }

    private static func variable(of capture: FunctionLiteral.Capture) -> Variable {
        switch capture {
        case .local(let variable), .outer(_, let variable): return variable
        }
    }
}
