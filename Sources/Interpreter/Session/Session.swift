import BCLScript
import Foundation

/// A running bclsh: its names and values, from the first cell to the last. The only door to the language: shell, batch and tests all use it.
public final class Session {
    public enum Outcome {
        /// The value of the last statement, where that is an expression.
        case finished(Value?)
        /// Nothing was run: the text has errors.
        case rejected([Diagnostic])
        case failed(Diagnostic)
        case interrupted
    }

    public let registry: Registry
    public let loader: ModuleLoader
    public let evaluator: Evaluator
    public let interrupt: InterruptToken
    public let thread = EvaluationThread()
    public let scope = GlobalScope()
    /// What runs now; other threads may ask.
    public let activity = Activity()
    let globals = GlobalTable()
    /// Told of each place where the run has stepped out; it goes on when this returns, and ends with what it throws.
    public var didSuspend: (Position) throws -> Void = { _ in }
    /// Files that cells have imported, in order.
    public internal(set) var imports: [ImportedFile] = []

    public struct ImportedFile: Equatable {
        public let path: String
        public let alias: String?

        public init(path: String, alias: String?) {
            self.path = path
            self.alias = alias
        }
    }

    private lazy var stoppedNames = StoppedNames(scope, globals)

    public init(registry: Registry, library: Library) {
        self.registry = registry
        interrupt = InterruptToken()
        loader = ModuleLoader(registry: registry, library: library)
        evaluator = Evaluator(registry: registry, interrupt: interrupt, sink: CollectingSink())
        loader.attach(evaluator)
        evaluator.evaluate = { [unowned self] in try evaluate($0, $1) }
        evaluator.willGoOn = { [unowned self] in stoppedNames.writeBack() }
        evaluator.didStop = { [unowned self] in stoppedNames.refresh($0) }
        stoppedNames.didSet = { [unowned self] in evaluator.didSetLocal?($0, $1) }
    }

    /// Values for the `param`s of what runs next.
    public var settings: Settings { loader.settings }

    /// Parses, resolves and runs one file or cell. Where it has errors nothing of it runs.
    /// - Parameters:
    ///   - kind: a whole script is also checked for top-level names that nothing uses.
    ///   - showsValues: whether the values of expression statements are shown, as at a prompt.
    ///   - restore: called once the code is compiled; where it has set the session to what it was at a place, the run goes on from there.
    public func execute(_ source: SourceFile, sink: OutputSink, kind: Analysis.Kind = .cell, showsValues: Bool = false, from restore: (() throws -> Position)? = nil) -> Outcome {
        thread.sync { self.run(source, sink, kind, showsValues, from: restore) }
    }

    /// Only the checks before running.
    public func check(_ source: SourceFile) -> [Diagnostic] {
        thread.sync {
            Analysis.of(source, kind: .file, globals: GlobalScope(), catalog: self.loader).diagnostics
        }
    }

    /// The names of a source's `param`s with their default's text; nil where the source has errors.
    public func parameters(of source: SourceFile) -> [(name: String, defaultText: String, literal: Value?)]? {
        thread.sync { () -> [(name: String, defaultText: String, literal: Value?)]? in
            let parsed = Parser.parse(source, verbs: self.registry.verbs)
            guard parsed.diagnostics.isEmpty else { return nil }
            return parsed.program.statements.compactMap { statement -> (name: String, defaultText: String, literal: Value?)? in
                guard case .param(let parameter) = statement.kind, let value = parameter.defaultValue else { return nil }
                return (parameter.name, source.text(value.span), Self.literal(value))
            }
        }
    }

    private static func literal(_ expression: BCLScript.Expression) -> Value? {
        switch expression.kind {
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .bool(let value): return .bool(value)
        case .string(let parts) where parts.count <= 1:
            if case .text(let text)? = parts.first { return .text(text) }
            return parts.isEmpty ? .text("") : nil
        default: return nil
        }
    }

    /// Whether a text given from outside fits a `param` with this literal default.
    public static func fits(_ text: String, _ literal: Value) -> Bool { Settings.parse(text, like: literal) != nil }

    /// The value of a top-level name.
    public func value(of name: String) -> Value? {
        guard let variable = scope.variables[name] else { return nil }
        let value = globals[variable.slot]
        return value.isUnset ? nil : value
    }

    /// Sets a top-level name from outside.
    public func define(_ name: String, _ value: Value) {
        let variable = scope.declare(name, kind: .variable, source: SourceFile(name: "", text: ""))
        globals[variable.slot] = value
    }

    func run(_ source: SourceFile, _ sink: OutputSink, _ kind: Analysis.Kind, _ showsValues: Bool, from restore: (() throws -> Position)? = nil) -> Outcome {
        evaluator.sink = sink
        defer { activity.end() }
        if let activation = evaluator.stopped()?.activation { stoppedNames.open(activation) }
        defer { stoppedNames.close() }
        let analysis = Analysis.of(source, kind: kind, globals: scope, catalog: loader)
        if analysis.hasErrors { return .rejected(analysis.diagnostics) }
        if restore == nil { for warning in analysis.diagnostics { sink.receive(.warning(warning)) } }

        for statement in analysis.program.statements { if case .importFile(let file) = statement.kind { remember(file, in: source) } }
        globals.grow(to: scope.slotCount)
        let unit = CodeUnit(source, globals)
        do {
            let steps = try Compiler.compile(analysis.program, unit: unit, loader: loader)
            return .finished(try run(steps, analysis.program, showsValues, from: try restore?()))
        } catch let error as ScriptError { return .failed(error.report) }
        catch let diagnostic as Diagnostic { return .rejected([diagnostic]) }
        catch let failure as Failure { return .failed(Diagnostic(failure.code, failure.message, at: nil, hint: failure.hint)) }
        catch is Interrupted { return .interrupted }
        catch is Halted { return .finished(nil) }
        catch { return .failed(Diagnostic(.internalError, "\(error)", at: nil)) }
    }

    private func remember(_ file: Import, in source: SourceFile) {
        guard let path = loader.path(of: file, in: source) else { return }
        let entry = ImportedFile(path: path, alias: file.alias?.text)
        if !imports.contains(entry) { imports.append(entry) }
    }

    // MARK: - All names

    /// The session's own names, without those of a stopped call that a cell may use.
    public var ownNames: [String: Variable] { stoppedNames.withoutThese(scope.variables) }

    public func ownValue(of name: String) -> Value? {
        guard let variable = ownNames[name] else { return nil }
        let value = globals[variable.slot]
        return value.isUnset ? nil : value
    }

    /// Sets all names anew: those that the body defines stay, others are forgotten. Where the body fails everything is as it was.
    /// On the evaluation thread only.
    /// - Parameter kept: names that stay whatever the body does.
    public func replaceNames(keeping kept: Set<String>, _ body: () throws -> Set<String>) throws {
        stoppedNames.close()
        let (variables, imports) = (scope.variables, imports)
        let values = variables.mapValues { globals[$0.slot] }
        do {
            self.imports = []
            let defined = try body()
            for (name, variable) in scope.variables where !defined.contains(name) && !kept.contains(name) { globals[variable.slot] = .unset }
            scope.setNames(scope.variables.filter { defined.contains($0.key) || kept.contains($0.key) })
        } catch {
            scope.setNames(variables)
            for (name, variable) in variables { globals[variable.slot] = values[name] ?? .unset }
            self.imports = imports
            throw error
        }
    }

    /// Runs a text among the session's names, quietly. On the evaluation thread only.
    /// - Returns: the value of its last statement, where that is an expression.
    /// - Throws: `Diagnostic` or `ScriptError`.
    @discardableResult
    public func evaluate(_ source: SourceFile) throws -> Value? { try evaluate(source, scope, globals) }

    /// Compiles a text among the session's names without running it: for the functions in it. On the evaluation thread only.
    /// - Throws: `Diagnostic`.
    public func compile(_ source: SourceFile) throws {
        let analysis = Analysis.of(source, kind: .cell, globals: scope, catalog: loader)
        if let problem = analysis.diagnostics.first(where: { $0.severity == .error }) { throw problem }
        globals.grow(to: scope.slotCount)
        _ = try Compiler.compile(analysis.program, unit: CodeUnit(source, globals), loader: loader)
    }

    /// The value of an expression of builtins and the standard library, whatever the session's names are. On the evaluation thread only.
    public func evaluateAlone(_ text: String) throws -> Value? { try evaluate(SourceFile(name: "recipe", text: text), GlobalScope(), GlobalTable()) }

    /// Runs something whose output nobody is to see.
    public func quietly<T>(_ body: () throws -> T) rethrows -> T {
        let sink = evaluator.sink
        evaluator.sink = CollectingSink()
        defer { evaluator.sink = sink }
        return try body()
    }

    private func evaluate(_ source: SourceFile, _ scope: GlobalScope, _ globals: GlobalTable) throws -> Value? {
        try quietly { try run(source, scope, globals) }
    }

    private func run(_ source: SourceFile, _ scope: GlobalScope, _ globals: GlobalTable) throws -> Value? {
        let analysis = Analysis.of(source, kind: .cell, globals: scope, catalog: loader)
        if let problem = analysis.diagnostics.first(where: { $0.severity == .error }) { throw problem }
        for statement in analysis.program.statements { if case .importFile(let file) = statement.kind, scope === self.scope { remember(file, in: source) } }
        globals.grow(to: scope.slotCount)
        let steps = try Compiler.compile(analysis.program, unit: CodeUnit(source, globals), loader: loader)
        // What the host evaluates in between is no place that a checkpoint can lead back to.
        return try evaluator.withoutSuspension { try run(steps, analysis.program, false) }
    }

    /// The value of an expression over the names of a stopped call and the session's.
    private func evaluate(_ text: String, _ activation: Activation) throws -> Value {
        let source = SourceFile(name: "condition", text: text)
        let (names, values) = (GlobalScope(), GlobalTable())
        func add(_ name: String, _ value: Value) { values[names.declare(name, kind: .variable, source: source).slot] = value }
        for (name, variable) in scope.variables { add(name, globals[variable.slot]) }
        for (name, value) in activation.names { add(name, value) }
        let analysis = Analysis.of(source, kind: .cell, globals: names, catalog: loader)
        if let problem = analysis.diagnostics.first(where: { $0.severity == .error }) { throw problem }
        values.grow(to: names.slotCount)
        let steps = try Compiler.compile(analysis.program, unit: CodeUnit(source, values), loader: loader)
        let frame = Frame(slotCount: analysis.program.slotCount, captures: [], evaluator)
        guard steps.count == 1, let step = steps.first as? ExpressionStep else { throw Diagnostic(.expectedExpression, "a condition is one expression", at: Location(source, Span(0, text.utf8.count))) }
        return try evaluator.withoutStepping { try step.node.eval(frame) }
    }

    private func run(_ steps: [Step], _ program: Program, _ showsValues: Bool, from start: Position? = nil) throws -> Value? {
        let frame = start?.frame ?? Frame(slotCount: program.slotCount, captures: [], evaluator)
        var plan = start.map(Resumption.init)
        if let plan, frame.values.count != program.slotCount { throw plan.misfit }
        while true {
            do { return try run(steps, program, showsValues, frame, plan) } catch let suspension as Suspension {
                let position = suspension.position(frame, program.locals)
                try didSuspend(position)
                plan = Resumption(position)
            }
        }
    }

    /// - Parameter plan: leads into the statement that runs first.
    private func run(_ steps: [Step], _ program: Program, _ showsValues: Bool, _ frame: Frame, _ plan: Resumption?) throws -> Value? {
        var last: Value?
        var (index, plan) = (0, plan)
        if let way = plan {
            guard case .statement(let place, _) = try way.next(), steps.indices.contains(place) else { throw way.misfit }
            index = place
        }
        while index < steps.count {
            let (step, statement) = (steps[index], program.statements[index])
            do {
                if plan == nil, evaluator.signal.pointee != 0 { try evaluator.poll(step, frame) }
                activity.begin(Location(program.source, statement.span))
                let way = plan.flatMap { $0.isAtPlace ? nil : $0 }
                plan = nil
                last = nil
                if let expression = step as? ExpressionStep {
                    let value = try way.map { try expression.node.resume(frame, $0) } ?? expression.node.eval(frame)
                    // A sentence has said what there is to say; a value that is more than a figure of it is in `_`.
                    let isSentence = if case .verb = statement.kind { true } else { false }
                    last = isSentence && value.isOutput ? nil : value
                    if case .none = value {} else if value.isOutput || (showsValues && !isSentence) {
                        do { try evaluator.show(value) } catch { throw expression.unit.located(error, expression.span) }
                    }
                } else {
                    _ = try way.map { try step.resume(frame, $0) } ?? step.run(frame)
                }
            } catch { throw noted(error, .statement(index, step.span)) }
            index += 1
        }
        return last
    }
}
