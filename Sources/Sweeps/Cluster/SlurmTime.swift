/// Lengths of time as sbatch takes them.
enum SlurmTime {
    /// "90" (minutes), "90:30", "2:00:00", "1-12", "1-12:30", "1-12:30:00"; nil for anything else.
    static func seconds(_ text: String) -> Int? {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return nil }
        let parts = halves[halves.count - 1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap { $0 }
        guard numbers.count == parts.count, (1...3).contains(numbers.count), numbers.allSatisfy({ (0...1_000_000).contains($0) }) else { return nil }
        if halves.count == 2 {
            guard let days = Int(halves[0]), (0...10_000).contains(days) else { return nil }
            return days * 86_400 + zip(numbers, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return zip(numbers, numbers.count == 3 ? [3600, 60, 1] : [60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
