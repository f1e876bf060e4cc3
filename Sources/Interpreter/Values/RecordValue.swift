import OrderedCollections

/// `{"key": value}`: entries in the order in which they were made.
public final class RecordValue {
    public var entries: OrderedDictionary<String, Value>

    public init(_ entries: OrderedDictionary<String, Value> = [:]) { self.entries = entries }

    public convenience init(_ entries: [(String, Value)]) {
        self.init(OrderedDictionary(entries, uniquingKeysWith: { $1 }))
    }

    deinit {
        guard entries.values.contains(where: Dismantling.holdsOthers) else { return }
        var taken = Array(entries.values)
        entries = [:]
        Dismantling.free(&taken)
    }
}
