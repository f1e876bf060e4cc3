import BCLScript

/// A run steps out of all its calls between two statements, or two minibatches, so that the place can be written down and entered again: on its way up.
/// Every block, loop and call that it passes adds where it was.
public final class Suspension: Error {
    /// Innermost first.
    private var parts: [SuspendedPart] = []

    func add(_ part: SuspendedPart) { parts.append(part) }

    /// The place, once it has come to the top.
    func position(_ frame: Frame, _ variables: [Variable]) -> Position { Position(frame: frame, variables: variables, parts: parts.reversed()) }
}

/// Where one block, loop, expression or call is.
public enum SuspendedPart {
    /// The statement of a block that comes next; where more parts follow, the one that runs. The span is of the statement.
    case statement(Int, Span)
    /// The branch of an `if` that runs, counted from 0; the `else` comes last. Of a conditional expression: 0 or 1.
    case branch(Int)
    /// Turns of a `repeat` that are left after this one.
    case turns(Int)
    /// A `for` over ints: the next one, and the end.
    case counting(next: Int, end: Int)
    /// A `for` over a value of which so many items were taken.
    case walking(Value, taken: Int)
    /// What a comprehension has so far.
    case collected([Value])
    /// What an expression or a statement had before the part of it that runs.
    case operands([Value])
    /// A function of the script.
    case call(Closure, Frame)
    /// A builtin that runs for long, with what it needs to go on.
    case builtin(String, Value)
}

/// A place in a running program, with the variables that are seen there.
public struct Position {
    /// Of the program's own blocks.
    public let frame: Frame
    let variables: [Variable]
    /// Outermost first.
    public let parts: [SuspendedPart]

    init(frame: Frame, variables: [Variable], parts: [SuspendedPart]) { (self.frame, self.variables, self.parts) = (frame, variables, parts) }

    /// A place that a checkpoint holds.
    public init(frame: Frame, parts: [SuspendedPart]) { self.init(frame: frame, variables: [], parts: parts) }

    /// The statement that runs or comes next, in the innermost call.
    public var span: Span? {
        for part in parts.reversed() { if case .statement(_, let span) = part { return span } }
        return nil
    }

    /// The calls with the values that matter from here on, outermost first. A variable whose declaration is still to come, or whose block is left, does not:
    /// its slot counts as empty.
    public var calls: [(frame: Frame, slots: [Value])] {
        var frames: [(frame: Frame, variables: [Variable], here: Span?)] = [(frame, variables, nil)]
        for (index, part) in parts.enumerated() {
            switch part {
            // One that comes next has not declared anything yet.
            case .statement(_, let span): frames[frames.count - 1].here = index == parts.count - 1 ? Span(span.start, span.start) : span
            case .call(let closure, let frame): frames.append((frame, closure.code.literal.locals, nil))
            default: break
            }
        }
        return frames.map { entry in
            var slots = entry.frame.values
            for variable in entry.variables where slots.indices.contains(variable.slot) {
                guard let here = entry.here, !Self.matters(variable, at: here) else { continue }
                // A cell may be shared with a function that was made before the declaration.
                if case .cell = slots[variable.slot], Self.meets(variable.block, here) { continue }
                slots[variable.slot] = .unset
            }
            return (entry.frame, slots)
        }
    }

    /// Whether a block holds a place, or part of the statement that runs.
    private static func meets(_ block: Span?, _ here: Span) -> Bool { block.map { $0.start < max(here.end, here.start + 1) && here.start < $0.end } ?? true }

    private static func matters(_ variable: Variable, at here: Span) -> Bool {
        variable.kind == .parameter || (meets(variable.block, here) && variable.identifier.span.start < here.end)
    }
}

/// The way back into a place: blocks, loops and calls take their parts one after the other.
public final class Resumption {
    private var rest: ArraySlice<SuspendedPart>

    init(_ position: Position) { rest = position.parts[...] }

    /// Whether all parts are taken: from here on the program runs as always.
    var isAtPlace: Bool { rest.isEmpty }

    func next() throws -> SuspendedPart {
        guard let part = rest.popFirst() else { throw misfit }
        return part
    }

    /// The program is not the one that was left.
    public var misfit: Failure { Failure(.internalError, "the place of the checkpoint is none of this program") }
}

/// Adds a part to a suspension on its way up; other errors pass as they are.
@inline(never)
func noted(_ error: Error, _ part: @autoclosure () -> SuspendedPart) -> Error {
    if let suspension = error as? Suspension { suspension.add(part()) }
    return error
}
