import BCLScript

/// `test "name" { }`: handed to whoever collects tests; passed over where nobody does.
final class TestStep: Step {
    let name: String
    let body: StepList
    init(_ name: String, _ body: StepList, _ span: Span, _ unit: CodeUnit) {
        self.name = name
        self.body = body
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        frame.evaluator.collectTest?(TestCase(name: name, location: Location(unit.source, span)) { [body] in _ = try body.run(frame) })
        return .next
    }
}

/// A `test` block with the frame that it runs in.
public struct TestCase {
    public let name: String
    public let location: Location
    let run: () throws -> Void
}
