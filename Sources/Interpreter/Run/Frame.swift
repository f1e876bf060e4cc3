import BCLScript

/// The variables of one call.
public final class Frame {
    let slots: UnsafeMutablePointer<Value>
    let captures: [Cell]
    /// Outlives all frames.
    unowned(unsafe) let evaluator: Evaluator
    let signal: UnsafeMutablePointer<Int32>
    private let slotCount: Int
    var returned: Value = .none
    /// The learner being built while a method's body runs: its handlers go there.
    var instance: MethodInstance?

    init(slotCount: Int, captures: [Cell], _ evaluator: Evaluator) {
        self.slotCount = slotCount
        self.captures = captures
        self.evaluator = evaluator
        signal = evaluator.signal
        slots = .allocate(capacity: max(1, slotCount))
        slots.initialize(repeating: .unset, count: slotCount)
    }

    deinit {
        slots.deinitialize(count: slotCount)
        slots.deallocate()
    }

    /// What its slots hold.
    public var values: [Value] {
        get { (0..<slotCount).map { slots[$0] } }
        set { for (index, value) in newValue.prefix(slotCount).enumerated() { slots[index] = value } }
    }

    /// The value of a variable, through its cell where it has one.
    func value(of variable: Variable) -> Value {
        guard variable.slot < slotCount else { return .unset }
        if case .cell(let cell) = slots[variable.slot] { return cell.value }
        return slots[variable.slot]
    }
}

/// The values of a file's top-level names, or of a session's over all cells.
public final class GlobalTable {
    private(set) var values: UnsafeMutablePointer<Value>
    private var capacity = 64

    public init() {
        values = .allocate(capacity: capacity)
        values.initialize(repeating: .unset, count: capacity)
    }

    deinit {
        values.deinitialize(count: capacity)
        values.deallocate()
    }

    /// Makes room before a program runs; no node holds the address.
    func grow(to count: Int) {
        guard count > capacity else { return }
        let larger = max(count, capacity * 2)
        let moved = UnsafeMutablePointer<Value>.allocate(capacity: larger)
        moved.moveInitialize(from: values, count: capacity)
        (moved + capacity).initialize(repeating: .unset, count: larger - capacity)
        values.deallocate()
        values = moved
        capacity = larger
    }

    subscript(_ slot: Int) -> Value {
        get { slot < capacity ? values[slot] : .unset }
        set {
            grow(to: slot + 1)
            values[slot] = newValue
        }
    }
}
