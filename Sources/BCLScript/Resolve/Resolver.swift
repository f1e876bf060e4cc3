/// Gives every name of a program its meaning before anything runs: slot, capture, builtin, or an error with a suggestion.
public struct Resolver {
    let source: SourceFile
    let catalog: NameCatalog
    var globals: GlobalScope
    var diagnostics: [Diagnostic] = []
    var function: FunctionScope
    /// Top-level names that this program declares somewhere; functions may use them before their line.
    var hoisted: [String: Variable] = [:]
    /// Of those, the ones whose declaration has been passed.
    var passed: Set<String> = []
    /// Names already reported as unknown: once each is enough.
    var reported: Set<String> = []
    /// Names that statements with errors may have declared.
    var lostNames: Set<String> = []
    /// After a failed import any name may be one of its.
    var importFailed = false
    /// Declared inside functions and blocks, to see which are never used.
    var locals: [Variable] = []

    /// Resolves a program against the names of its session. Where there are errors the session's names stay as they were.
    /// - Parameter lostNames: for a program with syntax errors, the names that its broken statements may have declared.
    static func resolve(_ program: Program, kind: Analysis.Kind, globals: GlobalScope, catalog: NameCatalog, lostNames: Set<String>? = nil) -> [Diagnostic] {
        var resolver = Resolver(program.source, globals.copy(), catalog)
        resolver.lostNames = lostNames ?? []
        resolver.hoist(program.statements)
        for statement in program.statements { resolver.statement(statement) }
        program.slotCount = resolver.function.slotCount
        program.locals = resolver.function.locals
        if resolver.diagnostics.contains(where: { $0.severity == .error }) || lostNames != nil { return resolver.diagnostics }
        globals.adopt(resolver.globals)
        resolver.warnAboutUnused(program, kind)
        return resolver.diagnostics
    }

    private init(_ source: SourceFile, _ globals: GlobalScope, _ catalog: NameCatalog) {
        self.source = source
        self.globals = globals
        self.catalog = catalog
        function = FunctionScope(nil, parent: nil)
    }

    // MARK: - Declarations

    var isTopLevel: Bool { function.literal == nil && !function.isInBlock }

    private mutating func hoist(_ statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .declare(let pattern, _): for name in pattern.names where name.text != "_" { hoist(name, .variable) }
            case .function(let literal): hoist(literal.identifier, .function, literal.signature)
            case .method(let literal): hoist(literal.identifier, .method, literal.signature)
            case .param(let parameter): hoist(parameter.identifier, .setting)
            default: break
            }
        }
    }

    private mutating func hoist(_ name: Identifier, _ kind: Variable.Kind, _ signature: Signature? = nil) {
        if let first = hoisted[name.text] {
            fail(.duplicateName, "'\(name.text)' is declared twice", name.span, hint: "set a known name with '\(name.text) = ...', or choose another name",
                 notes: [Diagnostic.Note("first declared here", at: Location(source, first.identifier.span))])
            return
        }
        hoisted[name.text] = globalVariable(name, kind, signature)
    }

    /// A new meaning for a top-level name; one that was known keeps its slot, so that earlier cells see the new value.
    mutating func globalVariable(_ name: Identifier, _ kind: Variable.Kind, _ signature: Signature?) -> Variable {
        let slot: Int
        if let known = globals.variables[name.text] { slot = known.slot }
        else {
            slot = globals.slotCount
            globals.slotCount += 1
        }
        return Variable(name, kind: kind, source: source, isGlobal: true, slot: slot, signature: signature)
    }

    mutating func declare(_ name: Identifier, _ kind: Variable.Kind, _ signature: Signature? = nil) -> Variable {
        if isTopLevel {
            let variable = hoisted[name.text] ?? globalVariable(name, kind, signature)
            globals.variables[name.text] = variable
            passed.insert(name.text)
            return variable
        }
        if let state = function.hoisted[name.text], state.identifier.span == name.span {
            function.declare(state)
            return state
        }
        if let first = function.declared(name.text), kind != .loop {
            fail(.duplicateName, "'\(name.text)' is declared twice in the same block", name.span, hint: "set a known name with '\(name.text) = ...'",
                 notes: [Diagnostic.Note("first declared here", at: Location(source, first.identifier.span))])
        }
        let variable = Variable(name, kind: kind, source: source, isGlobal: false, slot: function.newSlot(), signature: signature)
        function.declare(variable)
        locals.append(variable)
        return variable
    }

    mutating func declare(_ pattern: Pattern, _ kind: Variable.Kind) {
        pattern.variables = pattern.names.map { name in
            // `_` takes a value that nobody wants; it can't be read, so it may stand more than once.
            if name.text == "_", !isTopLevel {
                return Variable(name, kind: kind, source: source, isGlobal: false, slot: function.newSlot())
            }
            return declare(name, kind)
        }
    }

    // MARK: - Names

    enum Found {
        case variable(Variable)
        case captured(Variable, Int)
        case builtin
        case later(Variable)
        case nothing
    }

    mutating func find(_ name: String) -> Found {
        if let variable = function.find(name) { return .variable(variable) }
        var scope = function.parent
        while let current = scope {
            if let variable = current.find(name) ?? current.hoisted[name] {
                return .captured(variable, function.capture(variable, home: current))
            }
            scope = current.parent
        }
        if let state = function.hoisted[name] { return .later(state) }
        if let variable = hoisted[name] {
            if function.literal != nil || passed.contains(name) { return .variable(variable) }
            if let known = globals.variables[name] { return .variable(known) }
            return catalog.isKnown(name) ? .builtin : .later(variable)
        }
        if let variable = globals.variables[name] { return .variable(variable) }
        return catalog.isKnown(name) ? .builtin : .nothing
    }

    mutating func use(_ name: NameUse, called: Bool = false) {
        // The verb of a sentence of words, whatever variables there are.
        if case .builtin = name.target { return }
        switch find(name.name) {
        case .variable(let variable):
            variable.isRead = true
            name.target = .variable(variable)
        case .captured(let variable, let index):
            variable.isRead = true
            name.target = .captured(variable, index: index)
        case .builtin: name.target = .builtin
        case .later(let variable):
            fail(.usedBeforeDeclaration, "'\(name.name)' is used before it is declared", name.identifier.span,
                 notes: [Diagnostic.Note("declared here", at: Location(source, variable.identifier.span))])
        case .nothing: unknown(name, called: called)
        }
    }

    private mutating func unknown(_ name: NameUse, called: Bool) {
        guard !importFailed, !lostNames.contains(name.name), reported.insert(name.name).inserted else { return }
        fail(.unknownName, "there is no '\(name.name)'", name.identifier.span, hint: hint(forUnknown: name.name, called: called))
    }

    // MARK: - Unused names

    private mutating func warnAboutUnused(_ program: Program, _ kind: Analysis.Kind) {
        var unused = locals.filter { $0.kind == .variable }
        // A file of declarations only is there for others to import; in a script an unused name is a slip.
        if kind == .file {
            let isScript = program.statements.contains { statement in
                switch statement.kind {
                case .declare, .function, .method, .importFile, .test, .param: return false
                default: return true
                }
            }
            unused += hoisted.values.filter { $0.kind == .setting || isScript && $0.kind == .variable }
        }
        for variable in unused where !variable.isRead && !variable.name.hasPrefix("_") {
            let location = Location(source, variable.identifier.span)
            if variable.kind == .setting {
                diagnostics.append(Diagnostic(.unreadParameter, "the param '\(variable.name)' is never read", at: location,
                                              hint: "'--set \(variable.name)=...' would change nothing", severity: .warning))
            } else {
                let what = variable.isReassigned ? "set, but never read" : "never used"
                diagnostics.append(Diagnostic(.unusedVariable, "'\(variable.name)' is \(what)", at: location,
                                              hint: "remove it, or call it '_\(variable.name)' if that is on purpose", severity: .warning))
            }
        }
    }

    /// What Python, Julia and Swift call otherwise.
    private static let habits = [
        "range": "write '0..n'", "eachindex": "write '0..len(xs)'", "isinstance": "write 'type(x) == \"int\"'", "typeof": "write 'type(x)'",
        "hasattr": "write '\"key\" in record'", "getattr": "write 'record[\"key\"]'", "input": "a script asks nothing: declare a 'param' and set it with --set",
        "self": "a method's variables are used by their plain names", "this": "a method's variables are used by their plain names",
        "torch": "the functions of tensors stand alone: write 'zeros(3)' for 'torch.zeros(3)'", "np": "the functions of tensors stand alone: write 'zeros(3)' for 'np.zeros(3)'",
        "numpy": "the functions of tensors stand alone: write 'zeros(3)' for 'numpy.zeros(3)'",
        "dict": "a record is written {\"key\": value}", "list": "a list is written [1, 2]; [x for x in xs] makes one of anything", "tuple": "several values are a list: (a, b)",
        "println": "write 'print x'", "printf": "write 'print \"{x:.2f}\"'", "echo": "write 'print x'", "length": "write 'len(x)'",
        "begin": "a block stands in braces: { ... }", "end": "a block ends with '}'", "exit": "end the script with its last line; leave the shell with Ctrl-D", "quit": "leave the shell with Ctrl-D",
    ]

    func hint(forUnknown name: String, called: Bool) -> String? {
        if let habit = Self.habits[name] { return habit }
        if let near = Suggestion.nearest(to: name, among: visibleNames) { return "did you mean '\(near)'?" }
        return called ? nil : "declare it with 'let \(name) = ...'"
    }

    var visibleNames: [String] {
        var names = Array(globals.variables.keys) + Array(hoisted.keys) + catalog.names
        var scope: FunctionScope? = function
        while let current = scope {
            names += current.visibleNames + Array(current.hoisted.keys)
            scope = current.parent
        }
        return names
    }

    mutating func fail(_ code: DiagnosticCode, _ message: String, _ span: Span, hint: String? = nil, notes: [Diagnostic.Note] = []) {
        guard diagnostics.count < Parser.mostDiagnostics else { return }
        diagnostics.append(Diagnostic(code, message, at: Location(source, span), hint: hint, notes: notes))
    }
}
