import BCLScript

/// Where a function stands: with the script and its files unchanged it is found again there.
public struct CodePlace: Hashable, Codable {
    public let file: String
    public let start: Int
    public let end: Int

    public init(file: String, start: Int, end: Int) { (self.file, self.start, self.end) = (file, start, end) }
}

/// The functions of all code that is compiled while it is asked for, by their place.
public final class CodePlaces {
    /// Whether code that is compiled from now on is kept.
    public var isKept = false
    private var codes: [CodePlace: FunctionCode] = [:]

    public func clear() { codes = [:] }

    func add(_ code: FunctionCode) { if isKept { codes[code.place] = code } }

    /// A function of that place with its cells; nil where there is none, or it takes other cells.
    public func closure(_ place: CodePlace, _ cells: [Cell]) -> Closure? {
        guard let code = codes[place], code.captures.count == cells.count else { return nil }
        return code.literal.role == .method ? MethodValue(code, cells) : Closure(code, cells)
    }
}

extension FunctionCode {
    var place: CodePlace { CodePlace(file: unit.source.name, start: literal.span.start, end: literal.span.end) }
}

extension Closure {
    public var place: CodePlace { code.place }
    /// Whether it shares variables with a learner.
    public var sharesLearner: Bool {
        code.literal.captures.contains { capture in
            switch capture {
            case .local(let variable), .outer(_, let variable): return variable.isState
            }
        }
    }
    /// The variables that it shares.
    public var cells: [Cell] { captures }

    /// A call of it, with no value in any slot.
    public func emptyFrame(_ evaluator: Evaluator) -> Frame { Frame(slotCount: code.literal.slotCount, captures: captures, evaluator) }
}

extension MethodInstance {
    /// Its parameters and variables as they lie in the frame of its method's body.
    public var slots: [Value] {
        get { frame.values }
        set { frame.values = newValue }
    }
}

extension BoundMethod {
    public static func make(_ value: Value, _ name: String) -> BoundMethod? {
        guard case .method(let signature, let run)? = Access.members(of: value).members[name]?.action else { return nil }
        return BoundMethod(value, signature, run)
    }
}
