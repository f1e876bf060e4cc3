import BCLScript
import Continual
import Engine
import Interpreter

/// Why a value can't be saved.
struct Unsaveable: Error {
    let reason: String
    var remedy: String?
    /// Whether the value is of a kind that comes and goes: a moment later it may be possible.
    var isPassing = false
}

/// Values that refer to no others, as nodes. The same in session files and in checkpoints.
struct LeafWriter {
    /// Under the names that stand in the nodes. They are the values' own, not copies.
    private(set) var tensors: [(String, Tensor)] = []
    /// Whether a tensor below which gradients are recorded can't be saved: its graph is lost.
    let refusesGraphs: Bool

    init(refusesGraphs: Bool = false) { self.refusesGraphs = refusesGraphs }

    mutating func add(_ name: String, _ tensor: Tensor) { tensors.append((name, tensor)) }
    mutating func add(_ all: [(String, Tensor)]) { tensors += all }

    /// - Parameter place: the node's number, which the names of its tensors begin with.
    /// - Returns: nil where the value is none of these.
    mutating func node(_ host: HostValue, _ place: String) throws -> SavedNode? {
        switch host {
        case let value as TensorValue: return try node(value.tensor, place)
        case let value as SnapshotValue:
            add(value.snapshot, place)
            return .snapshot(place)
        case let value as DrawValue:
            let draw = value.draw
            add([("\(place).x", draw.x), ("\(place).y", draw.y)] + (draw.targets.map { [("\(place).targets", $0)] } ?? []))
            return .draw(place, tasks: draw.tasks, slots: draw.slots, flat: draw.flat, hasTargets: draw.targets != nil, imageShape: value.imageShape)
        case let value as RangeValue: return .range(value.start, value.end)
        case let value as NetworkValue:
            guard let recipe = value.recipe else { throw Unsaveable(reason: "it is not known how this network was made", remedy: "make it in one call: mlp(...), resnet18(...), film(...) or net.copy()") }
            let network = value.network
            add(WeightsSnapshot(weights: try network.weights.detach(), statistics: network.statistics, counters: network.counters), place)
            add("\(place).gradients", network.gradients)
            return .network(place, recipe: recipe.description, device: network.device.description)
        case let value as MemoryValue:
            let (memory, content) = (value.memory, value.memory.contents)
            add([("\(place).x", content.x), ("\(place).y", content.y)] + (content.targets.map { [("\(place).targets", $0)] } ?? []))
            return .memory(place, tasks: memory.tasks, slots: memory.slots, sampleSize: memory.sampleSize, prefills: memory.prefills, sharesPosition: memory.sharesPosition, headWidths: memory.head.widths, device: memory.x.device.description,
                           filled: content.filled, positions: content.positions, hasTargets: content.targets != nil, written: memory.written, writes: memory.writes, imageShape: value.imageShape)
        case let value as MatrixValue: return .matrix(value.matrix)
        case let value as Builtin: return .builtin(value.name)
        default:
            guard let made = host as? Reproducible else { return nil }
            guard let recipe = made.recipe else {
                throw Unsaveable(reason: "it is not known how this \(host.typeName) was made", remedy: "make it of files or of data sets, with calls whose arguments are numbers, words and lists")
            }
            return .made(recipe.description, description: Describer.string(.host(host)))
        }
    }

    private mutating func node(_ tensor: Tensor, _ place: String) throws -> SavedNode {
        let learns = tensor.requiresGrad
        if learns, refusesGraphs, !tensor.isLeaf {
            throw Unsaveable(reason: "gradients are recorded below this tensor, and a record of gradients is not saved", remedy: "where only its numbers are needed, write .detach() or .item()", isPassing: true)
        }
        add(place, try tensor.detach())
        guard refusesGraphs, learns, let grad = try tensor.grad else { return .tensor(place, learns: learns, hasGrad: nil) }
        add("\(place).grad", grad)
        return .tensor(place, learns: learns, hasGrad: true)
    }

    private mutating func add(_ snapshot: WeightsSnapshot, _ place: String) {
        add([("\(place).weights", snapshot.weights), ("\(place).statistics", snapshot.statistics), ("\(place).counters", snapshot.counters)])
    }
}

/// Makes values of nodes that refer to no others.
struct LeafReader {
    let session: Session
    let workbench: Workbench
    /// What the file is called in messages: "the session in 'x.bcls'".
    let what: String
    let path: String
    /// The tensor of a name; each name is asked for once.
    let find: (String) throws -> Tensor?

    /// - Returns: nil where the node refers to others.
    func value(_ node: SavedNode) throws -> Value? {
        switch node {
        case .range(let start, let end): return .host(RangeValue(start, end))
        case .tensor(let name, let learns, let hasGrad):
            let tensor = try tensor(name)
            if learns, tensor.dtype.isFloatingPoint {
                try tensor.setRequiresGrad(true)
                if hasGrad == true { try tensor.restoreGrad(try self.tensor("\(name).grad")) }
            }
            return TensorValue.value(tensor)
        case .snapshot(let place): return .host(SnapshotValue(try snapshot(place)))
        case .draw(let place, let tasks, let slots, let flat, let hasTargets, let shape):
            let (x, y, targets) = (try tensor("\(place).x"), try tensor("\(place).y"), hasTargets ? try tensor("\(place).targets") : nil)
            guard [tasks.count, slots.count, x.shape.first, y.shape.first].allSatisfy({ $0 == flat.count }) else { throw damaged("a draw has parts of different lengths") }
            return .host(DrawValue(MemoryDraw(x: x, y: y, tasks: tasks, slots: slots, targets: targets, flat: flat), imageShape: shape))
        case .made(let recipe, let description):
            let made = try make(recipe)
            let here = Describer.string(made)
            guard description == here else { throw refuse("\(recipe) was \(description), but is \(here) here") }
            return made
        case .network(let place, let recipe, let device):
            guard case .host(let host) = try on(device, { try make(recipe) }), let net = (host as? NetworkValue)?.network else { throw damaged("'\(recipe)' makes no network") }
            try net.restore(try snapshot(place))
            try net.restoreGradients(try tensor("\(place).gradients"))
            return .host(host)
        case .memory(let place, let tasks, let slots, let sampleSize, let prefills, let sharesPosition, let headWidths, let device, let filled, let positions, let hasTargets, let written, let writes, let shape):
            let head = HeadColumns(widths: headWidths ?? [])
            let memory = try on(device) {
                try RingMemory(tasks: tasks, slots: slots, sampleSize: sampleSize, prefills: prefills, sharesPosition: sharesPosition ?? false, head: head, source: workbench.draws, device: workbench.device)
            }
            let state = RingMemory.Snapshot(x: try tensor("\(place).x"), y: try tensor("\(place).y"), targets: hasTargets ? try tensor("\(place).targets") : nil, filled: filled, positions: positions,
                                            written: written, writes: writes)
            do { try memory.adopt(state) } catch let error as DataError { throw damaged("a memory does not fit: \(error.message)") }
            return .host(MemoryValue(memory, workbench.memoryLog, imageShape: shape))
        case .matrix(let matrix):
            guard matrix.isWhole else { throw damaged("an accuracy matrix is not whole") }
            return .host(MatrixValue(matrix))
        case .builtin(let name):
            guard let builtin = session.registry.builtins[name] else { throw refuse("there is no builtin '\(name)' here") }
            return .host(builtin)
        default: return nil
        }
    }

    // MARK: - Parts

    func make(_ recipe: String) throws -> Value {
        do {
            guard let value = try session.evaluateAlone(recipe) else { throw damaged("'\(recipe)' makes nothing") }
            return value
        } catch let problem as Diagnostic { throw refuse("\(recipe) can't be made here: \(problem.message)", hint: problem.hint) }
        catch let error as ScriptError { throw refuse("\(recipe) can't be made here: \(error.diagnostic.message)", hint: error.diagnostic.hint) }
    }

    /// - Parameter positions: nil: all.
    func samples(of owner: HostValue, isTest: Bool, _ positions: [Int]?) throws -> Value {
        guard let samples = SamplesValue.of(owner, isTest: isTest) else { throw damaged("samples of what has none") }
        guard let positions else { return .host(samples) }
        guard positions.allSatisfy({ $0 >= 0 && $0 < samples.samples.count }) else { throw damaged("samples lie outside of their set") }
        return .host(try samples.chosen(positions))
    }

    func on<T>(_ device: String, _ body: () throws -> T) throws -> T {
        let before = workbench.device
        defer { workbench.device = before }
        do { try workbench.setDevice(device) } catch { throw refuse("it has values on \(device), which is not here") }
        return try body()
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let tensor = try find(name) else { throw damaged("it has no tensor '\(name)'") }
        return tensor
    }

    func snapshot(_ place: String) throws -> WeightsSnapshot {
        WeightsSnapshot(weights: try tensor("\(place).weights"), statistics: try tensor("\(place).statistics"), counters: try tensor("\(place).counters"))
    }

    func damaged(_ message: String) -> Failure { Failure(.fileError, "'\(path)' is damaged: \(message)") }
    func refuse(_ message: String, hint: String? = nil) -> Failure { Failure(.fileError, "\(what) in '\(path)' can't be loaded: \(message)", hint: hint) }
}
