import BCLScript

/// The names that a text declares before a place, by its tokens: that works while a statement is being typed, when there is no tree.
struct VisibleNames {
    struct Name {
        enum Kind { case variable, function, method, parameter }
        let text: String
        let kind: Kind
        /// The type of its value, where that can be told from the declaration.
        let type: String?
        /// For a function or method: "(net, bench, lr)".
        let parameters: [String]
    }

    /// Innermost block last.
    private var blocks: [[Name]] = [[]]
    /// Names that belong to the next block that opens: parameters, loop variables.
    private var pending: [Name] = []
    private let tokens: [Token]
    private let typeOfCall: (String) -> String?

    /// - Parameter typeOfCall: what a call of a function with this name gives.
    init(_ tokens: [Token], before offset: Int, typeOfCall: @escaping (String) -> String?) {
        self.tokens = tokens.filter { $0.span.end <= offset }
        self.typeOfCall = typeOfCall
        scan()
    }

    /// Inner names hide outer ones.
    var all: [Name] {
        var known = Set<String>()
        return blocks.reversed().flatMap { $0.reversed() }.filter { known.insert($0.text).inserted }
    }

    func find(_ name: String) -> Name? { all.first { $0.text == name } }

    private mutating func scan() {
        var index = 0
        while index < tokens.count {
            switch tokens[index].kind {
            case .symbol(.leftBrace):
                blocks.append(pending)
                pending = []
            case .symbol(.rightBrace): if blocks.count > 1 { blocks.removeLast() }
            case .newline: pending = []
            case .keyword(.let): declare(pattern(behind: index), into: .here)
            case .keyword(.for): declare(pattern(behind: index), into: .nextBlock)
            case .keyword(.def): function(at: index, .function)
            case .name("method") where startsStatement(index): function(at: index, .method)
            case .name("on") where startsStatement(index): pending = parameters(behind: index + 1).map { Name(text: $0, kind: .parameter, type: $0 == "t" ? "int" : "tensor", parameters: []) }
            case .name("param") where startsStatement(index): declare(pattern(behind: index), into: .here)
            case .name("as"): if case .string? = kind(index - 1) { declare(pattern(behind: index), into: .here) }
            case .symbol(.arrow): lambda(at: index)
            default: break
            }
            index += 1
        }
    }

    private enum Target { case here, nextBlock }

    private mutating func declare(_ names: [Name], into target: Target) {
        if target == .here { blocks[blocks.count - 1] += names } else { pending += names }
    }

    private func kind(_ index: Int) -> Token.Kind? { index >= 0 && index < tokens.count ? tokens[index].kind : nil }

    private func startsStatement(_ index: Int) -> Bool {
        switch kind(index - 1) {
        case nil, .newline, .symbol(.semicolon), .symbol(.leftBrace), .symbol(.rightBrace): return true
        default: return false
        }
    }

    /// `NAME` or `(NAME, NAME)`.
    private func pattern(behind index: Int) -> [Name] {
        if case .name(let text)? = kind(index + 1) { return [Name(text: text, kind: .variable, type: type(ofValueAt: index + 2), parameters: [])] }
        return parameters(behind: index).map { Name(text: $0, kind: .variable, type: nil, parameters: []) }
    }

    /// The type behind `=`, or of the elements behind `in`.
    private func type(ofValueAt index: Int) -> String? {
        if kind(index) == .keyword(.in) { return kind(index + 2) == .symbol(.dot) && kind(index + 3) == .name("tasks") ? "task" : nil }
        guard kind(index) == .symbol(.equal) else { return nil }
        switch kind(index + 1) {
        case .name(let callee) where kind(index + 2) == .symbol(.leftParen): return isWholeCall(index + 2) ? typeOfCall(callee) : nil
        case .name(let base) where kind(index + 2) == .symbol(.leftBracket): return find(base)?.type == "benchmark" ? "task" : nil
        case .name where kind(index + 2) == .symbol(.dot):
            // `memory.draw(...)`, `net.weights.snapshot()`
            var end = index + 2
            while kind(end) == .symbol(.dot), case .name? = kind(end + 1) { end += 2 }
            if case .name("draw")? = kind(end - 1), kind(end) == .symbol(.leftParen) { return "draw" }
            if case .name("weights")? = kind(end - 1), kind(end) != .symbol(.leftParen) { return "weights" }
            return nil
        case .string: return "string"
        case .symbol(.leftBracket): return "list"
        case .symbol(.leftBrace): return "record"
        default: return nil
        }
    }

    /// Whether nothing follows the call that opens here: `f(x)` but not `f(x).y`.
    private func isWholeCall(_ open: Int) -> Bool {
        var level = 0
        for index in open..<tokens.count {
            switch tokens[index].kind {
            case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): level += 1
            case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace):
                level -= 1
                if level == 0 { return kind(index + 1) != .symbol(.dot) && kind(index + 1) != .symbol(.leftBracket) }
            default: break
            }
        }
        return true
    }

    private mutating func function(at index: Int, _ what: Name.Kind) {
        guard case .name(let name)? = kind(index + 1) else { return }
        let parameters = self.parameters(behind: index + 1)
        declare([Name(text: name, kind: what, type: nil, parameters: parameters)], into: .here)
        let conventional = what == .method ? ["net": "network", "bench": "benchmark"] : [:]
        pending = parameters.map { Name(text: $0, kind: .parameter, type: conventional[$0], parameters: []) }
    }

    /// The names in the parentheses behind a token, without default values.
    private func parameters(behind index: Int) -> [String] {
        guard kind(index + 1) == .symbol(.leftParen) else { return [] }
        var names: [String] = []
        var level = 0
        for position in (index + 1)..<tokens.count {
            switch tokens[position].kind {
            case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): level += 1
            case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace):
                level -= 1
                if level == 0 { return names }
            case .name(let text): if level == 1, kind(position - 1) == .symbol(.leftParen) || kind(position - 1) == .symbol(.comma) { names.append(text) }
            default: break
            }
        }
        return names
    }

    private mutating func lambda(at index: Int) {
        var names: [String] = []
        if case .name(let text)? = kind(index - 1) { names = [text] } else if kind(index - 1) == .symbol(.rightParen) {
            var open = index - 1
            var level = 0
            while open >= 0 {
                if kind(open) == .symbol(.rightParen) { level += 1 }
                if kind(open) == .symbol(.leftParen) {
                    level -= 1
                    if level == 0 { break }
                }
                open -= 1
            }
            names = open >= 0 ? parameters(behind: open - 1) : []
        }
        let list = names.map { Name(text: $0, kind: .parameter, type: nil, parameters: []) }
        // A lambda's body without braces ends somewhere on the line: until then its names count here.
        if kind(index + 1) == .symbol(.leftBrace) { pending = list } else { declare(list, into: .here) }
    }
}
