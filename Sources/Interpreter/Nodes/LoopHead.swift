import BCLScript

/// `for PATTERN in VALUES`: what `for` statements and comprehensions walk over.
struct LoopHead {
    let places: [Place]
    /// Whether each item is taken apart into several names.
    let isList: Bool
    let values: Node
    let unit: CodeUnit

    /// Runs a body for each item, with the item's names set, until it breaks or returns. Stops at Ctrl-C.
    @inline(__always)
    func forEach(_ frame: Frame, _ body: () throws -> Flow) throws -> Flow {
        if !isList, let (start, end) = try range(frame) {
            let place = places[0]
            var index = start
            while index < end {
                if frame.signal.pointee != 0 { try frame.evaluator.poll() }
                if case .local(let slot) = place {
                    // An int replaces an int without a look at what is to be released.
                    if case .int = frame.slots[slot] { (frame.slots + slot).initialize(to: .int(index)) } else { frame.slots[slot] = .int(index) }
                } else { place.declare(.int(index), frame, unit.globals) }
                index += 1
                switch try body() {
                case .next, .continueLoop: continue
                case .breakLoop: return .next
                case .returned: return .returned
                }
            }
            return .next
        }
        let next = try iterator(frame)
        while let item = try advance(next) {
            if frame.signal.pointee != 0 { try frame.evaluator.poll() }
            if isList { try UnpackStep.unpack(item, into: places, frame, values) } else { places[0].declare(item, frame, unit.globals) }
            switch try body() {
            case .next, .continueLoop: continue
            case .breakLoop: return .next
            case .returned: return .returned
            }
        }
        return .next
    }

    /// A written-out range is counted without making a value of it.
    private func range(_ frame: Frame) throws -> (Int, Int)? { try (values as? RangeNode)?.bounds(frame) }

    private func iterator(_ frame: Frame) throws -> ValueIterator {
        let value = try values.eval(frame)
        do { return try Access.iterator(value) } catch { throw values.located(error) }
    }

    private func advance(_ next: ValueIterator) throws -> Value? {
        do { return try next() } catch { throw values.located(error) }
    }
}
