/// What the host offers to scripts, as far as the language needs to know it before running.
public protocol NameCatalog: AnyObject {
    /// Whether a name is a builtin function, verb, or method of the standard library.
    func isKnown(_ name: String) -> Bool
    /// How a known name is called; nil where anything goes.
    func signature(of name: String) -> Signature?
    /// All known names, for suggestions and completion.
    var names: [String] { get }
    var verbs: [String: VerbForm] { get }
    /// The events that a method may handle, with the names of what is passed.
    var events: [String: [String]] { get }
    /// The top-level names of an imported file. Throws a `Diagnostic` where the file can't be read or is wrong.
    func exports(of path: String, importedAt location: Location) throws -> [Variable]
}

/// The top-level names of a file, or of a session over all its cells.
public final class GlobalScope {
    public internal(set) var variables: [String: Variable] = [:]
    public internal(set) var slotCount = 0

    public init() {}

    /// Everything as it was before a cell that turned out to be wrong.
    func copy() -> GlobalScope {
        let scope = GlobalScope()
        scope.variables = variables
        scope.slotCount = slotCount
        return scope
    }

    /// Sets which names are known; slots are not given twice.
    public func setNames(_ variables: [String: Variable]) { self.variables = variables }

    func adopt(_ other: GlobalScope) {
        variables = other.variables
        slotCount = other.slotCount
    }

    /// Lets a name stand for another variable for a while (a stopped call's, at the prompt), or for none.
    /// - Returns: what it stood for.
    public func exchange(_ name: String, for variable: Variable?) -> Variable? {
        let old = variables[name]
        variables[name] = variable
        return old
    }

    public func newSlot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    /// Makes a name known whose value the host sets.
    public func declare(_ name: String, kind: Variable.Kind, source: SourceFile) -> Variable {
        let slot = variables[name]?.slot ?? slotCount
        if variables[name] == nil { slotCount += 1 }
        let variable = Variable(Identifier(name, Span(0, 0)), kind: kind, source: source, isGlobal: true, slot: slot)
        variables[name] = variable
        return variable
    }
}
