import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

/// Turns a run that has stepped out into nodes and tensors: everything that its names, calls, and learners lead to, each object once.
struct StateWriter {
    private let session: Session
    private let workbench: Workbench
    private var nodes: [SavedNode?] = []
    private var leaves = LeafWriter(refusesGraphs: true)
    private var known: [ObjectIdentifier: Int] = [:]
    /// Objects whose node is not written yet, with the variable that they were met through.
    private var waiting: [(Int, AnyObject, String)] = []
    /// Objects that were made here: a number of an object that is gone would be given again.
    private var kept: [AnyObject] = []
    private var benchmarks: [ObjectIdentifier: BenchmarkValue] = [:]
    private var networks: [ObjectIdentifier: NetworkValue] = [:]
    /// Values that need a benchmark or network of their own to refer to: they are written last.
    private var late: [(Int, HostValue, String)] = []
    private var belongings: [SavedState.Belonging] = []
    private var root = "the program"

    private init(_ session: Session, _ workbench: Workbench) { (self.session, self.workbench) = (session, workbench) }

    /// - Parameter notes: what the caller keeps with it.
    /// - Throws: `CheckpointProblem`.
    static func state(_ position: Position, _ session: Session, _ workbench: Workbench, notes: Data) throws -> (state: SavedState, tensors: [(String, Tensor)]) {
        var writer = StateWriter(session, workbench)
        return try writer.state(position, notes)
    }

    private mutating func state(_ position: Position, _ notes: Data) throws -> (state: SavedState, tensors: [(String, Tensor)]) {
        let names = try session.allNames.map { variable, value in
            try named("'\(variable.name)' (\(Location(variable.source, variable.identifier.span).description))", variable.name, value)
        }
        let files = try session.loader.loadedFiles.map { file in
            SavedState.File(path: file.path, checksum: try SessionFile.sum(Data(file.source.bytes)), hasRun: file.hasRun,
                            names: try file.names.map { try named("'\($0.name)' of \(file.path)", $0.name, $0.value) })
        }
        let calls = position.calls
        let slots = try references("a variable of the block at \(place(position))", calls[0].slots)
        var call = 0
        let parts = try position.parts.map { part -> SavedPart in
            if case .call = part { call += 1 }
            return try saved(part, calls[call].slots, "a variable of the function at \(place(position))")
        }
        let used = try session.settings.used.map { try named("the param '\($0.name)'", $0.name, $0.value) }
        let stepped = try workbench.stepped.map { try reference("a learner", .host($0)) } ?? .none
        let searches = try references("what a search came to", workbench.searches.map { .record($0) })
        try writeLate()
        let log = try (workbench.learnerLog?.entries ?? []).enumerated().map { try logged($1, $0) }
        let shelf: TensorShelf
        do { shelf = try TensorShelf(leaves.tensors) } catch { throw CheckpointProblem(holder: "a tensor", cause: Unsaveable(reason: "\(error)")) }
        let state = SavedState(
            seed: workbench.streams.seed, device: workbench.device.description, streams: workbench.streams.allStates.mapValues { [$0.0, $0.1, $0.2, $0.3] }, clock: workbench.clock,
            used: used, imports: session.imports.map { SavedState.Import(path: $0.path, alias: $0.alias) }, breakpoints: session.evaluator.breakpoints.map(Self.saved), stepped: stepped, log: log, leftOut: workbench.learnerLog?.leftOut ?? 0, searches: searches,
            files: files, names: names, slots: slots, parts: parts, belongings: belongings, nodes: nodes.map { $0 ?? .list([]) }, shelf: shelf.saved, notes: notes)
        return (state, shelf.storages)
    }

    /// Learners that nothing leads to any more are gone where the run goes on.
    private mutating func logged(_ entry: LearnerLog.Entry, _ number: Int) throws -> SavedState.Logged {
        let parameters = entry.parameters.map { SavedState.Name(name: $0.0, value: reference($0.1)) }
        if let learner = entry.learner, let node = known[ObjectIdentifier(learner)] {
            return SavedState.Logged(learner: .node(node), method: entry.method, seed: entry.seed, parameters: parameters, last: nil, losses: nil)
        }
        var last = entry.progress ?? Learner.Progress()
        leaves.add("log.\(number)", try Tensor.from(last.losses))
        last.losses = []
        return SavedState.Logged(learner: .none, method: entry.method, seed: entry.seed, parameters: parameters, last: last, losses: "log.\(number)")
    }

    private func place(_ position: Position) -> String {
        guard let span = position.span, let source = session.activity.current?.source else { return "the running statement" }
        return Location(source, span).description
    }

    private static func saved(_ breakpoint: Breakpoint) -> SavedState.Breakpoint {
        switch breakpoint.place {
        case .phase(let name): return SavedState.Breakpoint(number: breakpoint.number, method: breakpoint.method, phase: name, line: nil, condition: breakpoint.condition)
        case .line(let line): return SavedState.Breakpoint(number: breakpoint.number, method: breakpoint.method, phase: nil, line: line, condition: breakpoint.condition)
        }
    }

    private mutating func saved(_ part: SuspendedPart, _ slots: [Value], _ holder: String) throws -> SavedPart {
        switch part {
        case .statement(let index, _): return .statement(index)
        case .branch(let index): return .branch(index)
        case .turns(let left): return .turns(left)
        case .counting(let next, let end): return .counting(next, end)
        case .walking(let value, let taken): return .walking(try reference("what a loop walks over", value), taken)
        case .collected(let items): return .collected(try references("an item of a list", items))
        case .operands(let values): return .operands(try references("part of an expression", values))
        case .call(let closure, _): return .call(try reference(holder, .host(closure)), slots: try references(holder, slots))
        case .builtin(let name, let state): return .builtin(name, try reference("what '\(name)' works on", state))
        }
    }

    // MARK: - References

    private mutating func named(_ holder: String, _ name: String, _ value: Value) throws -> SavedState.Name { SavedState.Name(name: name, value: try reference(holder, value)) }

    private mutating func references(_ holder: String, _ values: [Value]) throws -> [SavedReference] { try values.map { try reference(holder, $0) } }

    /// A value with all that it leads to.
    private mutating func reference(_ holder: String, _ value: Value) throws -> SavedReference {
        root = holder
        let result = reference(value)
        while let (number, object, holder) = waiting.popLast() {
            root = holder
            do { nodes[number] = try node(number, object) } catch let cause as Unsaveable { throw CheckpointProblem(holder: holder, cause: cause) }
            catch { throw CheckpointProblem(holder: holder, cause: Unsaveable(reason: (error as? ScriptFailureConvertible)?.failure.message ?? (error as? Failure)?.message ?? "\(error)")) }
        }
        return result
    }

    private mutating func reference(_ value: Value) -> SavedReference {
        switch value {
        case .unset: return .unset
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .string(let value): return .text(value.text)
        case .list(let list): return reference(object: list)
        case .record(let record): return reference(object: record)
        case .host(let host): return reference(object: host)
        case .cell(let cell): return reference(object: cell)
        }
    }

    private mutating func reference(object: AnyObject) -> SavedReference {
        let identity = ObjectIdentifier(object)
        if let number = known[identity] { return .node(number) }
        nodes.append(nil)
        known[identity] = nodes.count - 1
        waiting.append((nodes.count - 1, object, root))
        return .node(nodes.count - 1)
    }

    // MARK: - Nodes

    /// nil for what is written last.
    private mutating func node(_ number: Int, _ object: AnyObject) throws -> SavedNode? {
        switch object {
        case let list as ListValue: return try self.list(list, number)
        case let record as RecordValue: return .record(keys: Array(record.entries.keys), values: record.entries.values.map { reference($0) })
        case let cell as Cell: return .cell(reference(cell.value))
        case let host as HostValue: return try node(number, host: host)
        default: throw Unsaveable(reason: "it is of no type that can be saved")
        }
    }

    /// Long lists of numbers are one tensor.
    private mutating func list(_ list: ListValue, _ number: Int) throws -> SavedNode {
        if list.items.count >= 64 {
            let floats = list.items.compactMap { if case .float(let value) = $0 { return value } else { return nil } }
            if floats.count == list.items.count { return try numbers(Tensor.from(floats), number) }
            let ints = list.items.compactMap { if case .int(let value) = $0 { return value } else { return nil } }
            if ints.count == list.items.count { return try numbers(Tensor.from(ints), number) }
        }
        return .list(list.items.map { reference($0) })
    }

    private mutating func numbers(_ tensor: Tensor, _ number: Int) -> SavedNode {
        leaves.add("\(number)", tensor)
        return .numbers("\(number)")
    }

    private mutating func node(_ number: Int, host: HostValue) throws -> SavedNode? {
        switch host {
        case let value as Learner: return try learner(value, number)
        case let value as Closure:
            let presets = (value as? MethodValue)?.presets.map { reference(.record($0)) } ?? .none
            return .closure(value.place, cells: value.cells.map { reference(object: $0) }, presets: presets)
        case let value as ClassifierValue:
            networks[ObjectIdentifier(value.network.network)] = value.network
            _ = reference(object: value.network)
            return later(number, host)
        case let value as WeightsValue:
            if let learner = value.learner { _ = reference(object: learner) }
            return later(number, host)
        case let value as PooledMemoryValue:
            note(value, number)
            return later(number, host)
        case is TaskValue: return later(number, host)
        case let value as BoundMethod: return .bound(reference(value.value), value.signature.name)
        case let value as GradientFunction: return .gradient(reference(.host(value.f)))
        case let value as FigureValue: return .figure(value.content)
        case let value as AdaptationValue: return .adaptation(value.adaptation.steps, value.adaptation.learningRate)
        case let value as AdaptedValue: return .adapted(reference(.host(value.classifier)), task: value.task, losses: value.losses)
        case let value as SamplesValue: return .samples(reference(.host(value.owner)), isTest: value.isTest, positions: value.positions)
        default: break
        }
        if let bench = host as? BenchmarkValue { benchmarks[ObjectIdentifier(bench.benchmark)] = bench }
        if let network = host as? NetworkValue { networks[ObjectIdentifier(network.network)] = network }
        if let memory = host as? SampleMemoryValue { note(memory, number) }
        guard let node = try leaves.node(host, "\(number)") else {
            throw Unsaveable(reason: "a value of type '\(host.typeName)' is not saved", remedy: "make it again where it is used, instead of keeping it in a variable")
        }
        return node
    }

    private mutating func note(_ memory: SampleMemoryValue, _ number: Int) {
        guard let learner = memory.learner, let name = memory.name else { return }
        belongings.append(SavedState.Belonging(memory: .node(number), learner: reference(object: learner), name: name))
    }

    private mutating func later(_ number: Int, _ host: HostValue) -> SavedNode? {
        late.append((number, host, root))
        return nil
    }

    /// Once all benchmarks and networks are known.
    private mutating func writeLate() throws {
        for (number, host, holder) in late {
            do { nodes[number] = try lateNode(number, host) } catch let cause as Unsaveable { throw CheckpointProblem(holder: holder, cause: cause) }
        }
    }

    private mutating func lateNode(_ number: Int, _ host: HostValue) throws -> SavedNode {
        switch host {
        case let value as TaskValue: return .task(try bench(value.benchmark), value.benchmark.tasks.firstIndex { $0 === value.task } ?? value.task.number)
        case let value as WeightsValue:
            guard let owner = networks[ObjectIdentifier(value.network)] else { throw Unsaveable(reason: "these are the weights of a network that no variable holds", remedy: "keep the network in a variable") }
            return .weights(reference(object: owner), learner: value.learner.map { reference(object: $0) })
        case let value as ClassifierValue: return .classifier(reference(object: value.network), try bench(value.benchmark))
        case let value as PooledMemoryValue:
            let (memory, content, place) = (value.memory, value.memory.contents, "\(number)")
            leaves.add([("\(place).x", content.x), ("\(place).y", content.y)] + (content.targets.map { [("\(place).targets", $0)] } ?? []))
            var (slots, isPerClass) = (memory.capacity, false)
            if case .perClass(let each) = memory.rule { (slots, isPerClass) = (each, true) }
            return .pooled(place, bench: try bench(memory.bench), slots: slots, isPerClass: isPerClass, device: memory.x.device.description, owners: content.owners, seen: content.seen,
                           hasTargets: content.targets != nil, written: content.written, writes: content.writes, imageShape: value.imageShape)
        default: throw Unsaveable(reason: "a value of type '\(host.typeName)' is not saved")
        }
    }

    private func bench(_ benchmark: Benchmark) throws -> SavedReference {
        guard let value = benchmarks[ObjectIdentifier(benchmark)], let number = known[ObjectIdentifier(value)] else {
            throw Unsaveable(reason: "no variable holds its benchmark, '\(benchmark.name)'", remedy: "keep the benchmark in a variable: let bench = ...")
        }
        return .node(number)
    }

    private mutating func learner(_ learner: Learner, _ number: Int) throws -> SavedNode {
        guard learner.stepping.isResting else {
            throw Unsaveable(reason: "this learner is being stepped through, and 'back' could not lead behind a checkpoint", remedy: "'train' ends the stepping", isPassing: true)
        }
        let losses = "\(number).losses"
        leaves.add(losses, try Tensor.from(learner.losses))
        var cursor: SavedLearner.Cursor?
        if let place = learner.stepping.cursor, !place.isDone {
            cursor = SavedLearner.Cursor(tasks: place.tasks.map { reference(object: $0) }, epochs: place.epochs, size: place.size, index: place.index, epoch: place.epoch, batch: place.batch,
                                         shuffle: place.shuffle.map { [$0.0, $0.1, $0.2, $0.3] }, isTraining: learner.stepping.isTraining)
        }
        return .instance(SavedLearner(
            method: reference(object: learner.method), slots: learner.slots.map { reference($0) },
            handlers: learner.handlers.sorted { $0.key < $1.key }.map { SavedState.Name(name: $0.key, value: reference(object: $0.value)) },
            classifier: learner.classifier.map { reference(object: $0) } ?? .none, minibatches: learner.minibatches, savedMinibatches: learner.savedMinibatches, losses: losses, lastTask: learner.lastTask,
            accuracy: learner.accuracy, accuracies: learner.accuracyByClasses, curves: learner.curves, curveLength: learner.curveLength, passes: learner.passes, cursor: cursor))
    }
}
