import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

/// Makes the values of a saved session again. Runs within `Session.replaceNames`: where it fails the session is as before.
final class SessionReader {
    private let saved: SavedSession
    private let tensors: [String: Tensor]
    private let path: String
    private let session: Session
    private let workbench: Workbench
    private var values: [Value?]
    private var cells: [Int: Cell] = [:]
    /// Nodes whose function is the meaning of a name.
    private var declared: Set<Int> = []

    init(_ saved: SavedSession, _ tensors: [String: Tensor], path: String, _ session: Session, _ workbench: Workbench) {
        (self.saved, self.tensors, self.path, self.session, self.workbench) = (saved, tensors, path, session, workbench)
        values = Array(repeating: nil, count: saved.nodes.count)
    }

    /// Defines all names.
    /// - Returns: them.
    func restore() throws -> Set<String> {
        let names = Set(saved.variables.map(\.name))
        try runImports()
        // Functions see all names, also those that stand behind them.
        for name in names where session.scope.variables[name] == nil { session.define(name, .none) }
        for index in saved.nodes.indices { if case .cell = saved.nodes[index] { cells[index] = Cell(.unset) } }
        try makeFunctions()
        try makeInnerFunctions()
        for index in saved.nodes.indices { try makeLeaf(index) }
        try makeDependents()
        try fillContainers()
        for variable in saved.variables {
            if case .node(let index) = variable.value, declared.contains(index), name(of: index) == variable.name { continue }
            session.define(variable.name, try value(variable.value))
        }
        // Functions were declared before their names were given to other things.
        try checkFunctions()
        return names
    }

    /// Values that are no names.
    func kept() throws -> [(name: String, value: Value)] { try saved.kept.map { ($0.name, try value($0.value)) } }

    // MARK: - Code

    private func runImports() throws {
        for file in saved.imports {
            guard let data = session.loader.readFile(file.path) else { throw refuse("the imported file '\(file.path)' is not there any more") }
            guard try SessionFile.sum(data) == file.checksum else {
                throw refuse("the imported file '\(file.path)' has changed since", hint: "put the file back as it was, or load the learners on their own: load L from \"FILE\"")
            }
            let alias = file.alias.map { " as \($0)" } ?? ""
            try run("import \(Describer.quote(file.path))\(alias)", "import")
        }
    }

    /// Declarations that are the meaning of their name come last, so that they are it in the end.
    private func makeFunctions() throws {
        var current: Set<Int> = []
        for variable in saved.variables { if case .node(let index) = variable.value, name(of: index) == variable.name { current.insert(index) } }
        let order = saved.nodes.indices.filter { !current.contains($0) } + current.sorted()
        for index in order {
            switch saved.nodes[index] {
            case .function(let text, let name, let source):
                let result = try run(text, source)
                guard let value = name.map({ session.value(of: $0) }) ?? result else { throw damaged("a function gives no value") }
                values[index] = value
                if current.contains(index) { declared.insert(index) }
            case .imported(let path, let name): values[index] = try imported(name, from: path)
            default: break
            }
        }
    }

    private func makeInnerFunctions() throws {
        let places = session.loader.places
        for (number, source) in (saved.sources ?? []).enumerated() {
            // Only what this text holds: cells of two sessions may have one name.
            places.clear()
            places.isKept = true
            defer { places.isKept = false }
            do { try session.compile(SourceFile(name: source.name, text: source.text)) } catch let problem as Diagnostic { throw refuse("its code can't be compiled here: \(problem.message)", hint: problem.hint) }
            for (index, node) in saved.nodes.enumerated() {
                guard case .inner(number, let start, let end, let references) = node else { continue }
                let shared = references.compactMap { reference -> Cell? in if case .node(let number) = reference { return cells[number] } else { return nil } }
                guard shared.count == references.count, let closure = places.closure(CodePlace(file: source.name, start: start, end: end), shared) else { throw damaged("there is no function at \(source.name):\(start)") }
                values[index] = .host(closure)
            }
        }
        places.clear()
    }

    private func checkFunctions() throws {
        for index in declared { if let name = name(of: index), let value = values[index], case .host(let host) = value, session.value(of: name)?.isSame(as: .host(host)) != true { throw damaged("'\(name)' is not what it was") } }
    }

    private func imported(_ name: String, from path: String) throws -> Value {
        guard let file = saved.imports.first(where: { $0.path == path }) else { throw damaged("it does not say where '\(name)' comes from") }
        if let alias = file.alias, case .record(let record)? = session.value(of: alias), let value = record.entries[name] { return value }
        guard file.alias == nil, let value = session.value(of: name) else { throw refuse("'\(path)' has no '\(name)'") }
        return value
    }

    private func name(of index: Int) -> String? {
        guard saved.nodes.indices.contains(index), case .function(_, let name, _) = saved.nodes[index] else { return nil }
        return name
    }

    @discardableResult
    private func run(_ text: String, _ source: String) throws -> Value? {
        do { return try session.evaluate(SourceFile(name: source, text: text)) } catch let problem as Diagnostic {
            throw refuse("its code can't be run here: \(problem.message)", hint: problem.hint)
        } catch let error as ScriptError { throw refuse("its code can't be run here: \(error.diagnostic.message)", hint: error.diagnostic.hint) }
    }

    // MARK: - Values

    private func value(_ reference: SavedReference) throws -> Value {
        try reference.value { index in
            guard saved.nodes.indices.contains(index), let value = values[index] else { throw damaged("value \(index) is missing") }
            return value
        }
    }

    /// nil where it is not made yet.
    private func known(_ reference: SavedReference) -> Value? {
        if case .node(let index) = reference { return saved.nodes.indices.contains(index) ? values[index] : nil }
        return try? value(reference)
    }

    /// What needs no other node; lists and records stay empty for now.
    private func makeLeaf(_ index: Int) throws {
        switch saved.nodes[index] {
        case .list: values[index] = .items([])
        case .record: values[index] = .record(RecordValue())
        case .pooledMade(let place, let recipe, let device, let owners, let seen, let hasTargets, let written, let writes):
            guard case .host(let host) = try leaves.on(device, { try leaves.make(recipe) }), let memory = (host as? PooledMemoryValue)?.memory else { throw damaged("'\(recipe)' makes no memory") }
            let state = PooledMemory.Snapshot(x: try leaves.tensor("\(place).x"), y: try leaves.tensor("\(place).y"), targets: hasTargets ? try leaves.tensor("\(place).targets") : nil, owners: owners, seen: seen,
                                              written: written, writes: writes)
            do { try memory.check(state) } catch { throw damaged("a memory does not fit: \(error)") }
            try memory.restore(state)
            values[index] = .host(host)
        case .library(let name):
            do { values[index] = try session.loader.libraryValue(name) } catch { throw refuse("the standard library has no '\(name)' here") }
        default: if let value = try leaves.value(saved.nodes[index]) { values[index] = value }
        }
    }

    /// What refers to others, once these are there: a learner may be made of the network of another one.
    private func makeDependents() throws {
        var waiting = saved.nodes.indices.filter { values[$0] == nil && cells[$0] == nil }
        while !waiting.isEmpty {
            try fillContainers()
            let left = try waiting.filter { index in
                guard let value = try makeDependent(index) else { return true }
                values[index] = value
                return false
            }
            guard left.count < waiting.count else { throw damaged("values refer to each other in a circle") }
            waiting = left
        }
    }

    private func makeDependent(_ index: Int) throws -> Value? {
        switch saved.nodes[index] {
        case .task(let owner, let number):
            guard let bench = known(owner) else { return nil }
            guard case .host(let host) = bench, let tasks = (host as? BenchmarkValue)?.taskValues, tasks.indices.contains(number) else { throw damaged("there is no task \(number)") }
            return .host(tasks[number])
        case .samples(let owner, let isTest, let positions):
            guard let whole = known(owner) else { return nil }
            guard case .host(let host) = whole else { throw damaged("samples of what has none") }
            return try leaves.samples(of: host, isTest: isTest, positions)
        case .adapted(let owner, let task, let losses):
            guard let classifier = known(owner) else { return nil }
            guard case .host(let host) = classifier, let classifier = host as? ClassifierValue else { throw damaged("an adapted network is none") }
            return .host(AdaptedValue(classifier, task: task, losses: losses))
        case .weights(let owner, _):
            guard let net = known(owner) else { return nil }
            guard case .host(let host) = net, let network = (host as? NetworkValue)?.network else { throw damaged("weights of what is no network") }
            return .host(WeightsValue(network))
        case .classifier(let owner, let tasks):
            guard let net = known(owner), let bench = known(tasks) else { return nil }
            guard case .host(let first) = net, let network = first as? NetworkValue, case .host(let second) = bench, let benchmark = second as? BenchmarkValue else { throw damaged("a classifier of what is no network") }
            return .host(try ClassifierValue(network, benchmark.benchmark))
        case .part(let owner, let name):
            guard let learner = known(owner) else { return nil }
            guard case .host(let host) = learner, let value = (host as? Learner)?.state(name) else { throw damaged("a learner has no '\(name)'") }
            return value
        case .learner(let method, let parameters, let state): return try makeLearner(index, method, parameters, state)
        default: throw damaged("value \(index) can't be made")
        }
    }

    private func makeLearner(_ index: Int, _ method: SavedReference, _ parameters: [SavedReference], _ state: LearnerFile) throws -> Value? {
        guard let callee = known(method) else { return nil }
        var passed: [Value] = []
        for parameter in parameters {
            guard let value = known(parameter) else { return nil }
            passed.append(value)
        }
        guard case .host(let host) = callee, let made = host as? MethodValue else { throw damaged("a learner of what is no method") }
        guard made.parameterNames.count == passed.count else { throw refuse("the method \(made.name) has other parameters than it had", hint: "was the method changed after the session was saved?") }
        let result = try session.quietly { try session.evaluator.call(made, passed) }
        guard case .host(let instance) = result, let learner = instance as? Learner else { throw damaged("the method \(made.name) makes no learner") }
        let own = tensors.filter { $0.key.hasPrefix("\(index)/") }.map { (String($0.key.dropFirst("\(index)/".count)), $0.value) }
        try state.restore(learner, workbench.streams, ValueReader(Dictionary(own, uniquingKeysWith: { $1 }), path: path))
        // The very objects that others refer to.
        for (name, value) in zip(made.parameterNames, passed) { _ = learner.setState(name, to: value) }
        try session.quietly { try learner.stepping.restore(state.position, session.evaluator, workbench) }
        return result
    }

    private func fillContainers() throws {
        for (index, node) in saved.nodes.enumerated() {
            switch (node, values[index]) {
            case (.list(let items), .list(let list)?): list.items = items.map { known($0) ?? .none }
            case (.cell(let content), _): cells[index]?.value = known(content) ?? .none
            case (.record(let keys, let items), .record(let record)?):
                guard keys.count == items.count, Set(keys).count == keys.count else { throw damaged("a record has \(keys.count) keys and \(items.count) values") }
                record.entries = RecordValue(zip(keys, items).map { ($0, known($1) ?? .none) }).entries
            default: break
            }
        }
    }

    // MARK: - Parts

    private lazy var leaves = LeafReader(session: session, workbench: workbench, what: "the session", path: path) { [tensors] in tensors[$0] }

    private func damaged(_ message: String) -> Failure { leaves.damaged(message) }
    private func refuse(_ message: String, hint: String? = nil) -> Failure { leaves.refuse(message, hint: hint) }
}
