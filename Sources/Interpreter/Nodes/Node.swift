import BCLScript

/// A compiled expression.
class Node {
    let span: Span
    let unit: CodeUnit

    init(_ span: Span, _ unit: CodeUnit) {
        self.span = span
        self.unit = unit
    }

    func eval(_ frame: Frame) throws -> Value { fatalError("abstract") }

    /// Goes on within this expression, where a checkpoint was taken.
    func resume(_ frame: Frame, _ plan: Resumption) throws -> Value { throw plan.misfit }

    /// Gives an error that comes from below its place in the script.
    @inline(never)
    func located(_ error: Error, at place: Span? = nil) -> Error { unit.located(error, place ?? span) }
}

/// What all nodes of one file share.
final class CodeUnit {
    let source: SourceFile
    let globals: GlobalTable

    init(_ source: SourceFile, _ globals: GlobalTable) {
        self.source = source
        self.globals = globals
    }

    func located(_ error: Error, _ span: Span) -> Error {
        switch error {
        case let script as ScriptError:
            script.wasCalled(from: Location(source, span))
            return script
        case is Interrupted, is Halted, is Suspension: return error
        case let failure as Failure:
            return ScriptError(Diagnostic(failure.code, failure.message, at: Location(source, span), hint: failure.hint))
        case let diagnostic as Diagnostic: return ScriptError(diagnostic)
        case let convertible as ScriptFailureConvertible:
            let failure = convertible.failure
            return ScriptError(Diagnostic(failure.code, failure.message, at: Location(source, span), hint: failure.hint))
        default: return ScriptError(Diagnostic(.internalError, "\(error)", at: Location(source, span)))
        }
    }
}

/// Errors of the host's libraries, put in terms of the language.
public protocol ScriptFailureConvertible: Error {
    var failure: Failure { get }
}

/// A compiled statement.
class Step {
    let span: Span
    let unit: CodeUnit

    init(_ span: Span, _ unit: CodeUnit) {
        self.span = span
        self.unit = unit
    }

    func run(_ frame: Frame) throws -> Flow { fatalError("abstract") }

    /// Goes on within this statement, where a checkpoint was taken.
    func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow { throw plan.misfit }
}

/// How a statement ends.
enum Flow {
    case next, breakLoop, continueLoop, returned
}

/// Statements one after the other.
final class StepList {
    private let steps: [Step]
    /// The same steps without counting references: the list keeps them alive, and loops run through it millions of times.
    private let first: UnsafeMutablePointer<Unmanaged<Step>>
    private let count: Int

    init(_ steps: [Step]) {
        self.steps = steps
        count = steps.count
        first = .allocate(capacity: max(1, count))
        for (index, step) in steps.enumerated() { (first + index).initialize(to: Unmanaged.passUnretained(step)) }
    }

    deinit { first.deallocate() }

    @inline(__always)
    func run(_ frame: Frame) throws -> Flow { try run(from: 0, frame) }

    @inline(__always)
    private func run(from start: Int, _ frame: Frame) throws -> Flow {
        var index = start
        do {
            while index < count {
                if frame.signal.pointee != 0 { try frame.evaluator.poll(first[index].takeUnretainedValue(), frame) }
                let flow = try first[index]._withUnsafeGuaranteedRef { try $0.run(frame) }
                if flow != .next { return flow }
                index += 1
            }
            return .next
        } catch { throw noted(error, .statement(index, steps[index].span)) }
    }

    /// Goes on within the statement, or before it, where a checkpoint was taken.
    @inline(never)
    func resume(_ frame: Frame, _ plan: Resumption) throws -> Flow {
        guard case .statement(let index, _) = try plan.next(), steps.indices.contains(index) else { throw plan.misfit }
        let flow: Flow
        do { flow = try plan.isAtPlace ? steps[index].run(frame) : steps[index].resume(frame, plan) } catch { throw noted(error, .statement(index, steps[index].span)) }
        return flow == .next ? try run(from: index + 1, frame) : flow
    }
}
