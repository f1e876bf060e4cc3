import Continual
import Engine
import Foundation
import Interpreter

/// Turns the values of a session into nodes and tensors. What can't be saved is left out, and told.
struct SessionWriter {
    private let session: Session
    private var written: [SavedNode?] = []
    private var leaves = LeafWriter()
    var tensors: [(String, Tensor)] { leaves.tensors }
    /// Texts that functions made inside of others stand in.
    private(set) var sources: [SavedSession.Source] = []
    private var sourceNumbers: [ObjectIdentifier: Int] = [:]
    /// Names that are left out, with the reason.
    private(set) var omitted: [(name: String, reason: String)] = []
    private var known: [ObjectIdentifier: Int] = [:]
    /// Objects that wait for their node to be written.
    private var waiting: [(Int, AnyObject)] = []
    /// Learners whose node has a number, but is not written yet.
    private var reserved: [Int: Learner] = [:]
    /// The learner that a node is a part of.
    private var owners: [Int: Int] = [:]
    /// Benchmarks by what they hold: tasks and classifiers refer to that.
    private var benchmarks: [ObjectIdentifier: BenchmarkValue] = [:]
    private static let most = 5_000_000

    init(_ session: Session) { self.session = session }

    /// A learner that is no part of what is saved leaves an empty place.
    var nodes: [SavedNode] { written.map { $0 ?? .list([]) } }

    /// - Parameter ownNames: names that are not the user's.
    mutating func variables(except ownNames: Set<String>) throws -> [SavedSession.Variable] {
        let names = session.ownNames.filter { !ownNames.contains($0.key) && !$0.key.hasPrefix("$") }.sorted { $0.value.slot < $1.value.slot }.map(\.key)
        let roots = names.compactMap { name in session.ownValue(of: name).map { (name: name, value: $0) } }
        for (_, value) in roots { lookForBenchmarks(value) }
        for (_, value) in roots { try addLearners(in: value) }
        return try write(roots)
    }

    /// What is kept beside the names. What can't be saved is left out, and not told.
    mutating func values(_ values: [(name: String, value: Value)]) throws -> [SavedSession.Variable] {
        let told = omitted
        defer { omitted = told }
        return try write(values)
    }

    private mutating func write(_ roots: [(name: String, value: Value)]) throws -> [SavedSession.Variable] {
        var saved: [SavedSession.Variable] = []
        for (name, value) in roots {
            let before = self
            do {
                let reference = try reference(to: value)
                try writeWaiting()
                saved.append(SavedSession.Variable(name: name, value: reference))
            } catch let error as Unsaveable {
                self = before
                omitted.append((name, error.reason))
            }
        }
        return saved
    }

    // MARK: - What refers to what

    private func children(of value: Value) -> [Value] {
        switch value {
        case .list(let list): return list.items
        case .record(let record): return Array(record.entries.values)
        case .host(let learner as Learner): return learner.stateNames.compactMap(learner.state)
        case .host(let closure as Closure): return closure.cells.map(\.value)
        default: return []
        }
    }

    private func walk(_ value: Value, _ visit: (HostValue) throws -> Void) rethrows {
        var stack = [value]
        var seen = Set<ObjectIdentifier>()
        while let next = stack.popLast() {
            switch next {
            case .list(let list): guard seen.insert(ObjectIdentifier(list)).inserted else { continue }
            case .record(let record): guard seen.insert(ObjectIdentifier(record)).inserted else { continue }
            case .host(let host):
                guard seen.insert(ObjectIdentifier(host)).inserted else { continue }
                try visit(host)
            default: continue
            }
            stack += children(of: next)
        }
    }

    private mutating func lookForBenchmarks(_ value: Value) {
        var found: [BenchmarkValue] = []
        walk(value) { if let bench = $0 as? BenchmarkValue { found.append(bench) } }
        for bench in found where benchmarks[ObjectIdentifier(bench.benchmark)] == nil { benchmarks[ObjectIdentifier(bench.benchmark)] = bench }
    }

    /// Learners come first: other names may refer to their variables.
    private mutating func addLearners(in value: Value) throws {
        var learners: [Learner] = []
        walk(value) { if let learner = $0 as? Learner { learners.append(learner) } }
        for learner in learners where known[ObjectIdentifier(learner)] == nil {
            let number = newNode(for: learner)
            let parameters = Set(learner.method.parameterNames)
            let passed = Set(parameters.compactMap { learner.state($0).flatMap(Self.object).map(ObjectIdentifier.init) })
            for name in learner.stateNames where !parameters.contains(name) {
                guard let value = learner.state(name), let object = Self.object(of: value), !passed.contains(ObjectIdentifier(object)), known[ObjectIdentifier(object)] == nil else { continue }
                if case .host(let host) = value, host is Builtin || host is BenchmarkValue || host is DatasetValue || host is Learner { continue }
                let part = newNode(for: object)
                written[part] = .part(.node(number), name)
                owners[part] = number
            }
            reserved[number] = learner
        }
    }

    private static func object(of value: Value) -> AnyObject? {
        switch value {
        case .list(let list): return list
        case .record(let record): return record
        case .host(let host): return host
        default: return nil
        }
    }

    // MARK: - Nodes

    private mutating func newNode(for object: AnyObject) -> Int {
        written.append(nil)
        known[ObjectIdentifier(object)] = written.count - 1
        return written.count - 1
    }

    private mutating func reference(to value: Value) throws -> SavedReference {
        switch value {
        case .unset: return .unset
        case .none: return .none
        case .cell(let cell): return try reference(toObject: cell)
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .string(let value): return .text(value.text)
        case .list, .record, .host:
            return try Self.object(of: value).map { try reference(toObject: $0) } ?? .none
        }
    }

    private mutating func reference(toObject object: AnyObject) throws -> SavedReference {
        if let number = known[ObjectIdentifier(object)] {
            let learner = owners[number] ?? number
            if let waitingLearner = reserved.removeValue(forKey: learner) { waiting.append((learner, waitingLearner)) }
            return .node(number)
        }
        guard written.count < Self.most else { throw Failure(.badValue, "there are more than \(Self.most) values to save; tensors hold more than lists") }
        let number = newNode(for: object)
        waiting.append((number, object))
        return .node(number)
    }

    private mutating func writeWaiting() throws {
        while let (number, object) = waiting.popLast() {
            switch object {
            case let list as ListValue: written[number] = .list(try list.items.map { try reference(to: $0) })
            case let record as RecordValue: written[number] = .record(keys: Array(record.entries.keys), values: try record.entries.values.map { try reference(to: $0) })
            case let cell as Cell: written[number] = .cell(try reference(to: cell.value))
            case let host as HostValue: written[number] = try node(host, "\(number)")
            default: break
            }
        }
    }

    private mutating func node(_ host: HostValue, _ place: String) throws -> SavedNode {
        switch host {
        case let value as PooledMemoryValue:
            guard let recipe = value.recipe else { throw Unsaveable(reason: "it is not known how this \(value.typeName) was made") }
            let copy = try value.memory.snapshot()
            leaves.add([("\(place).x", copy.x), ("\(place).y", copy.y)] + (copy.targets.map { [("\(place).targets", $0)] } ?? []))
            return .pooledMade(place, recipe: recipe.description, device: copy.x.device.description, owners: copy.owners, seen: copy.seen, hasTargets: copy.targets != nil,
                               written: value.memory.written, writes: copy.writes)
        case let value as Learner: return try learner(value, place)
        case let value as TaskValue:
            guard let bench = benchmarks[ObjectIdentifier(value.benchmark)] else { throw Unsaveable(reason: "its benchmark has no name") }
            return .task(try reference(to: .host(bench)), value.task.number)
        case let value as SamplesValue: return .samples(try reference(to: .host(value.owner)), isTest: value.isTest, positions: value.positions)
        case let value as AdaptedValue: return .adapted(try reference(to: .host(value.classifier)), task: value.task, losses: value.losses)
        case let value as WeightsValue:
            guard let owner = networkValue(of: value.network) else { throw Unsaveable(reason: "these are the weights of a network that has no name") }
            return .weights(try reference(to: .host(owner)), learner: nil)
        case let value as ClassifierValue:
            guard let bench = benchmarks[ObjectIdentifier(value.benchmark)] else { throw Unsaveable(reason: "its benchmark has no name") }
            return .classifier(try reference(to: .host(value.network)), try reference(to: .host(bench)))
        case let value as Closure: return try function(value)
        default:
            guard let node = try leaves.node(host, place) else { throw Unsaveable(reason: "a value of type '\(host.typeName)' is not saved") }
            return node
        }
    }

    private func networkValue(of network: Network) -> NetworkValue? {
        var found: NetworkValue?
        for name in session.ownNames.keys.sorted() where found == nil {
            if let value = session.ownValue(of: name) { walk(value) { if let host = $0 as? NetworkValue, host.network === network, found == nil { found = host } } }
        }
        return found
    }

    private mutating func learner(_ learner: Learner, _ place: String) throws -> SavedNode {
        let content: (file: LearnerFile, tensors: [(String, Tensor)])
        do { content = try LearnerFile.content(of: learner, streams: RandomStreams()) } catch let failure as Failure { throw Unsaveable(reason: failure.message) }
        let parameters = try learner.method.parameterNames.map { name in try reference(to: learner.state(name) ?? .none) }
        leaves.add(content.tensors.map { ("\(place)/\($0)", $1) })
        return .learner(try reference(to: .host(learner.method)), parameters: parameters, state: content.file)
    }

    /// A function with variables of the one around it: its whole text is compiled again, and the function found at its place.
    private mutating func inner(_ closure: Closure) throws -> SavedNode {
        guard !closure.sharesLearner else { throw Unsaveable(reason: "it is a function of a learner's own variables, and the learner does not hold it") }
        let source = closure.location.source
        let number = sourceNumbers[ObjectIdentifier(source)] ?? sources.count
        if number == sources.count {
            sources.append(SavedSession.Source(name: source.name, text: String(decoding: source.bytes, as: UTF8.self)))
            sourceNumbers[ObjectIdentifier(source)] = number
        }
        return .inner(source: number, start: closure.place.start, end: closure.place.end, cells: try closure.cells.map { try reference(toObject: $0) })
    }

    private mutating func function(_ closure: Closure) throws -> SavedNode {
        let location = closure.location
        let name = closure.signature.name
        if session.loader.library.files[name] == location.source.name { return .library(name) }
        if session.imports.contains(where: { $0.path == location.source.name }) {
            guard let name = session.loader.exportedName(of: .host(closure), in: location.source.name) else { throw Unsaveable(reason: "it is a function that an imported file made, and has no name for") }
            return .imported(path: SessionFile.absolute(location.source.name), name: name)
        }
        guard closure.isSelfContained else { return try inner(closure) }
        return .function(text: location.source.text(location.span), name: closure.isAnonymous ? nil : name, source: location.source.name)
    }
}
