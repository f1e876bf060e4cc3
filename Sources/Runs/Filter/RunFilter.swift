import Foundation

/// Which runs are meant: conditions that all must hold, `method=er,bcl_dual seed<3 state=done since=2d lr>=0.1`, and numbers of runs, of which one must be it.
public struct RunFilter {
    enum Comparison: String, CaseIterable {
        case atMost = "<=", atLeast = ">=", notEqual = "!=", equal = "=", less = "<", more = ">"
    }

    struct Term {
        let name: String
        let comparison: Comparison
        let values: [String]
        let nameRange: Range<Int>
        let valueRange: Range<Int>
    }

    public let text: String
    let terms: [Term]
    /// Numbers or ids; empty for no such condition.
    public let runs: [String]

    var isEmpty: Bool { terms.isEmpty && runs.isEmpty }

    /// Names of parameters that the filter speaks of: worth a column.
    public var parameterNames: [String] { terms.map { FilterColumn.bare($0.name) }.filter { FilterColumn.named($0) == nil } }

    /// Names besides metrics and parameters.
    public static var columnNames: [String] { FilterColumn.names }

    public init() { (text, terms, runs) = ("", [], []) }
    public init(runs numbers: [Int]) { (text, terms, runs) = ("", [], numbers.map(String.init)) }

    /// - Throws: `FilterProblem`.
    public init(_ text: String) throws {
        var reader = FilterReader(text)
        try reader.read()
        (self.text, terms, runs) = (text, reader.terms, reader.runs)
    }

    public init(_ words: [String]) throws { try self.init(words.joined(separator: " ")) }
}

/// Takes a filter apart.
private struct FilterReader {
    let text: String
    private let characters: [Character]
    private var place = 0
    var terms: [RunFilter.Term] = []
    var runs: [String] = []

    init(_ text: String) { (self.text, characters) = (text, Array(text)) }

    mutating func read() throws {
        skipSpace()
        while place < characters.count {
            try readTerm()
            skipSpace()
        }
    }

    private mutating func skipSpace() { while place < characters.count, characters[place].isWhitespace { place += 1 } }

    private func problem(_ message: String, _ remedy: String? = nil, at range: Range<Int>) -> FilterProblem { FilterProblem(message, remedy: remedy, in: text, at: range) }

    private mutating func readTerm() throws {
        let start = place
        while place < characters.count, !characters[place].isWhitespace, !"=<>!".contains(characters[place]) { place += 1 }
        let name = String(characters[start..<place])
        let end = place
        skipSpace()
        guard let comparison = readComparison() else {
            place = end
            let words = name.split(separator: ",").map(String.init)
            guard !name.isEmpty, !words.isEmpty, words.allSatisfy({ Int($0) != nil || RunID.isValid($0.lowercased()) }) else {
                let what = name.isEmpty ? String(characters[start]) : name
                if name.isEmpty { place = characters.count }
                throw problem("'\(what)' is no condition", "write NAME=VALUE, such as method=er, or the number of a run", at: start..<max(end, start + 1))
            }
            runs += words
            return
        }
        guard !name.isEmpty else { throw problem("there is no name before '\(comparison.rawValue)'", "write NAME\(comparison.rawValue)VALUE, such as seed\(comparison.rawValue)3", at: start..<place) }
        skipSpace()
        let first = place
        var values = [try readValue(name, comparison)]
        while place < characters.count, characters[place] == "," {
            place += 1
            values.append(try readValue(name, comparison))
        }
        guard values.count == 1 || comparison == .equal || comparison == .notEqual else { throw problem("'\(comparison.rawValue)' compares with one value", at: first..<place) }
        terms.append(RunFilter.Term(name: name, comparison: comparison, values: values, nameRange: start..<end, valueRange: first..<place))
    }

    private mutating func readComparison() -> RunFilter.Comparison? {
        let rest = String(characters[place..<min(characters.count, place + 2)])
        guard let found = RunFilter.Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else { return nil }
        place += found.rawValue.count
        if found == .equal, place < characters.count, characters[place] == "=" { place += 1 }  // ==, as in the language
        return found
    }

    private mutating func readValue(_ name: String, _ comparison: RunFilter.Comparison) throws -> String {
        let start = place
        if place < characters.count, characters[place] == "\"" || characters[place] == "'" {
            let quote = characters[place]
            place += 1
            while place < characters.count, characters[place] != quote { place += 1 }
            guard place < characters.count else { throw problem("the quotation mark is never closed", at: start..<start + 1) }
            place += 1
            return String(characters[(start + 1)..<(place - 1)])
        }
        while place < characters.count, !characters[place].isWhitespace, characters[place] != "," { place += 1 }
        guard place > start else { throw problem("there is no value behind '\(name)\(comparison.rawValue)'", "\"\" stands for an empty text", at: max(0, min(start, characters.count - 1))..<max(1, min(start, characters.count))) }
        return String(characters[start..<place])
    }
}
