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
        while try condition.test(frame) {
            if frame.signal.pointee != 0 { try frame.evaluator.poll() }
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
        var left = times
        while left > 0 {
            left -= 1
            if frame.signal.pointee != 0 { try frame.evaluator.poll() }
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
    let head: LoopHead
    let body: StepList
    init(_ head: LoopHead, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.head = head
        self.body = body
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        try head.forEach(frame) { try body.run(frame) }
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
