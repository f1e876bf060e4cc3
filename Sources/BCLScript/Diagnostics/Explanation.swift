/// What `bclsh explain BCL0012` says: why a message appears, a program that brings it about, and one that is right.
public struct Explanation: Sendable {
    public let code: DiagnosticCode
    public let title: String
    public let text: String
    /// A whole program with the fault; nil where it takes more than one file or a certain machine.
    public let wrong: String?
    /// The same, as it should be.
    public let right: String?

    init(_ code: DiagnosticCode, _ title: String, _ text: String, wrong: String? = nil, right: String? = nil) {
        self.code = code
        self.title = title
        self.text = text
        self.wrong = wrong
        self.right = right
    }

    /// For "BCL0012", "bcl12" or "12".
    public static func named(_ name: String) -> Explanation? {
        let digits = name.uppercased().hasPrefix("BCL") ? String(name.dropFirst(3)) : name
        guard let number = Int(digits), let code = DiagnosticCode(rawValue: number) else { return nil }
        return of(code)
    }

    public static func of(_ code: DiagnosticCode) -> Explanation {
        all.first { $0.code == code } ?? Explanation(code, code.name, "")
    }

    public static let all: [Explanation] = textual + grammatical + named + running

    private static let textual: [Explanation] = [
        Explanation(.invalidCharacter, "A character that is not part of the language",
                    "Logic is written with words: and, or, not. The power is **, the matrix product @.",
                    wrong: "print true && false", right: "print true and false"),
        Explanation(.unterminatedString, "A string without its closing quote",
                    "A string ends on the line it starts on. A line end inside it is written \\n.",
                    wrong: "print \"abc", right: "print \"abc\""),
        Explanation(.invalidEscape, "An unknown escape sequence",
                    "Behind a backslash stand n, t, r, \\, \", ', {, } or u{...} with a character's number in hexadecimal.",
                    wrong: "print \"a\\q\"", right: "print \"a\\\\q\""),
        Explanation(.malformedNumber, "Neither a number nor a name",
                    "Numbers look like 12, 0.5, 1e-3, 1_000 or 0xFF; names start with a letter or _.",
                    wrong: "print 12abc", right: "print 12"),
        Explanation(.numberTooLarge, "A number that does not fit",
                    "Integers go from -9223372036854775808 to 9223372036854775807; floats up to about 1.8e308.",
                    wrong: "print 99999999999999999999", right: "print 1e20"),
        Explanation(.invalidText, "Bytes that are no text",
                    "Scripts are UTF-8 text without NUL bytes. A file of another kind (a checkpoint, UTF-16) was given, or the file is damaged."),
        Explanation(.unclosedBracket, "A bracket that is never closed",
                    "Every (, [ and { needs its partner. The mark shows where it was opened.",
                    wrong: "print (1 + 2", right: "print (1 + 2)"),
        Explanation(.unmatchedBracket, "A bracket that closes nothing", "There is one closing bracket too many, or its partner is missing.",
                    wrong: "print 1)", right: "print 1"),
        Explanation(.badInterpolation, "Braces in a string that do not fit",
                    "In a string, {expression} or {expression:format} is replaced by the value. The characters themselves are written {{ and }}.",
                    wrong: "print \"a } b\"", right: "print \"a }} b\""),
        Explanation(.badFormat, "An unknown format",
                    "Formats are Python's: [[fill]align][sign][0][width][,][.precision][type], with the types d, f, e, g, %, x and s.",
                    wrong: "print \"{1.5:.3q}\"", right: "print \"{1.5:.3f}\""),
    ]

    private static let grammatical: [Explanation] = [
        Explanation(.expectedExpression, "A value is missing", "Something stands where only a value can, or the line ends too early. An expression over several lines goes into ( ).",
                    wrong: "let x = 1 +", right: "let x = 1 + 2\nprint x"),
        Explanation(.expectedToken, "Something else should stand here", "The message says what would fit and what was found.",
                    wrong: "let x = 5 6", right: "let x = (5, 6)\nprint x"),
        Explanation(.expectedName, "A name is missing", "Here a name is declared. Words of the language (let, if, for, in, ...) can't be names.",
                    wrong: "let for = 1", right: "let loops = 1\nprint loops"),
        Explanation(.unexpectedToken, "Something that does not fit", "Kept for programs of earlier versions; now BCL0013 says what should stand there."),
        Explanation(.tooDeep, "Nested too deeply", "Brackets and blocks may be nested 200 deep, and an expression may have 1000 operations in a row. Give parts of it names with let."),
        Explanation(.badAssignmentTarget, "This can't be assigned to",
                    "On the left of = stands a name, a field x.y, or an element x[i]. Two values are compared with ==.",
                    wrong: "let x = 1\nx + 1 = 2", right: "let x = 1\nprint x + 1 == 2"),
        Explanation(.wrongVerbForm, "A sentence that is not complete", "A verb is written as its form says; the message shows it. Every verb is also a function: train(learner, task).",
                    wrong: "seed 1 2", right: "seed 1"),
        Explanation(.misplacedStatement, "A statement in the wrong place",
                    "return stands in functions, break and continue in loops, on EVENT directly in a method; method, import, param and test at the top level of a file.",
                    wrong: "break", right: "for i in 0..3 { break }"),
        Explanation(.duplicateName, "Declared twice", "A name is declared once in a block; after that it is set without let.",
                    wrong: "let x = 1\nlet x = 2\nprint x", right: "let x = 1\nx = 2\nprint x"),
        Explanation(.positionalAfterKeyword, "An argument without a name behind one with a name", "Arguments by position come first.",
                    wrong: "def f(a, b) { return a + b }\nprint f(b=1, 2)", right: "def f(a, b) { return a + b }\nprint f(2, b=1)"),
        Explanation(.missingLet, "Setting a name that was never declared",
                    "A new name is declared with let, so that a misspelt one is an error and not a second variable.",
                    wrong: "total = 1", right: "let total = 1\nprint total"),
        Explanation(.foreignSyntax, "A habit from another language", "Python, Julia, Swift and C write this differently; the hint says how it is written here.",
                    wrong: "if true: print 1", right: "if true { print 1 }"),
        Explanation(.requiredAfterDefault, "A parameter without default behind one with default", "Parameters that a call may leave out come last.",
                    wrong: "def f(a=1, b) { return a + b }", right: "def f(b, a=1) { return a + b }"),
    ]

    private static let named: [Explanation] = [
        Explanation(.unknownName, "An unknown name",
                    "Names are known before anything runs: those that the file declares or imports, the builtins, and the methods of the standard library.",
                    wrong: "print lenn([1])", right: "print len([1])"),
        Explanation(.unknownKeyword, "An unknown keyword argument", "The callable has no parameter of that name; its signature is shown.",
                    wrong: "def f(rate=0.1) { return rate }\nprint f(rat=0.2)", right: "def f(rate=0.1) { return rate }\nprint f(rate=0.2)"),
        Explanation(.wrongArgumentCount, "Too many or too few arguments", "The signature says what a call needs. Parameters with a default may be left out.",
                    wrong: "def f(a) { return a }\nprint f()", right: "def f(a) { return a }\nprint f(1)"),
        Explanation(.duplicateArgument, "An argument given twice", "The same parameter is set by position and by name, or by name twice.",
                    wrong: "def f(a) { return a }\nprint f(1, a=2)", right: "def f(a) { return a }\nprint f(a=2)"),
        Explanation(.usedBeforeDeclaration, "Used before it is declared", "At the top level a name can be used from the line below its declaration on. Functions may use names that are declared further below, because they run later.",
                    wrong: "print x\nlet x = 1", right: "let x = 1\nprint x"),
        Explanation(.importFailed, "An import that fails", "The file is looked for beside the importing one, then in the standard library. The methods of the standard library need no import.",
                    wrong: "import \"no_such_file.bcl\"", right: "print er"),
        Explanation(.importCycle, "Files that import each other", "Move what both need into a third file, which both import."),
        Explanation(.unusedVariable, "A name that is never used (warning)", "Often another name was meant. A name that starts with _ is not reported.",
                    wrong: "def f(x) {\n  let y = x * 2\n  return x\n}\nprint f(1)", right: "def f(x) {\n  let y = x * 2\n  return y\n}\nprint f(1)"),
        Explanation(.unreachableCode, "Statements that never run (warning)", "They stand behind a return, break or continue, or behind a loop without an end.",
                    wrong: "def f() {\n  return 1\n  print 2\n}\nprint f()", right: "def f() {\n  print 2\n  return 1\n}\nprint f()"),
        Explanation(.unreadParameter, "A param that is never read (warning)", "The script declares it, and --set can set it, but nothing depends on it.",
                    wrong: "param lr = 0.1\nprint 1", right: "param lr = 0.1\nprint lr"),
        Explanation(.unknownParameter, "An unknown param", "Kept for --set: there the message is wrong usage (exit code 64)."),
        Explanation(.badParameterValue, "A value that does not fit a param", "A value given with --set has the type of the param's default: --set n=abc does not fit param n = 1."),
        Explanation(.unknownEvent, "An unknown event", "A method can handle task_start(t), batch(x, y, t), task_end(t) and predict(x, t).",
                    wrong: "method m(net, bench) {\n  on bach(x, y, t) { return 0 }\n}", right: "method m(net, bench) {\n  on batch(x, y, t) { return 0 }\n}"),
    ]

    private static let running: [Explanation] = [
        Explanation(.wrongType, "A value of the wrong type", "The operator, function or index does not work on values of this kind.",
                    wrong: "print 1 + \"a\"", right: "print \"{1}a\""),
        Explanation(.overflow, "An integer that grows too large", "Integers have 64 bits and are checked. Floats reach further, with 15 digits.",
                    wrong: "print 9223372036854775807 + 1", right: "print 9223372036854775807.0 + 1"),
        Explanation(.divisionByZero, "Division by zero", "This holds for plain numbers; tensors give inf or nan, as in PyTorch.",
                    wrong: "print 1 / 0", right: "print 1 / 2"),
        Explanation(.outOfRange, "An index out of range", "Indexes go from 0 to the number of elements - 1; negative ones count from the end.",
                    wrong: "print [1, 2][2]", right: "print [1, 2][-1]"),
        Explanation(.unknownField, "An unknown field", "The value has no property, method or entry of that name.",
                    wrong: "print [1].apend", right: "let xs = [1]\nxs.append(2)"),
        Explanation(.notCallable, "This can't be called", "Only functions, methods and networks stand before ( ).",
                    wrong: "let x = 5\nprint x()", right: "let x = () => 5\nprint x()"),
        Explanation(.recursionLimit, "Calls nested too deeply", "A call may be nested 2000 deep. Mostly a function calls itself without an end.",
                    wrong: "def f(n) { return f(n + 1) }\nprint f(0)", right: "def f(n) { return if n == 0 then 0 else f(n - 1) }\nprint f(100)"),
        Explanation(.assertionFailed, "An assertion that does not hold", "The script itself checks this. The text behind the comma says why.",
                    wrong: "assert 1 > 2, \"one is smaller\"", right: "assert 2 > 1"),
        Explanation(.badValue, "A value that makes no sense here", "The type is right, but not the value: a negative count, the logarithm of 0.",
                    wrong: "repeat -1 { print 1 }", right: "repeat 1 { print 1 }"),
        Explanation(.notIterable, "Nothing to walk over", "for walks over lists, ranges, strings, records (their keys), tensors (their rows) and benchmarks (their tasks).",
                    wrong: "for i in 5 { print i }", right: "for i in 0..5 { print i }"),
        Explanation(.tensorError, "An operation on tensors that fails", "Mostly shapes that do not fit each other; the message shows both.",
                    wrong: "print zeros(2) + zeros(3)", right: "print zeros(3) + zeros(3)"),
        Explanation(.dataError, "Data that can't be used", "A data set is not there, is damaged, or does not fit the request.",
                    wrong: "print permuted(digits(), tasks=0)", right: "print permuted(digits(), tasks=2)"),
        Explanation(.fileError, "A file that can't be read or written", "The message names the file and the reason. Nothing is left half-written.",
                    wrong: "save mlp(2, 2) to \"no_such_folder/net.safetensors\"", right: "let write = () => save(mlp(2, 2), \"net.safetensors\")\nprint type(write)"),
        Explanation(.deviceError, "A device that is not there", "Devices are \"cpu\", \"cuda\", \"cuda:1\"; \"auto\" takes a GPU where there is one.",
                    wrong: "device \"gpu\"", right: "device \"auto\""),
        Explanation(.wrongUnpacking, "Not as many values as names", "let (a, b) = ... takes exactly two elements. _ takes one that nobody needs.",
                    wrong: "let (a, b) = [1, 2, 3]\nprint a, b", right: "let (a, b, _) = [1, 2, 3]\nprint a, b"),
        Explanation(.noValueYet, "A name that has no value yet", "A function ran before the line that declares a name it uses.",
                    wrong: "def f() { return x }\nprint f()\nlet x = 1", right: "def f() { return x }\nlet x = 1\nprint f()"),
        Explanation(.notReady, "Asked too early", "The value exists only after something else was done: soft targets after set_targets, metrics after evaluate.",
                    wrong: "let bench = permuted(digits(), tasks=2)\nlet m = ring(bench, slots=4)\nlet (x, y) = bench[0].minibatch(0)\nm.store(x, y, task=0)\nprint m.draw(2, tasks=1).targets",
                    right: "let bench = permuted(digits(), tasks=2)\nlet m = ring(bench, slots=4)\nlet (x, y) = bench[0].minibatch(0)\nm.store(x, y, task=0)\nprint m.draw(2, tasks=1).y"),
        Explanation(.outOfMemory, "A value that would be too large", "A list holds at most 50 million elements, a string 256 MB; for numbers, use a tensor.",
                    wrong: "print [0] * 1000000000", right: "print zeros(1000).shape"),
        Explanation(.lossNotFinite, "A loss that is nan or inf (warning)", "Training goes on, but from weights that are nan nothing is learned any more. Mostly the learning rate is too large; net.clip(1) before net.step also helps.",
                    wrong: "let bench = permuted(digits(), tasks=1, per_task=40)\nlet me = single(mlp(64, 32, 10), bench, lr=1e30)\ntrain me on bench[0]",
                    right: "let bench = permuted(digits(), tasks=1, per_task=40)\nlet me = single(mlp(64, 32, 10), bench, lr=0.03)\ntrain me on bench[0]"),
        Explanation(.internalError, "A fault of bclsh", "This should not happen. Please report it with the script."),
    ]
}
