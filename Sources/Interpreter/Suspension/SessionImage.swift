import BCLScript

/// What a session is made of, for checkpoints: to be read out, and set again once the same code is compiled.
extension Session {
    /// Top-level names with their variable and value; those without a value are left out.
    public var allNames: [(variable: Variable, value: Value)] {
        scope.variables.values.sorted { $0.slot < $1.slot }.compactMap { globals[$0.slot].isUnset ? nil : ($0, globals[$0.slot]) }
    }

    /// Sets all top-level names; those that are not given have no value.
    /// - Throws: `Failure` where the code has no such name.
    public func setAllNames(_ values: [(name: String, value: Value)]) throws {
        for variable in scope.variables.values { globals[variable.slot] = .unset }
        for (name, value) in values {
            guard let variable = scope.variables[name] else { throw Failure(.fileError, "the script has no name '\(name)'") }
            globals[variable.slot] = value
        }
    }

    public func setImports(_ imports: [ImportedFile]) { self.imports = imports }
}

/// A file that was imported, or taken from the standard library.
public struct LoadedFile {
    public let path: String
    public let source: SourceFile
    public let hasRun: Bool
    /// Its top-level names with their values.
    public let names: [(name: String, value: Value)]
}

extension ModuleLoader {
    /// All files that the running code has loaded, in the order of their paths.
    public var loadedFiles: [LoadedFile] {
        modules.values.sorted { $0.path < $1.path }.map { module in
            LoadedFile(path: module.path, source: module.program.source, hasRun: module.hasRun,
                       names: module.scope.variables.values.sorted { $0.slot < $1.slot }.compactMap { module.globals[$0.slot].isUnset ? nil : ($0.name, module.globals[$0.slot]) })
        }
    }

    /// Reads a file that a checkpoint needs. Its code is compiled, but does not run: its names are set by `setNames`.
    public func prepare(_ path: String) throws {
        let module = try module(at: path, usedAt: nil)
        guard !module.hasRun else { return }
        _ = try compiled(module)
    }

    /// Sets the names of a file; it then counts as having run.
    public func setNames(of path: String, _ values: [(name: String, value: Value)]) throws {
        let module = try module(at: path, usedAt: nil)
        for (name, value) in values {
            guard let variable = module.scope.variables[name] else { throw Failure(.fileError, "'\(path)' has no name '\(name)'") }
            module.globals[variable.slot] = value
        }
        module.hasRun = true
    }
}
