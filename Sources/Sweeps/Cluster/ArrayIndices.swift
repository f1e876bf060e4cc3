/// Numbers of a job array's tasks in Slurm's notation: "0-4,7".
enum ArrayIndices {
    /// - Parameter numbers: in ascending order, each once.
    static func text(_ numbers: [Int]) -> String {
        var parts: [String] = []
        var position = 0
        while position < numbers.count {
            var last = position
            while last + 1 < numbers.count, numbers[last + 1] == numbers[last] + 1 { last += 1 }
            parts.append(last == position ? "\(numbers[position])" : "\(numbers[position])-\(numbers[last])")
            position = last + 1
        }
        return parts.joined(separator: ",")
    }

    /// Of "0-4,7%2" or "[0-4,7]"; what is no number is left out.
    static func numbers(_ text: some StringProtocol) -> [Int] {
        let body = String(text.prefix { $0 != "%" }).filter { $0 != "[" && $0 != "]" }
        return body.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            switch ends.count {
            case 1: return ends
            case 2 where ends[0] <= ends[1] && ends[1] - ends[0] < 10_000_000: return Array(ends[0]...ends[1])
            default: return []
            }
        }
    }
}
