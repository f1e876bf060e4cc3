import BCLScript
import FilePaths
import Foundation

/// An imported or standard file: its names, their values, and whether it has run.
final class Module {
    let path: String
    let program: Program
    let scope: GlobalScope
    let globals: GlobalTable
    var hasRun = false

    init(_ path: String, _ program: Program, _ scope: GlobalScope) {
        self.path = path
        self.program = program
        self.scope = scope
        globals = GlobalTable()
    }

    /// What an import brings in: the file's own names, not those it imported, and none that start with `_`.
    var exports: [Variable] {
        scope.variables.values.filter { $0.kind != .imported && !$0.name.hasPrefix("_") }.sorted { $0.slot < $1.slot }
    }
}

/// Reads, resolves and runs other files, each once; answers the resolver's questions about names.
public final class ModuleLoader: NameCatalog {
    public let registry: Registry
    public let library: Library
    let settings = Settings()
    /// Where the functions of compiled code stand, once somebody asks.
    public let places = CodePlaces()
    /// Where a file's content comes from; an editor's unsaved text may take its place.
    public var readFile: (String) -> Data? = { FileManager.default.contents(atPath: $0) }
    private unowned(unsafe) var evaluator: Evaluator!
    private(set) var modules: [String: Module] = [:]
    /// Files being read or run, outermost first.
    private var loading: [String] = []

    init(registry: Registry, library: Library) {
        self.registry = registry
        self.library = library
    }

    func attach(_ evaluator: Evaluator) { self.evaluator = evaluator }

    // MARK: - NameCatalog

    public func isKnown(_ name: String) -> Bool { registry.builtins[name] != nil || library.files[name] != nil }
    public var names: [String] { Array(registry.builtins.keys) + Array(library.files.keys) }
    public var verbs: [String: VerbForm] { registry.verbs }
    public var events: [String: [String]] { registry.events.mapValues(\.parameters) }

    public func signature(of name: String) -> Signature? {
        if let builtin = registry.builtins[name] { return builtin.signature }
        guard let path = library.files[name] else { return nil }
        // A faulty library file is reported where its value is needed.
        return (try? module(at: path, usedAt: nil))?.scope.variables[name]?.signature
    }

    public func exports(of path: String, importedAt location: Location) throws -> [Variable] {
        try module(at: try resolve(path, from: location), usedAt: location).exports
    }

    /// What the comment above a standard method's declaration says, in one paragraph.
    public func documentation(of name: String) -> String? {
        guard let path = library.files[name], let module = try? module(at: path, usedAt: nil), let variable = module.scope.variables[name] else { return nil }
        return module.program.summary(above: variable.identifier.span)
    }

    /// Reads files anew where they are needed next. For checks only: values of the old ones stay with those who have them.
    public func forgetFiles() { modules = [:] }

    /// Where a standard method, or a name that an import brings in, is declared.
    public func declaration(of name: String) -> Variable? {
        guard let path = library.files[name] else { return nil }
        return (try? module(at: path, usedAt: nil))?.scope.variables[name]
    }

    /// The file that an import means.
    public func path(of file: Import, in source: SourceFile) -> String? { try? resolve(file.path, from: Location(source, file.pathSpan)) }

    /// Comments above a declaration in a file that was read.
    public func documentation(of variable: Variable) -> String? {
        modules.values.first { $0.program.source === variable.source }?.program.documentation(above: variable.identifier.span)
    }

    /// The files that were imported so far, the standard library's with them, by path.
    public var importedFiles: [SourceFile] { modules.values.map(\.program.source).sorted { $0.name < $1.name } }

    // MARK: - Values

    /// The value of a builtin, or of a name that a file of the standard library defines.
    func value(of name: String, usedAt location: Location) throws -> Value {
        if let builtin = registry.builtins[name] { return .host(builtin) }
        guard let path = library.files[name] else { throw Diagnostic(.unknownName, "there is no '\(name)'", at: location) }
        let module = try module(at: path, usedAt: location)
        try run(module, usedAt: location)
        guard let variable = module.scope.variables[name] else {
            throw Diagnostic(.importFailed, "the standard library's \(path) does not define '\(name)'", at: location)
        }
        return module.globals[variable.slot]
    }

    /// The value of a name of the standard library.
    public func libraryValue(_ name: String) throws -> Value { try value(of: name, usedAt: Location(SourceFile(name: name, text: ""), Span(0, 0))) }

    /// The name under which a file that was imported exports a value.
    public func exportedName(of value: Value, in path: String) -> String? {
        guard let module = modules[path] else { return nil }
        return module.exports.first { module.globals[$0.slot].isSame(as: value) }?.name
    }

    func values(of file: Import, importedAt location: Location) throws -> [(String, Value)] {
        let module = try module(at: try resolve(file.path, from: location), usedAt: location)
        try run(module, usedAt: location)
        return module.exports.map { ($0.name, module.globals[$0.slot]) }
    }

    // MARK: - Files

    /// Relative to the importing file; then a name of the standard library ("methods/er.bcl" or "er").
    private func resolve(_ path: String, from location: Location) throws -> String {
        let files = FileManager.default
        let home = FilePath.folder(location.source.name)
        let candidate = path.hasPrefix("/") ? path : (home.isEmpty ? path : home + "/" + path)
        if files.fileExists(atPath: candidate) { return FilePath.standard(candidate) }
        if let folder = library.folder, files.fileExists(atPath: folder + "/" + path) { return folder + "/" + path }
        if let known = library.files[path] { return known }
        throw Diagnostic(.importFailed, "there is no file '\(candidate)' to import", at: location,
                         hint: Suggestion.nearest(to: path, among: neighbours(of: candidate)).map { "did you mean '\($0)'?" })
    }

    private func neighbours(of path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: FilePath.directory(path))) ?? []).filter { $0.hasSuffix(".bcl") }
    }

    func module(at path: String, usedAt location: Location?) throws -> Module {
        if let known = modules[path] { return known }
        try enter(path, location)
        defer { loading.removeLast() }
        guard let data = readFile(path) else {
            throw Diagnostic(.importFailed, "'\(path)' can't be read", at: location)
        }
        let source = SourceFile(name: path, bytes: [UInt8](data))
        let scope = GlobalScope()
        let analysis = Analysis.of(source, kind: .file, globals: scope, catalog: self)
        if let first = analysis.diagnostics.first(where: { $0.severity == .error }) {
            var result = first
            if let location { result.notes.append(Diagnostic.Note("imported here", at: location)) }
            throw result
        }
        let module = Module(path, analysis.program, scope)
        modules[path] = module
        return module
    }

    private func run(_ module: Module, usedAt location: Location) throws {
        if module.hasRun { return }
        try enter(module.path, location)
        defer { loading.removeLast() }
        let steps = try compiled(module)
        let frame = Frame(slotCount: module.program.slotCount, captures: [], evaluator)
        // The tests of an imported file are its own affair.
        let collect = evaluator.collectTest
        evaluator.collectTest = nil
        defer { evaluator.collectTest = collect }
        try evaluator.withoutSuspension { for step in steps { _ = try step.run(frame) } }
        module.hasRun = true
    }

    func compiled(_ module: Module) throws -> [Step] {
        module.globals.grow(to: module.scope.slotCount)
        return try Compiler.compile(module.program, unit: CodeUnit(module.program.source, module.globals), loader: self)
    }

    private func enter(_ path: String, _ location: Location?) throws {
        if loading.contains(path) {
            let names = (loading + [path]).map(FilePath.name)
            throw Diagnostic(.importCycle, "files import each other: \(names.joined(separator: " -> "))", at: location, hint: "move what both need into a third file")
        }
        loading.append(path)
    }
}

final class ImportStep: Step {
    let file: Import
    let loader: ModuleLoader
    init(_ file: Import, _ loader: ModuleLoader, _ span: Span, _ unit: CodeUnit) {
        self.file = file
        self.loader = loader
        super.init(span, unit)
    }

    override func run(_ frame: Frame) throws -> Flow {
        let location = Location(unit.source, file.pathSpan)
        do {
            let values = try loader.values(of: file, importedAt: location)
            if let alias = file.aliasVariable {
                unit.globals[alias.slot] = .record(RecordValue(values))
                return .next
            }
            let bound = Dictionary(file.bindings.map { ($0.name, $0.variable.slot) }, uniquingKeysWith: { $1 })
            for (name, value) in values { if let slot = bound[name] { unit.globals[slot] = value } }
        } catch { throw unit.located(error, file.pathSpan) }
        return .next
    }
}
