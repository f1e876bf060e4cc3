import BCLScript

final class BranchStep: Step {
    let branches: [(condition: Node, body: StepList)]
    let otherwise: StepList?
    init(_ branches: [(condition: Node, body: StepList)], _ otherwise: StepList?, _ span: Span, _ unit: CodeUnit) {
        self.branches = branches
        self.otherwise = otherwise
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        for branch in branches where try branch.condition.test(frame) { return try branch.body.run(frame) }
        return try otherwise?.run(frame) ?? .next
    }
}

final class WhileStep: Step {
    let condition: Node
    let body: StepList
    init(_ condition: Node, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.condition = condition
        self.body = body
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        let evaluator = frame.evaluator
        while try condition.test(frame) {
            if evaluator.signal.pointee != 0 { try evaluator.poll() }
            switch try body.run(frame) {
            case .next, .continueLoop: continue
            case .breakLoop: return .next
            case .returned: return .returned
            }
        }
        return .next
    }
}

final class RepeatStep: Step {
    let count: Node
    let body: StepList
    init(_ count: Node, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.count = count
        self.body = body
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        let value = try count.eval(frame)
        guard case .int(let times) = value, times >= 0 else {
            throw count.located(Failure(.badValue, "'repeat' takes an int of at least 0, not \(value.phrase)\(Self.shown(value))"))
        }
        let evaluator = frame.evaluator
        var left = times
        while left > 0 {
            left -= 1
            if evaluator.signal.pointee != 0 { try evaluator.poll() }
            switch try body.run(frame) {
            case .next, .continueLoop: continue
            case .breakLoop: return .next
            case .returned: return .returned
            }
        }
        return .next
    }

    private static func shown(_ value: Value) -> String {
        if case .int(let number) = value { return " of \(number)" }
        return ""
    }
}

final class ForStep: Step {
    let places: [Place]
    let isList: Bool
    let values: Node
    let body: StepList
    init(_ places: [Place], isList: Bool, _ values: Node, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.places = places
        self.isList = isList
        self.values = values
        self.body = body
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        if let range = values as? RangeNode, !isList {
            let (start, end) = try range.bounds(frame)
            return try count(start, end, frame)
        }
        let value = try values.eval(frame)
        if case .host(let host) = value, let range = host as? RangeValue, !isList { return try count(range.start, range.end, frame) }
        let next: ValueIterator
        do { next = try Access.iterator(value) } catch { throw values.located(error) }
        let evaluator = frame.evaluator
        while let item = try advance(next) {
            if evaluator.signal.pointee != 0 { try evaluator.poll() }
            if isList { try UnpackStep.unpack(item, into: places, frame, values) } else { places[0].declare(item, frame, unit.globals) }
            switch try body.run(frame) {
            case .next, .continueLoop: continue
            case .breakLoop: return .next
            case .returned: return .returned
            }
        }
        return .next
    }

    private func advance(_ next: ValueIterator) throws -> Value? {
        do { return try next() } catch { throw values.located(error) }
    }

    private func count(_ start: Int, _ end: Int, _ frame: Frame) throws -> Flow {
        let evaluator = frame.evaluator
        let place = places[0]
        var index = start
        while index < end {
            if evaluator.signal.pointee != 0 { try evaluator.poll() }
            if case .local(let slot) = place { frame.slots[slot] = .int(index) } else { place.declare(.int(index), frame, unit.globals) }
            index += 1
            switch try body.run(frame) {
            case .next, .continueLoop: continue
            case .breakLoop: return .next
            case .returned: return .returned
            }
        }
        return .next
    }
}

final class LeaveStep: Step {
    let flow: Flow
    init(_ flow: Flow, _ span: Span, _ unit: CodeUnit) {
        self.flow = flow
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow { flow }
}

final class ReturnStep: Step {
    let node: Node?
    init(_ node: Node?, _ span: Span, _ unit: CodeUnit) {
        self.node = node
        super.init(span, unit)
    }
    override func run(_ frame: Frame) throws -> Flow {
        frame.returned = try node?.eval(frame) ?? .none
        return .returned
    }
}
