import BCLScript

/// A function of the host. One declaration is all there is to one: signature, help, example, and the sentence if it is a verb.
public final class Builtin: Callable {
    /// One line, with shapes and units.
    public let doc: String
    /// A short runnable program.
    public let example: String
    /// What `help` lists it under.
    public let topic: String
    public let verb: VerbForm?
    /// The type of what it returns, where that is always the same.
    public let returns: String?
    private let run: (Arguments, Evaluator) throws -> Value
    /// How a builtin that runs for long goes on from a checkpoint, with what it put down on its way out; nil for those that run to their end.
    let goOn: ((Value, Resumption, Evaluator) throws -> Value)?

    public init(
        _ name: String, _ parameters: [Signature.Parameter], returns: String? = nil, topic: String, doc: String, example: String,
        verb: [VerbForm.Slot]? = nil, goOn: ((Value, Resumption, Evaluator) throws -> Value)? = nil, run: @escaping (Arguments, Evaluator) throws -> Value
    ) {
        self.doc = doc
        self.example = example
        self.topic = topic
        self.returns = returns
        self.verb = verb.map { VerbForm(name, $0) }
        self.run = run
        self.goOn = goOn
        super.init(Signature(name, parameters))
    }

    public var name: String { signature.name }
    public override var signatureOwner: AnyObject? { self }
    public override func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value { try run(arguments, evaluator) }
    public override func describe(_ describer: inout Describer) { describer.write("<builtin \(signature.description)>") }
}

/// An event of training that a method can handle with `on NAME(...)`.
public struct EventForm {
    public let name: String
    /// What a handler is passed.
    public let parameters: [String]
    public let doc: String

    public init(_ name: String, _ parameters: [String], doc: String) {
        self.name = name
        self.parameters = parameters
        self.doc = doc
    }
}

/// The host's table: everything that scripts can use besides the language.
public final class Registry {
    public private(set) var builtins: [String: Builtin] = [:]
    public private(set) var verbs: [String: VerbForm] = [:]
    public private(set) var events: [String: EventForm] = [:]

    public init() {
        add(CoreBuiltins.all)
        add(MethodBuiltins.all)
    }

    public func add(_ builtins: [Builtin]) {
        for builtin in builtins {
            self.builtins[builtin.name] = builtin
            if let verb = builtin.verb { verbs[builtin.name] = verb }
        }
    }

    public func add(_ events: [EventForm]) { for event in events { self.events[event.name] = event } }
}
