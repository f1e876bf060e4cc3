/// The parameters of something that can be called: one description for scripts' functions and the host's.
/// An object, as every call carries it along.
public final class Signature: Sendable {
    public struct Parameter: Sendable {
        public let name: String
        public let isRequired: Bool
        /// Takes all further positional arguments, as a list. Only the last parameter.
        public let isVariadic: Bool
        /// How the default is shown in help: "0.03".
        public let defaultText: String?

        public init(_ name: String, required: Bool = true, variadic: Bool = false, defaultText: String? = nil) {
            self.name = name
            isRequired = required && !variadic
            isVariadic = variadic
            self.defaultText = defaultText
        }
    }

    public let name: String
    public let parameters: [Parameter]
    /// Whether the last parameter takes all further arguments.
    public let isVariadic: Bool

    public init(_ name: String, _ parameters: [Parameter]) {
        self.name = name
        self.parameters = parameters
        isVariadic = parameters.last?.isVariadic == true
    }

    public func index(of parameter: String) -> Int? { parameters.firstIndex { $0.name == parameter } }

    /// "permuted(data, tasks=10, seed=0)"
    public var description: String {
        let shown = parameters.map { parameter -> String in
            if parameter.isVariadic { return "\(parameter.name)..." }
            return parameter.defaultText.map { "\(parameter.name)=\($0)" } ?? (parameter.isRequired ? parameter.name : "\(parameter.name)=")
        }
        return "\(name)(\(shown.joined(separator: ", ")))"
    }

    /// What is wrong with a call, or nil. One rule for the check before running and for calls of unknown functions.
    public func problem(positional: Int, keywords: [String]) -> CallProblem? {
        var given = Set<String>()
        for parameter in parameters.prefix(positional) where !parameter.isVariadic { given.insert(parameter.name) }
        if !isVariadic, positional > parameters.count {
            let most = parameters.count
            return CallProblem(.wrongArgumentCount, "\(name) takes \(most == 0 ? "no" : "at most \(most)") argument\(most == 1 ? "" : "s"), but \(positional) \(positional == 1 ? "is" : "are") given", keyword: nil, hint: "its signature is \(description)")
        }
        for keyword in keywords {
            guard let index = index(of: keyword), !parameters[index].isVariadic else {
                let near = Suggestion.nearest(to: keyword, among: parameters.map(\.name))
                return CallProblem(.unknownKeyword, "\(name) has no parameter '\(keyword)'", keyword: keyword,
                                   hint: near.map { "did you mean '\($0)'?" } ?? "its signature is \(description)")
            }
            if !given.insert(keyword).inserted {
                return CallProblem(.duplicateArgument, "'\(keyword)' is given twice", keyword: keyword, hint: "its signature is \(description)")
            }
        }
        let missing = parameters.filter { $0.isRequired && !given.contains($0.name) }.map(\.name)
        if !missing.isEmpty {
            let list = missing.map { "'\($0)'" }.joined(separator: ", ")
            return CallProblem(.wrongArgumentCount, "\(name) is missing \(list)", keyword: nil, hint: "its signature is \(description)")
        }
        return nil
    }
}

public struct CallProblem {
    public let code: DiagnosticCode
    public let message: String
    /// The keyword argument at fault, if it is one.
    public let keyword: String?
    public let hint: String?

    init(_ code: DiagnosticCode, _ message: String, keyword: String?, hint: String?) {
        self.code = code
        self.message = message
        self.keyword = keyword
        self.hint = hint
    }
}

/// How a verb reads as a sentence: `train LEARNER on TASK`. It desugars to a call of the function of the same name.
public struct VerbForm: Sendable {
    public struct Slot: Sendable {
        /// The word before the value: "on", "to"; nil for the first object.
        public let connective: String?
        public let parameter: String
        public let isRequired: Bool
        /// Takes several values, separated by commas.
        public let isVariadic: Bool
        /// Takes several values, separated by commas, and passes them as one list; a single value as it is.
        public let isCollected: Bool
        /// Words that stand for themselves here, without quotes (`step phase`); empty where any value can stand.
        public let words: [String]
        /// Whether a bare name is never a variable here, but passed as a string: one of the words, or any where there are none (`data install mnist`).
        public let takesOnlyWords: Bool
        /// The parameter that is passed how the values here are written, as a list of strings: `plot L.losses` names its axis.
        public let names: String?

        /// Whether the connective may be left out before a string: `load session "f"`.
        public let mayBeBare: Bool

        public init(_ connective: String?, _ parameter: String, required: Bool = true, variadic: Bool = false, collected: Bool = false, words: [String] = [], onlyWords: Bool = false, names: String? = nil, mayBeBare: Bool = false) {
            self.names = names
            self.mayBeBare = mayBeBare
            self.words = words
            takesOnlyWords = onlyWords
            isCollected = collected
            self.connective = connective
            self.parameter = parameter
            isRequired = required
            isVariadic = variadic
        }
    }

    public let name: String
    public let slots: [Slot]

    public init(_ name: String, _ slots: [Slot]) {
        self.name = name
        self.slots = slots
    }

    /// Whether it is followed by one of some words, as `data list`: only then is it a sentence, and always this verb whatever variables there are.
    public var isWordSentence: Bool { slots.first?.takesOnlyWords == true }

    /// "train LEARNER on TASK"
    public var description: String {
        let parts = slots.map { slot -> String in
            let value = slot.words.isEmpty ? slot.parameter.uppercased() + (slot.isVariadic || slot.isCollected ? ", ..." : "") : slot.words.joined(separator: "|")
            let text = slot.connective.map { "\($0) \(value)" } ?? value
            return slot.isRequired ? text : "[\(text)]"
        }
        return ([name] + parts).joined(separator: " ")
    }
}
