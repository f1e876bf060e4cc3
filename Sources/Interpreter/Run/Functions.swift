import BCLScript

/// A compiled function, without the variables that it captures.
final class FunctionCode {
    struct ParameterCode {
        let name: String
        let place: Place
        let defaultValue: Node?
    }

    let literal: FunctionLiteral
    let signature: Signature
    let unit: CodeUnit
    var name: String { literal.name }
    // Filled in after the body is compiled.
    var parameters: [ParameterCode] = []
    var body = StepList([])
    var captures: [CaptureSource] = []
    /// State variables of a method that get their cell when the learner is made, before their line has run.
    var stateSlots: [Int] = []

    enum CaptureSource {
        case local(Int)
        case outer(Int)
    }

    init(_ literal: FunctionLiteral, _ unit: CodeUnit) {
        self.literal = literal
        self.unit = unit
        signature = literal.signature
    }

    func close(over frame: Frame) -> Closure {
        let cells = captures.map { source -> Cell in
            switch source {
            case .outer(let index): return frame.captures[index]
            case .local(let slot):
                if case .cell(let cell) = frame.slots[slot] { return cell }
                // Captured before its declaration has run: the cell is shared with it.
                let cell = Cell(.unset)
                frame.slots[slot] = .cell(cell)
                return cell
            }
        }
        return literal.role == .method ? MethodValue(self, cells) : Closure(self, cells)
    }
}

/// A function of a script.
public class Closure: Callable {
    let code: FunctionCode
    let captures: [Cell]

    init(_ code: FunctionCode, _ captures: [Cell]) {
        self.code = code
        self.captures = captures
        super.init(code.signature)
    }

    public override var signatureOwner: AnyObject? { code }
    public var location: Location { Location(code.unit.source, code.literal.span) }
    /// Whether it has no variables of the function around it.
    public var isSelfContained: Bool { captures.isEmpty }
    /// Whether it is a value without a declaration: `x => x + 1`.
    public var isAnonymous: Bool { code.literal.role == .lambda }

    public override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let frame = try prepare(arguments, evaluator)
        if let stepper = evaluator.stepper {
            stepper.enter(self, frame)
            defer { stepper.leave() }
            _ = try code.body.run(frame)
            return frame.returned
        }
        do { _ = try code.body.run(frame) } catch { throw noted(error, .call(self, frame)) }
        return frame.returned
    }

    /// Goes on with a call in which a checkpoint was taken.
    final func resume(_ frame: Frame, _ plan: Resumption) throws -> Value {
        do { _ = try code.body.resume(frame, plan) } catch { throw noted(error, .call(self, frame)) }
        return frame.returned
    }

    /// A frame with the parameters set.
    final func prepare(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Frame {
        let frame = Frame(slotCount: code.literal.slotCount, captures: captures, evaluator)
        for (index, parameter) in code.parameters.enumerated() {
            var value = arguments[index]
            if case .unset = value {
                guard let node = parameter.defaultValue else { throw Failure(.wrongArgumentCount, "\(code.name) is missing '\(parameter.name)'") }
                value = try node.eval(frame)
            }
            parameter.place.declare(value, frame, code.unit.globals)
        }
        return frame
    }
}

/// A `method`: calling it makes a learner.
public final class MethodValue: Closure {
    public override var typeName: String { "method" }
    public var name: String { code.name }
    public var parameterNames: [String] { code.parameters.map(\.name) }
    var state: [Variable] { code.literal.state }

    /// Named sets of parameters, as `presets(METHOD, {...})` gave them.
    public var presets: RecordValue?
    public override var members: MemberTable { Self.table }

    public override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value {
        let frame = try prepare(try withPreset(arguments), evaluator)
        for slot in code.stateSlots { frame.slots[slot] = .cell(Cell(.unset)) }
        let instance = evaluator.makeInstance(self, frame)
        frame.instance = instance
        defer { frame.instance = nil }
        _ = try evaluator.withoutSuspension { try code.body.run(frame) }
        try instance.didBuild(evaluator)
        return .host(instance)
    }
}

extension Callable {
    /// How a stack trace names it; nil for builtins, whose calls stand in the script anyway.
    var traceName: String? {
        guard let closure = self as? Closure else { return nil }
        switch closure.code.literal.role {
        case .function: return "function \(closure.code.name)"
        case .lambda: return "a function value"
        case .method: return "method \(closure.code.name)"
        case .handler: return "'on \(closure.code.name)'"
        }
    }
}
