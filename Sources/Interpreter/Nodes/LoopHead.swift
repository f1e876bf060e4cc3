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
        if !isList, let (start, end) = try range(frame) { return try count(from: start, to: end, frame, body) }
        let value = Self.fixed(try values.eval(frame))
        return try walk(value, try iterator(value), 0, frame, body)
    }

    /// Goes on with a turn in which a checkpoint was taken, then with the turns after it.
    @inline(never)
    func resumeEach(_ frame: Frame, _ plan: Resumption, first: () throws -> Flow, _ body: () throws -> Flow) throws -> Flow {
        let part = try plan.next()
        let flow: Flow
        do { flow = try first() } catch { throw noted(error, part) }
        switch flow {
        case .next, .continueLoop: break
        case .breakLoop: return .next
        case .returned: return .returned
        }
        switch part {
        case .counting(let next, let end): return try count(from: next, to: end, frame, body)
        case .walking(let value, let taken): return try walk(value, try iterator(value, from: taken), taken, frame, body)
        default: throw plan.misfit
        }
    }

    @inline(__always)
    private func count(from start: Int, to end: Int, _ frame: Frame, _ body: () throws -> Flow) throws -> Flow {
        let place = places[0]
        var index = start
        do {
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
        } catch { throw noted(error, .counting(next: index, end: end)) }
    }

    @inline(__always)
    private func walk(_ value: Value, _ next: ValueIterator, _ start: Int, _ frame: Frame, _ body: () throws -> Flow) throws -> Flow {
        var taken = start
        do {
            while let item = try advance(next) {
                taken += 1
                if frame.signal.pointee != 0 { try frame.evaluator.poll() }
                if isList { try UnpackStep.unpack(item, into: places, frame, values) } else { places[0].declare(item, frame, unit.globals) }
                switch try body() {
                case .next, .continueLoop: continue
                case .breakLoop: return .next
                case .returned: return .returned
                }
            }
            return .next
        } catch { throw noted(error, .walking(value, taken: taken)) }
    }

    /// A written-out range is counted without making a value of it.
    private func range(_ frame: Frame) throws -> (Int, Int)? { try (values as? RangeNode)?.bounds(frame) }

    /// A record is walked by the keys that it has at the start.
    private static func fixed(_ value: Value) -> Value {
        if case .record(let record) = value { return .items(record.entries.keys.map { .text($0) }) }
        return value
    }

    private func iterator(_ value: Value, from taken: Int = 0) throws -> ValueIterator {
        do { return try Access.iterator(value, from: taken) } catch { throw values.located(error) }
    }

    private func advance(_ next: ValueIterator) throws -> Value? {
        do { return try next() } catch { throw values.located(error) }
    }
}
