import BCLScript

final class ConstantNode: Node {
    let value: Value
    init(_ value: Value, _ span: Span, _ unit: CodeUnit) {
        self.value = value
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value { value }
}

final class LocalNode: Node {
    let slot: Int
    init(_ slot: Int, _ span: Span, _ unit: CodeUnit) {
        self.slot = slot
        super.init(span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value { frame.slots[slot] }
}

/// A variable that may be read before its declaration has run, and says so.
class CheckedVariableNode: Node {
    let name: String
    init(_ name: String, _ span: Span, _ unit: CodeUnit) {
        self.name = name
        super.init(span, unit)
    }

    @inline(never)
    final func noValue() -> Error {
        located(Failure(.noValueYet, "'\(name)' has no value yet", hint: "the line that declares it has not run, or has failed"))
    }
}

final class LocalCellNode: CheckedVariableNode {
    let slot: Int
    init(_ slot: Int, _ name: String, _ span: Span, _ unit: CodeUnit) {
        self.slot = slot
        super.init(name, span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        guard case .cell(let cell) = frame.slots[slot] else { throw noValue() }
        if case .unset = cell.value { throw noValue() }
        return cell.value
    }
}

final class CaptureNode: CheckedVariableNode {
    let index: Int
    init(_ index: Int, _ name: String, _ span: Span, _ unit: CodeUnit) {
        self.index = index
        super.init(name, span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        let value = frame.captures[index].value
        if case .unset = value { throw noValue() }
        return value
    }
}

final class GlobalNode: CheckedVariableNode {
    let slot: Int
    let globals: GlobalTable
    init(_ slot: Int, _ name: String, _ span: Span, _ unit: CodeUnit) {
        self.slot = slot
        globals = unit.globals
        super.init(name, span, unit)
    }
    override func eval(_ frame: Frame) throws -> Value {
        let value = globals.values[slot]
        if case .unset = value { throw noValue() }
        return value
    }
}

/// Where an assignment or declaration puts its value.
enum Place {
    case local(Int)
    case localCell(Int)
    /// A learner's state: the cell is there from the start, as handlers that stand further above share it.
    case state(Int)
    case capture(Int)
    case global(Int)

    /// A new variable: captured ones get a fresh cell, so that each turn of a loop has its own.
    @inline(__always)
    func declare(_ value: Value, _ frame: Frame, _ globals: GlobalTable) {
        switch self {
        case .local(let slot): frame.slots[slot] = value
        case .localCell(let slot): frame.slots[slot] = .cell(Cell(value))
        case .state: assign(value, frame, globals)
        case .capture(let index): frame.captures[index].value = value
        case .global(let slot): globals.values[slot] = value
        }
    }

    @inline(__always)
    func assign(_ value: Value, _ frame: Frame, _ globals: GlobalTable) {
        switch self {
        case .localCell(let slot), .state(let slot):
            if case .cell(let cell) = frame.slots[slot] { cell.value = value } else { frame.slots[slot] = .cell(Cell(value)) }
        default: declare(value, frame, globals)
        }
    }
}
