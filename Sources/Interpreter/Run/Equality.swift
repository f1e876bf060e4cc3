/// `==` on values: numbers by their exact value, lists and records by their elements, other values as they define it.
struct Equality {
    /// Pairs of containers that were met: equal as far as is known, so that what is shared is compared once and what holds itself comes to an end.
    private struct Pair: Hashable {
        let left, right: ObjectIdentifier

        init(_ left: AnyObject, _ right: AnyObject) {
            self.left = ObjectIdentifier(left)
            self.right = ObjectIdentifier(right)
        }
    }

    private var met: Set<Pair> = []
    private var waiting: [(Value, Value)] = []

    /// Walks without recursion: lists may be nested as deep as memory allows.
    static func holds(_ left: Value, _ right: Value) -> Bool {
        var walk = Equality()
        guard walk.agree(left, right) else { return false }
        while let (a, b) = walk.waiting.popLast() {
            guard walk.compareElements(a, b) else { return false }
        }
        return true
    }

    /// The first two elements that differ, as Python orders lists; the lists themselves where one is the beginning of the other.
    static func firstDifference(_ left: ListValue, _ right: ListValue) -> (Value, Value)? {
        var met: Set<Pair> = []
        var open: [(a: ListValue, b: ListValue, next: Int)] = [(left, right, 0)]
        while let (a, b, next) = open.last {
            guard next < a.items.count, next < b.items.count else {
                if a.items.count != b.items.count { return (.list(a), .list(b)) }
                open.removeLast()
                continue
            }
            open[open.count - 1].next += 1
            let (x, y) = (a.items[next], b.items[next])
            if case .list(let inner) = x, case .list(let other) = y {
                if inner !== other, met.insert(Pair(inner, other)).inserted { open.append((inner, other, 0)) }
            } else if !holds(x, y) {
                return (x, y)
            }
        }
        return nil
    }

    /// Compares what has no elements; containers are put into line.
    private mutating func agree(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.none, .none): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a == b
        case (.int(let a), .float(let b)), (.float(let b), .int(let a)): return Int(exactly: b) == a
        case (.string(let a), .string(let b)): return a.text == b.text
        case (.list(let a), .list(let b)): return a === b || a.items.count == b.items.count && enqueue(a, b, left, right)
        case (.record(let a), .record(let b)): return a === b || a.entries.count == b.entries.count && enqueue(a, b, left, right)
        case (.host(let a), .host(let b)): return a === b || a.isEqual(to: b)
        default: return false
        }
    }

    private mutating func enqueue(_ a: AnyObject, _ b: AnyObject, _ left: Value, _ right: Value) -> Bool {
        if met.insert(Pair(a, b)).inserted { waiting.append((left, right)) }
        return true
    }

    private mutating func compareElements(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.list(let a), .list(let b)):
            for (x, y) in zip(a.items, b.items) { guard agree(x, y) else { return false } }
        case (.record(let a), .record(let b)):
            for (key, x) in a.entries { guard let y = b.entries[key], agree(x, y) else { return false } }
        default: break
        }
        return true
    }
}
