import BCLScript

/// A place in a method where training stops.
public struct Breakpoint {
    public enum Place: Equatable {
        case phase(String)
        case line(Int)
    }

    public let number: Int
    public let method: String
    public let place: Place
    /// An expression over the names seen at the place; nil: always.
    public let condition: String?

    public init(number: Int, method: String, place: Place, condition: String?) {
        self.number = number
        self.method = method
        self.place = place
        self.condition = condition
    }

    /// "bcl_dual:\"outer\" if t > 2"
    public var description: String {
        let place: String
        switch self.place {
        case .phase(let name): place = "\"\(name)\""
        case .line(let line): place = "\(line)"
        }
        return "\(method):\(place)" + (condition.map { " if \($0)" } ?? "")
    }

    func matches(_ step: Step, method: String, in file: SourceFile) -> Bool {
        guard method == self.method else { return false }
        switch place {
        case .phase(let name): return (step as? PhaseStep)?.name == name
        case .line(let line): return step.unit.source === file && file.line(at: step.span.start) == line
        }
    }
}
