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
        var index = 0
        do {
            while index < branches.count {
                if try branches[index].condition.test(frame) { return try branches[index].body.run(frame) }
                index += 1
            }
            return try otherwise?.run(frame) ?? .next
        } catch { throw noted(error, .branch(index)) }
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        guard case .branch(let index) = try plan.next(), index >= 0, let body = index < branches.count ? branches[index].body : otherwise else { throw plan.misfit }
        do { return try body.resume(frame, plan) } catch { throw noted(error, .branch(index)) }
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
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        switch try body.resume(frame, plan) {
        case .next, .continueLoop: return try run(frame)
        case .breakLoop: return .next
        case .returned: return .returned
        }
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
        return try turns(times, frame)
    }
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        guard case .turns(let left) = try plan.next() else { throw plan.misfit }
        let flow: Flow
        do { flow = try body.resume(frame, plan) } catch { throw noted(error, .turns(left)) }
        switch flow {
        case .next, .continueLoop: return try turns(left, frame)
        case .breakLoop: return .next
        case .returned: return .returned
        }
    }
    @inline(__always)
    private func turns(_ times: Int, _ frame: Frame) throws -> Flow {
        var left = times
        do {
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
        } catch { throw noted(error, .turns(left)) }
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
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        try head.resumeEach(frame, plan, first: { try body.resume(frame, plan) }) { try body.run(frame) }
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
    override func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        frame.returned = try node?.resume(frame, plan) ?? .none
        return .returned
    }
}
