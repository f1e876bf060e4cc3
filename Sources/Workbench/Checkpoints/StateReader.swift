import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

/// Sets a session whose code is compiled to what a checkpoint holds. The session is fresh: where this fails it is not used.
final class StateReader {
    private let saved: SavedState
    private let session: Session
    private let workbench: Workbench
    private let leaves: LeafReader
    private var values: [Value?]
    private var cells: [Int: Cell] = [:]

    init(_ saved: SavedState, _ tensors: [String: Tensor], path: String, _ session: Session, _ workbench: Workbench) {
        (self.saved, self.session, self.workbench) = (saved, session, workbench)
        let shelf = ShelfReader(saved.shelf, tensors)
        leaves = LeafReader(session: session, workbench: workbench, what: "the checkpoint", path: path) { try shelf.tensor($0) }
        values = Array(repeating: nil, count: saved.nodes.count)
    }

    /// - Parameter frame: of the program that runs.
    func restore() throws -> Position {
        try prepareFiles()
        for index in saved.nodes.indices { if case .cell = saved.nodes[index] { cells[index] = Cell(.unset) } }
        for index in saved.nodes.indices where values[index] == nil { values[index] = try shell(index) }
        try makeDependents()
        for index in saved.nodes.indices { try fill(index) }
        try setNames()
        for belonging in saved.belongings {
            guard case .host(let memory as SampleMemoryValue) = try value(belonging.memory), case .host(let learner as Learner) = try value(belonging.learner) else { throw leaves.damaged("a memory belongs to no learner") }
            memory.belongs(to: learner, as: belonging.name)
        }
        let position = try place()
        try setWorkbench()
        return position
    }

    // MARK: - Code

    /// Files are compiled; the objects of those that the code runs as it is compiled are taken over, as the code refers to them.
    private func prepareFiles() throws {
        for file in saved.files {
            do { try session.loader.prepare(file.path) } catch let problem as Diagnostic { throw leaves.refuse("the file '\(file.path)' can't be used any more: \(problem.message)", hint: problem.hint) }
        }
        let here = Dictionary(session.loader.loadedFiles.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        for file in saved.files {
            guard let known = here[file.path], try SessionFile.sum(Data(known.source.bytes)) == file.checksum else {
                throw leaves.refuse("the file '\(file.path)' has changed since the run began", hint: "put it back as it was, or start the run anew")
            }
            guard known.hasRun else { continue }
            let objects = Dictionary(known.names.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
            for name in file.names { if case .node(let index) = name.value, let object = objects[name.name] { take(object, for: index) } }
        }
    }

    private func take(_ object: Value, for index: Int) {
        guard saved.nodes.indices.contains(index), values[index] == nil else { return }
        switch (saved.nodes[index], object) {
        case (.closure(let place, _, _), .host(let closure as Closure)) where closure.place == place: values[index] = object
        case (.list, .list), (.record, .record): values[index] = object
        default: break
        }
    }

    private func setNames() throws {
        for file in saved.files where file.hasRun { try session.loader.setNames(of: file.path, try file.names.map { ($0.name, try value($0.value)) }) }
        try session.setAllNames(try saved.names.map { ($0.name, try value($0.value)) })
        session.setImports(saved.imports.map { Session.ImportedFile(path: $0.path, alias: $0.alias) })
        session.settings.used = try saved.used.map { ($0.name, try value($0.value)) }
    }

    private func setWorkbench() throws {
        do { try workbench.setDevice(saved.device) } catch { throw leaves.refuse("the run worked on \(saved.device), which is not here") }
        guard saved.streams.values.allSatisfy({ $0.count == 4 }) else { throw leaves.damaged("its random streams are not whole") }
        workbench.streams.reseed(saved.seed)
        workbench.streams.states = saved.streams.mapValues { ($0[0], $0[1], $0[2], $0[3]) }
        workbench.setClock(saved.clock)
        session.evaluator.breakpoints = saved.breakpoints.map { Breakpoint(number: $0.number, method: $0.method, place: $0.phase.map { .phase($0) } ?? .line($0.line ?? 0), condition: $0.condition) }
        if case .host(let learner as Learner) = try value(saved.stepped) { workbench.stepped = learner }
        workbench.searches = try saved.searches.map { reference in
            guard case .record(let record) = try value(reference) else { throw leaves.damaged("a search is none") }
            return record
        }
        guard let log = workbench.learnerLog else { return }
        log.replace(try saved.log.map { entry in
            let learner = entry.learner == .none ? nil : try host(entry.learner, Learner.self)
            var last = entry.last
            if let name = entry.losses { last?.losses = try leaves.tensor(name).doubles() }
            return LearnerLog.Entry(learner, method: entry.method, seed: entry.seed, parameters: try entry.parameters.map { ($0.name, try value($0.value)) }, last: last, log)
        }, leftOut: saved.leftOut)
    }

    // MARK: - Values

    private func value(_ reference: SavedReference) throws -> Value {
        try reference.value { index in
            if let cell = cells[index] { return .cell(cell) }
            guard values.indices.contains(index), let value = values[index] else { throw leaves.damaged("value \(index) is missing") }
            return value
        }
    }

    private func host<T: HostValue>(_ reference: SavedReference, _ type: T.Type) throws -> T {
        guard case .host(let host) = try value(reference), let result = host as? T else { throw leaves.damaged("a value is of another type than it was") }
        return result
    }

    /// What needs no other node; containers stay empty for now.
    private func shell(_ index: Int) throws -> Value? {
        switch saved.nodes[index] {
        case .list: return .items([])
        case .record: return .record(RecordValue())
        case .numbers(let name):
            let tensor = try leaves.tensor(name)
            return .items(tensor.dtype == .int64 ? try tensor.ints().map { .int($0) } : try tensor.doubles().map { .float($0) })
        case .closure(let place, let references, _):
            let shared = references.compactMap { reference -> Cell? in if case .node(let number) = reference { return cells[number] } else { return nil } }
            guard shared.count == references.count, let closure = session.loader.places.closure(place, shared) else { throw leaves.damaged("there is no function at \(place.file):\(place.start)") }
            return .host(closure)
        case .figure(let figure): return .host(FigureValue(figure))
        case .adaptation(let steps, let rate): return .host(AdaptationValue(Adaptation(steps: steps, learningRate: rate)))
        default: return try leaves.value(saved.nodes[index])
        }
    }

    /// What refers to others, once these are there.
    private func makeDependents() throws {
        var waiting = saved.nodes.indices.filter { values[$0] == nil && cells[$0] == nil }
        while !waiting.isEmpty {
            let left = try waiting.filter { index in
                guard isReady(saved.nodes[index]) else { return true }
                values[index] = try dependent(index)
                return false
            }
            guard left.count < waiting.count else { throw leaves.damaged("values refer to each other in a circle") }
            waiting = left
        }
    }

    private func isReady(_ node: SavedNode) -> Bool {
        func known(_ reference: SavedReference) -> Bool {
            guard case .node(let index) = reference else { return true }
            return values.indices.contains(index) && values[index] != nil
        }
        switch node {
        case .task(let owner, _), .gradient(let owner), .bound(let owner, _), .adapted(let owner, _, _), .samples(let owner, _, _), .pooled(_, let owner, _, _, _, _, _, _, _, _, _): return known(owner)
        case .classifier(let net, let bench): return known(net) && known(bench)
        case .weights(let net, let learner): return known(net) && learner.map(known) ?? true
        case .instance(let learner): return known(learner.method)
        default: return true
        }
    }

    private func dependent(_ index: Int) throws -> Value {
        switch saved.nodes[index] {
        case .task(let owner, let number):
            let tasks = try host(owner, BenchmarkValue.self).taskValues
            guard tasks.indices.contains(number) else { throw leaves.damaged("there is no task \(number)") }
            return .host(tasks[number])
        case .weights(let owner, let learner): return .host(WeightsValue(try host(owner, NetworkValue.self).network, of: try learner.map { try host($0, Learner.self) }))
        case .classifier(let net, let bench): return .host(try ClassifierValue(try host(net, NetworkValue.self), try host(bench, BenchmarkValue.self).benchmark))
        case .gradient(let f): return .host(GradientFunction(try host(f, Callable.self)))
        case .bound(let owner, let name):
            guard let method = BoundMethod.make(try value(owner), name) else { throw leaves.damaged("a value has no '.\(name)'") }
            return .host(method)
        case .adapted(let classifier, let task, let losses): return .host(AdaptedValue(try host(classifier, ClassifierValue.self), task: task, losses: losses))
        case .samples(let owner, let isTest, let positions): return try leaves.samples(of: try host(owner, HostValue.self), isTest: isTest, positions)
        case .pooled(let place, let bench, let slots, let isPerClass, let device, let owners, let seen, let hasTargets, let written, let writes, let shape):
            guard slots > 0 else { throw leaves.damaged("a memory has no slots") }
            let memory = try leaves.on(device) {
                try PooledMemory(isPerClass ? .perClass(slots: slots) : .reservoir, bench: try host(bench, BenchmarkValue.self).benchmark, capacity: slots, random: workbench.streams.stream("memory"),
                                 source: workbench.draws, device: workbench.device)
            }
            do {
                try memory.adopt(PooledMemory.Snapshot(x: try leaves.tensor("\(place).x"), y: try leaves.tensor("\(place).y"), targets: hasTargets ? try leaves.tensor("\(place).targets") : nil, owners: owners, seen: seen, written: written, writes: writes))
            } catch let error as DataError { throw leaves.damaged("a memory does not fit: \(error.message)") }
            return .host(PooledMemoryValue(memory, workbench.memoryLog, imageShape: shape))
        case .instance(let saved):
            let method = try host(saved.method, MethodValue.self)
            return .host(session.evaluator.makeInstance(method, method.emptyFrame(session.evaluator)))
        default: throw leaves.damaged("value \(index) can't be made")
        }
    }

    private func fill(_ index: Int) throws {
        switch saved.nodes[index] {
        case .cell(let content): cells[index]?.value = try value(content)
        case .list(let items): if case .list(let list)? = values[index] { list.items = try items.map(value) }
        case .record(let keys, let items):
            guard keys.count == items.count, Set(keys).count == keys.count else { throw leaves.damaged("a record has \(keys.count) keys and \(items.count) values") }
            if case .record(let record)? = values[index] { record.entries = RecordValue(try zip(keys, items).map { ($0, try value($1)) }).entries }
        case .closure(_, _, let presets):
            guard case .host(let method as MethodValue)? = values[index] else { return }
            if case .record(let record) = try value(presets) { method.presets = record } else { method.presets = nil }
        case .instance(let saved): if case .host(let learner as Learner)? = values[index] { try fill(learner, saved) }
        default: break
        }
    }

    private func fill(_ learner: Learner, _ saved: SavedLearner) throws {
        guard saved.slots.count == learner.slots.count, saved.accuracy?.isWhole != false, saved.accuracies.values.allSatisfy(\.isWhole), saved.lastTask ?? 0 >= 0 else { throw leaves.damaged("a learner is not whole") }
        learner.slots = try saved.slots.map(value)
        for handler in saved.handlers { learner.handlers[handler.name] = try host(handler.value, Closure.self) }
        learner.resume(minibatches: saved.minibatches, losses: try leaves.tensor(saved.losses).doubles(), lastTask: saved.lastTask, accuracy: saved.accuracy, accuracies: saved.accuracies)
        learner.savedMinibatches = saved.savedMinibatches
        learner.restoreCurves(saved.curves)
        learner.curveLength = saved.curveLength
        learner.passes = saved.passes ?? Learner.Passes()
        if saved.classifier != .none { learner.restoreClassifier(try host(saved.classifier, ClassifierValue.self)) }
        guard let place = saved.cursor else { return }
        let cursor = try TrainingCursor(try place.tasks.map { try host($0, TaskValue.self) }, epochs: place.epochs, size: place.size, index: place.index, epoch: place.epoch, batch: place.batch, shuffle: place.shuffle)
        guard let cursor else { throw leaves.damaged("a learner's place is none of its tasks") }
        learner.stepping.restore(cursor, isTraining: place.isTraining)
    }

    // MARK: - The place

    private func place() throws -> Position {
        let frame = session.evaluator.frame(saved.slots.count)
        frame.values = try saved.slots.map(value)
        return Position(frame: frame, parts: try saved.parts.map { part in
            switch part {
            case .statement(let index): return .statement(index, Span(0, 0))
            case .branch(let index): return .branch(index)
            case .turns(let left): return .turns(left)
            case .counting(let next, let end): return .counting(next: next, end: end)
            case .walking(let over, let taken):
                guard taken >= 0 else { throw leaves.damaged("a loop's place makes no sense") }
                return .walking(try value(over), taken: taken)
            case .collected(let items): return .collected(try items.map(value))
            case .operands(let items): return .operands(try items.map(value))
            case .call(let closure, let slots):
                let closure = try host(closure, Closure.self)
                let frame = closure.emptyFrame(session.evaluator)
                guard slots.count == frame.values.count else { throw leaves.damaged("a call has other variables than its function") }
                frame.values = try slots.map(value)
                return .call(closure, frame)
            case .builtin(let name, let state): return .builtin(name, try value(state))
            }
        })
    }
}
