import BCLScript
import Interpreter
import Workbench

/// Hover and definition: both ask what stands at a place.
struct Navigation {
    let document: Document
    let program: Program
    let session: Session
    var loader: ModuleLoader { session.loader }

    // MARK: - Hover

    func hover(_ offset: Int) -> JSON {
        guard let place = Place.find(offset, in: program), let entry = entry(place) else { return .null }
        return ["contents": ["kind": "markdown", "value": .string(entry.markdown)], "range": document.range(place.span)]
    }

    private func entry(_ place: Place) -> Help.Entry? {
        let help = Help(session)
        switch place {
        case .use(let use):
            if let variable = variable(use) { return describe(variable, help) }
            return help.entry(for: use.name)
        case .declaration(let variable): return describe(variable, help)
        case .field(let base, let name):
            if let imported = member(of: base, name.text) { return help.entry(for: imported) }
            return help.entry(forMember: name.text, of: type(of: base)) ?? help.entry(forMember: name.text)
        case .keyword(let callee, let name):
            guard let signature = signature(of: callee), let index = signature.index(of: name.text) else { return nil }
            let parameter = signature.parameters[index]
            return Help.Entry(["\(parameter.name)\(parameter.defaultText.map { "=\($0)" } ?? "")"], "A parameter of `\(signature.description)`")
        case .importPath(let file): return loader.path(of: file, in: document.source).map { Help.Entry(["import \"\(file.path)\""], "`\($0)`") }
        case .event(let name): return help.event(name.text)
        case .word(let word, _): return help.keyword(word) ?? help.entry(for: word)
        }
    }

    /// A name of this text has its comment here; one of an imported file, there.
    private func describe(_ variable: Variable, _ help: Help) -> Help.Entry {
        let declared = origin(variable)
        guard declared.source === document.source else { return help.entry(for: declared) }
        return help.entry(for: declared, documentation: program.documentation(above: declared.identifier.span))
    }

    // MARK: - Definition

    func definition(_ offset: Int) -> JSON {
        guard let place = Place.find(offset, in: program) else { return .null }
        switch place {
        case .use(let use):
            if let variable = variable(use) { return location(origin(variable)) }
            return loader.declaration(of: use.name).map(location) ?? .null
        case .declaration(let variable): return location(origin(variable))
        case .field(let base, let name):
            if let imported = member(of: base, name.text) { return location(imported) }
            return .null
        case .keyword(let callee, let name): return parameter(name.text, of: callee).map(location) ?? .null
        case .importPath(let file): return loader.path(of: file, in: document.source).map { ["uri": .string(FileURI.uri($0)), "range": Document.range(Span(0, 0), SourceFile(name: "", text: ""))] } ?? .null
        case .event, .word: return .null
        }
    }

    private func location(_ variable: Variable) -> JSON {
        let uri = variable.source === document.source ? document.uri : FileURI.uri(variable.source.name)
        return ["uri": .string(uri), "range": Document.range(variable.identifier.span, variable.source)]
    }

    // MARK: - Names

    private func variable(_ use: NameUse) -> Variable? {
        switch use.target {
        case .variable(let variable), .captured(let variable, _): return variable
        case .builtin, .unresolved: return nil
        }
    }

    /// Where an imported name is declared; other variables are declared where they are.
    private func origin(_ variable: Variable) -> Variable {
        guard variable.kind == .imported else { return variable }
        for file in imports where file.alias == nil {
            if let found = exports(of: file).first(where: { $0.name == variable.name }) { return found }
        }
        return variable
    }

    private var imports: [Import] { program.statements.compactMap { if case .importFile(let file) = $0.kind { return file } else { return nil } } }
    private func exports(of file: Import) -> [Variable] { (try? loader.exports(of: file.path, importedAt: Location(document.source, file.pathSpan))) ?? [] }

    /// `m.name` with m the alias of an import.
    private func member(of base: Expression, _ name: String) -> Variable? {
        guard case .name(let use) = base.kind, let variable = variable(use), variable.kind == .imported,
              let file = imports.first(where: { $0.alias?.text == variable.name }) else { return nil }
        return exports(of: file).first { $0.name == name }
    }

    private func signature(of callee: Expression) -> Signature? {
        switch callee.kind {
        case .name(let use): return variable(use).flatMap { origin($0).signature } ?? loader.signature(of: use.name)
        case .field(let base, let name):
            if let imported = member(of: base, name.text) { return imported.signature }
            for (_, member) in Help(session).members(named: name.text) { if case .method(let signature, _) = member.action { return signature } }
            return nil
        default: return nil
        }
    }

    private func parameter(_ name: String, of callee: Expression) -> Variable? {
        guard case .name(let use) = callee.kind, let declared = variable(use).map(origin), declared.source === document.source else { return nil }
        var found: Variable?
        var walker = Walker()
        walker.onFunction = { if $0.variable === declared { found = $0.parameters.first { $0.name == name }?.variable } }
        walker.walk(program)
        return found
    }

    /// The type of a name that is declared by a call.
    private func type(of base: Expression) -> String? {
        guard case .name(let use) = base.kind, let variable = variable(use) else { return nil }
        var type: String?
        var walker = Walker()
        walker.onStatement = { statement in
            guard case .declare(let pattern, let value) = statement.kind, !pattern.isList, pattern.variables.first === variable else { return }
            guard case .call(let callee, _) = value.kind, case .name(let function) = callee.kind else { return }
            if let builtin = session.registry.builtins[function.name] { type = builtin.returns }
            else if loader.library.files[function.name] != nil || self.variable(function).map({ origin($0).kind == .method }) == true { type = "learner" }
        }
        walker.walk(program)
        return type
    }
}
