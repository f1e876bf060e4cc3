import BCLScript

/// Lets a cell use the names of a stopped call as its own: they are read from there before the cell runs, and what the cell sets is written back.
/// They hide the session's names, as an inner block's would; a `let` of the cell declares a name of the session all the same.
final class StoppedNames {
    private struct Name {
        let text: String
        let variable: Variable
        /// What the name stood for in the session.
        let hidden: Variable?
        /// What the call had; to see what the cell has set.
        var value: Value
    }

    private let scope: GlobalScope
    private let globals: GlobalTable
    /// Slots are used again by the next cell.
    private var slots: [String: Int] = [:]
    private var names: [Name] = []
    private var activation: Activation?
    /// Told of each variable that a cell has set.
    var didSet: ((String, Value) -> Void)?

    init(_ scope: GlobalScope, _ globals: GlobalTable) {
        self.scope = scope
        self.globals = globals
    }

    /// Before a cell is resolved.
    func open(_ activation: Activation) {
        self.activation = activation
        for (name, value) in activation.names {
            let slot = slots[name] ?? scope.newSlot()
            slots[name] = slot
            let variable = Variable(Identifier(name, Span(0, 0)), kind: .variable, source: activation.location.source, isGlobal: true, slot: slot)
            names.append(Name(text: name, variable: variable, hidden: scope.exchange(name, for: variable), value: value))
            globals[slot] = value
        }
    }

    /// The session's names, without those of the stopped call.
    func withoutThese(_ variables: [String: Variable]) -> [String: Variable] {
        var own = variables
        for name in names.reversed() where own[name.text] === name.variable { own[name.text] = name.hidden }
        return own
    }

    /// Before the stopped update goes on: it sees what the cell has set.
    func writeBack() {
        for index in names.indices {
            let now = globals[names[index].variable.slot]
            guard let activation, !now.isSame(as: names[index].value), activation.set(names[index].text, to: now) else { continue }
            names[index].value = now
            didSet?(names[index].text, now)
        }
    }

    /// After it has stopped again in the middle of a cell: the rest of the cell sees the new values.
    func refresh(_ activation: Activation?) {
        self.activation = activation
        let values = Dictionary(activation?.names.map { ($0.name, $0.value) } ?? [], uniquingKeysWith: { $1 })
        for index in names.indices {
            names[index].value = values[names[index].text] ?? .unset
            globals[names[index].variable.slot] = names[index].value
        }
    }

    /// After a cell.
    func close() {
        writeBack()
        for name in names.reversed() {
            globals[name.variable.slot] = .unset
            // What the cell has declared stays the session's.
            guard scope.variables[name.text] === name.variable else {
                slots[name.text] = nil
                continue
            }
            _ = scope.exchange(name.text, for: name.hidden)
        }
        names = []
        activation = nil
    }
}

extension Value {
    /// The same number, or the very same object.
    public func isSame(as other: Value) -> Bool {
        switch (self, other) {
        case (.unset, .unset), (.none, .none): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): return a === b
        case (.list(let a), .list(let b)): return a === b
        case (.record(let a), .record(let b)): return a === b
        case (.host(let a), .host(let b)): return a === b
        default: return false
        }
    }
}
