import BCLScript

/// What the words of the language do, for help and hover.
enum KeywordHelp {
    /// How it is written, and one line about it; nil for a word that only belongs to another one.
    static func entry(for word: String) -> (form: String, doc: String)? {
        if let keyword = Keyword(rawValue: word) { return entry(for: keyword) }
        return contextual[word]
    }

    /// Words that are words of the language only where they declare.
    static let contextual: [String: (form: String, doc: String)] = [
        "method": ("method NAME(net, bench, lr=0.03) { ... }", "Declares a learning method. Calling it makes a learner: its body runs once, its names are the learner's state, its `on` handlers run while it is trained."),
        "on": ("on batch(x, y, t) { ... }", "Handles an event of training, directly inside a method."),
        "param": ("param NAME = default", "A value that `--set NAME=value` replaces; recorded with the run."),
        "phase": ("phase \"inner\" { ... }", "Names a part of an update: one can step to its end."),
        "test": ("test \"name\" { ... }", "Run by `bclsh test FILE`, passed over otherwise."),
    ]

    private static func entry(for keyword: Keyword) -> (form: String, doc: String)? {
        switch keyword {
        case .let: return ("let NAME = value", "Declares a name, known to the end of its block; `let (a, b) = ...` takes a list apart.")
        case .def: return ("def NAME(a, b=1) { ... }", "Declares a function; `return` gives its value.")
        case .if: return ("if condition { ... } else if condition { ... } else { ... }", "Runs the first block whose condition is true; as a value: `if condition then a else b`.")
        case .then, .else: return ("if condition then a else b", "A value that depends on a condition.")
        case .for: return ("for NAME in values { ... }", "Runs its block for each element of a list, range, string, record (its keys) or tensor (its rows); in brackets: `[f(x) for x in xs if condition]`.")
        case .in: return ("x in xs", "Whether an element is in a list, a key in a record, a text in a string.")
        case .while: return ("while condition { ... }", "Runs its block as long as the condition is true.")
        case .repeat: return ("repeat n { ... }", "Runs its block n times.")
        case .break: return ("break", "Leaves the loop.")
        case .continue: return ("continue", "Goes on with the loop's next turn.")
        case .return: return ("return value", "Leaves the function with a value; with none alone.")
        case .import: return ("import \"file.bcl\"", "Brings in the top-level names of a file that do not start with `_`; `import \"file.bcl\" as m` one record of them.")
        case .assert: return ("assert condition, \"message\"", "An error where the condition is false.")
        case .and, .or: return ("a \(keyword.rawValue) b", "One of the operands, as in Python; the second is evaluated only where it counts.")
        case .not: return ("not a", "Whether a value does not count as true; `x not in xs`.")
        case .none: return ("none", "No value.")
        case .no_grad: return ("no_grad { ... }", "Computes without keeping track of gradients.")
        case .yes: return ("true", "The truth value.")
        case .no: return ("false", "The truth value.")
        }
    }
}
