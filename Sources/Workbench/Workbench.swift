import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

/// What a session's builtins share: device, random streams, where draws come from.
public final class Workbench {
    public let streams = RandomStreams(seed: 0)
    public internal(set) var device = Device.cpu
    /// Replaces the random draws of memories (`bclsh verify`).
    public var drawSource: DrawSource?
    /// Where the time of updates goes, by method; nil where nobody asked.
    public var profile: Profile?
    /// What became of all learners, for the record of a run; nil where nobody records.
    private(set) var learnerLog: LearnerLog?
    /// From now on, what learners reached is known also when they are gone.
    public func keepLearners() { learnerLog = learnerLog ?? LearnerLog() }
    /// Told of every file that `save` wrote.
    public var didSave: ((String) -> Void)?
    /// The learner that was stepped last: what `step`, `where` and `back` mean without a name.
    weak var stepped: Learner?
    /// What memories are asked for, while a step is looked at.
    let memoryLog = MemoryLog()
    /// Above zero while a learner handles an event of training: networks then run in training mode.
    var trainingDepth = 0
    /// While a learner is evaluated with statistics="test".
    var testsBySampleStatistics = false

    /// What searches for hyper-parameters came to, in order: method, bench, metric, best, and runs with their whole configurations and results. Also those that were
    /// interrupted or failed.
    public internal(set) var searches: [RecordValue] = []
    /// Called after each minibatch.
    public var didObserve: (() -> Void)?
    /// Seconds between the machine's clock and what `clock()` gives: it goes on where a checkpoint was taken.
    private var clockOffset = 0.0
    var clock: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 + clockOffset }
    func setClock(_ now: Double) { clockOffset += now - clock }

    /// The session that it belongs to.
    public internal(set) weak var session: Session?
    /// Names that a shell sets: not the user's.
    public var shellNames: Set<String> = []
    /// What a shell keeps with a saved session, and gets back when it is loaded.
    public var takeNotes: (() -> Data?)?
    public var didLoadNotes: ((Data) -> Void)?
    /// Values that are none of the session's names, and belong to it all the same.
    public var takeValues: (() -> [(name: String, value: Value)])?
    public var didLoadValues: (([(name: String, value: Value)]) -> Void)?

    public init() {}

    /// A session with everything: the language, tensors, benchmarks, methods.
    public static func makeSession(library: Library) -> (session: Session, workbench: Workbench) {
        let workbench = Workbench()
        let registry = Registry()
        registry.add(TensorBuiltins.all { [unowned workbench] in workbench.device })
        registry.add(GradientBuiltins.all)
        registry.add(workbench.withRecipes(workbench.networkBuiltins))
        registry.add(workbench.withRecipes(workbench.memoryBuiltins))
        registry.add(workbench.withRecipes(workbench.adaptationBuiltins))
        registry.add(workbench.metricBuiltins)
        registry.add(workbench.searchBuiltins)
        registry.add(workbench.withRecipes(workbench.dataSetBuiltins))
        registry.add(workbench.withRecipes(workbench.imageSetBuiltins))
        registry.add(workbench.withRecipes(workbench.streamBuiltins))
        registry.add(workbench.learningBuiltins)
        registry.add(workbench.steppingBuiltins)
        registry.add(workbench.sessionBuiltins)
        registry.add(workbench.helpBuiltins)
        registry.add(workbench.lookingBuiltins)
        registry.add(DataBuiltins.all)
        registry.add(RunBuiltins.all)
        registry.add(TrainingEvents.all)
        let session = Session(registry: registry, library: library)
        workbench.session = session
        session.evaluator.makeInstance = { [unowned workbench] method, frame in
            let learner = Learner(method, frame)
            workbench.learnerLog?.add(learner, seed: workbench.streams.seed)
            return learner
        }
        session.evaluator.stopped = { [unowned workbench] in workbench.stepped?.stepping.stepper }
        session.evaluator.didSetLocal = { [unowned workbench] in workbench.stepped?.stepping.didSet($0, to: $1) }
        session.evaluator.figure = { [unowned workbench] value in
            if case .list = value { return try workbench.memory(value)?.figure() }
            if case .host(let host) = value { return try host.figure() }
            return nil
        }
        session.evaluator.withoutGradients = { body in try Engine.withoutGradients(body) }
        // More threads make the small matrices of this field slower, and much slower beside another busy process.
        session.thread.sync { try? Threads.set(1) }
        return (session, workbench)
    }

    public func setDevice(_ name: String) throws { device = try Device(named: name) }

    var draws: DrawSource { drawSource ?? RandomDrawSource(streams.stream("memory")) }
}

extension EngineError: ScriptFailureConvertible {
    public var failure: Failure {
        let code: DiagnosticCode
        switch kind {
        case .tensor: code = .tensorError
        case .file: code = .fileError
        case .device: code = .deviceError
        case .memory: code = .outOfMemory
        }
        return Failure(code, message)
    }
}

extension DataError: ScriptFailureConvertible {
    public var failure: Failure { Failure(.dataError, message, hint: remedy) }
}
