/// Finds the known name that a misspelt one was meant to be.
public enum Suggestion {
    /// The nearest candidate whose edit distance is at most a third of the name's length (so none for names of one or two letters), or nil.
    /// Of two that are as near, the one that shares more of its beginning, then the first by the alphabet.
    public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let target = Array(name.lowercased().unicodeScalars)
        guard target.count <= 64 else { return nil }
        let limit = target.count / 3
        var best: (name: String, distance: Int, shared: Int)?
        for candidate in candidates where candidate != name {
            let letters = Array(candidate.lowercased().unicodeScalars)
            guard abs(letters.count - target.count) <= limit else { continue }
            let distance = editDistance(target, letters)
            guard distance <= limit else { continue }
            let shared = zip(letters, target).prefix { $0 == $1 }.count
            if let known = best, (known.distance, -known.shared, known.name) <= (distance, -shared, candidate) { continue }
            best = (candidate, distance, shared)
        }
        return best?.name
    }

    /// Edit distance with insertion, deletion, replacement and the swap of neighbours (optimal string alignment).
    static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        if a.isEmpty { return b.count }
        if b.isEmpty { return a.count }
        var older = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        for i in 1...a.count {
            var current = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    current[j] = min(current[j], older[j - 2] + 1)
                }
            }
            older = previous
            previous = current
        }
        return previous[b.count]
    }
}
