import Engine

/// How long the minibatches of each method take, and which part of that is tensor operations (`bclsh run --profile`).
public final class Profile {
    public struct Entry {
        public internal(set) var minibatches = 0
        /// Nanoseconds in all, from the minibatch's first line to its last.
        public internal(set) var total = 0
        /// Nanoseconds inside libtorch.
        public internal(set) var tensors = 0
        /// Nanoseconds of everything else: the script, the draws from memories, the passing of arguments.
        public var script: Int { max(0, total - tensors) }
        public var scriptShare: Double { total > 0 ? Double(script) / Double(total) : 0 }
    }

    public private(set) var entries: [(method: String, entry: Entry)] = []

    public init() { Torch.takeTimes(true) }
    deinit { Torch.takeTimes(false) }

    func measure(_ method: String, _ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let (start, tensors) = (clock.now, Torch.timedNanoseconds)
        try body()
        let spent = (clock.now - start).components
        let index = entries.firstIndex { $0.method == method } ?? entries.endIndex
        if index == entries.endIndex { entries.append((method, Entry())) }
        entries[index].entry.minibatches += 1
        entries[index].entry.total += Int(spent.seconds) * 1_000_000_000 + Int(spent.attoseconds / 1_000_000_000)
        entries[index].entry.tensors += Torch.timedNanoseconds - tensors
    }
}
