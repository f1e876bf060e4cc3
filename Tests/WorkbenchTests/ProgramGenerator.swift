/// Random programs of the whole grammar, in random spacing; the same seed gives the same program. Names need not be known: only syntax counts.
struct ProgramGenerator {
    private var state: UInt64
    private var depth = 0

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

    mutating func program() -> String {
        (0..<(2 + below(6))).map { _ in statement(top: true) + gap() }.joined()
    }

    // MARK: - Chance

    private mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    private mutating func pick(_ items: [String]) -> String { items[below(items.count)] }

    /// White space that means nothing: within a line.
    private mutating func s() -> String { pick(["", "", " ", " ", "  "]) }
    private mutating func gap() -> String {
        let comment = chance(20) ? pick(["  # a comment", " #another", "# 'quoted' {x}"]) : ""
        return comment + pick(["\n", "\n", "\n\n", "\n\n\n\n"]) + (chance(10) ? "# alone\n" : "")
    }
    private mutating func name() -> String { pick(["a", "b", "xs", "net", "loss", "memory_2", "α", "_x", "task", "on", "param", "train", "print_it"]) }
    private mutating func arguments(_ count: Int) -> String {
        var named = false
        return (0..<count).map { index in
            named = named || chance(25)
            return (named ? "k\(index)\(s())=\(s())" : "") + expression()
        }.joined(separator: s() + "," + s())
    }
    private mutating func list(_ count: Int) -> String {
        (0..<count).map { _ in expression() }.joined(separator: s() + "," + s())
    }

    // MARK: - Statements

    private mutating func block() -> String {
        depth += 1
        defer { depth -= 1 }
        let count = depth > 3 ? 1 : below(3)
        if count == 0 { return pick(["{ }", "{}", "{\n}"]) }
        if count == 1, chance(30) { return "{" + s() + simple() + s() + "}" }
        return "{" + gap() + (0..<count).map { _ in s() + statement(top: false) + gap() }.joined() + s() + "}"
    }

    private mutating func simple() -> String {
        switch below(7) {
        case 0: return "let \(name())\(s())=\(s())\(expression())"
        case 1: return "let (a1,\(s())b1)\(s())=\(s())\(expression())"
        case 2: return "\(pick(["a", "xs[0]", "r.field", "xs[i].y"]))\(s())\(pick(["=", "+=", "-=", "*=", "/="]))\(s())\(expression())"
        case 3: return "print " + list(1 + below(3))
        case 4: return "train me.learner on bench[\(expression())] epochs\(s())=\(s())2"
        case 5: return "assert \(expression())" + (chance(40) ? ", \(string())" : "")
        default: return "f(\(arguments(below(4))))"
        }
    }

    private mutating func statement(top: Bool) -> String {
        guard depth < 4 else { return simple() }
        switch below(top ? 13 : 9) {
        case 0, 1, 2: return simple() + (chance(10) ? ";\(s())" + simple() : "")
        case 3:
            var text = "if \(condition()) \(block())"
            if chance(30) { text += pick([" ", "\n"]) + "else if \(condition()) \(block())" }
            if chance(40) { text += pick([" ", "", "\n"]) + "else \(block())" }
            return text
        case 4: return "for \(pick(["i", "(i, x)", "( i,x )"])) in \(condition()) \(block())"
        case 5: return "while \(condition()) \(block())"
        case 6: return "repeat \(condition()) \(block())"
        case 7: return "no_grad \(block())"
        case 8: return "def g\(s())(\(parameters())) { return \(expression()) }"
        case 9: return "param lr\(s())=\(s())\(expression())"
        case 10: return "import \"file.bcl\"" + (chance(50) ? "  as  other" : "")
        case 11: return "test \(pick(["\"name\"", "'name'"]))\(s()) \(block())"
        default: return "method m(net,\(s())bench) {\n let state=0\n on task_start(t) \(block())\non batch(x,y,t) {\nphase \"inner\" \(block())\n}\n}"
        }
    }

    private mutating func parameters() -> String { pick(["", "a", "a,b", "a , b = 2", "a=1,b='x'"]) }

    /// In front of a brace: nothing that would take it as a record.
    private mutating func condition() -> String { "(" + expression() + ")" }

    // MARK: - Expressions

    private mutating func string() -> String {
        pick(["\"text\"", "'it is'", "\"{a}\"", "\"{ a+1 :.2f} and {{braces}}\"", "\"\\n\\\"q\\\"\"", "'say \"hi\"'", "\"{xs[ 0 ]}\"", "\"{'inner'}\"", "\"é\\u{3b2}\""])
    }

    private mutating func atom() -> String {
        switch below(9) {
        case 0: return pick(["0", "12", "1_000", "0xFF", "1.5", "1e-3", "2.0e+10"])
        case 1: return string()
        case 2: return pick(["true", "false", "none"])
        default: return name()
        }
    }

    private mutating func expression() -> String {
        depth += 1
        defer { depth -= 1 }
        guard depth < 7 else { return atom() }
        switch below(20) {
        case 0...4: return atom()
        case 5, 6: return "(\(s())\(expression())\(s()))\(s())\(pick(["+", "-", "*", "/", "//", "%", "**", "@"]))\(s())(\(expression()))"
        case 7: return "\(atom()) \(pick(["+", "-", "*", "/"])) \(pick(["-", ""]))\(atom())"
        case 8: return "-\(atom())"  // "print - x" is a subtraction
        case 9: return "\(atom())\(s())\(pick(["==", "!=", "<", "<=", ">", ">="]))\(s())\(atom())"
        case 10: return "\(condition()) \(pick(["and", "or", "in", "not in"])) \(condition())"
        case 11: return "not \(condition())"
        case 12:
            let count = below(4)
            return "[\(s())\(list(count))\(count > 0 && chance(15) ? "," : "")\(s())]"
        case 13: return "{\"key\"\(s()):\(s())\(expression()),\(s())k2:\(s())\(expression())\(s())}"
        case 14: return "\(name())[\(s())\(pick(["0", "a", "-1", "1:2", ":", "::2", "a:b:2", "0,1", ":, 1:2"]))\(s())]"
        case 15: return "\(name())\(pick([".field", ".method(1, k=2)", "(1)(2)", ".a.b[0]"]))"
        case 16: return "(if \(condition()) then \(expression()) else \(expression()))"
        case 17: return "(\(pick(["x", "(a, b)", "( a,b=2 )", "()"]))\(s())=>\(s())\(expression()))"
        case 18: return "[\(expression()) for \(pick(["x", "(i, x)"])) in \(condition())\(chance(40) ? " if \(condition())" : "")]"
        default: return "\(atom())\(s())..\(s())\(name())"
        }
    }
}
