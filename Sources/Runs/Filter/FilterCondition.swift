import BCLScript
import Foundation
import GRDB

/// A piece of SQL with its values.
struct FilterCondition {
    var sql: String
    var arguments: [(any DatabaseValueConvertible)?]
}

extension RunFilter {
    /// - Throws: `FilterProblem` for names that no run has and values that don't fit.
    func condition(_ database: Database) throws -> FilterCondition {
        var parts = try terms.map { try condition($0, database) }
        if !runs.isEmpty {
            let numbers = runs.compactMap { Int($0) }
            let ids = runs.filter { Int($0) == nil }.map { $0.lowercased() }
            func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }
            parts.append(FilterCondition(sql: "(run.number IN (\(places(numbers.count))) OR run.id IN (\(places(ids.count))))", arguments: numbers.map { $0 } + ids.map { $0 }))
        }
        guard !parts.isEmpty else { return FilterCondition(sql: "1", arguments: []) }
        return FilterCondition(sql: parts.map { "(\($0.sql))" }.joined(separator: " AND "), arguments: parts.flatMap(\.arguments))
    }

    private func condition(_ term: Term, _ database: Database) throws -> FilterCondition {
        guard !term.name.hasPrefix("param."), let column = FilterColumn.named(term.name) else { return try parameter(term, database) }
        switch column {
        case .text(let name): return try text(term, name)
        case .script: return try script(term)
        case .number(let name): return try numbers(term, name) { Double($0) }
        case .duration(let name): return try numbers(term, name, "a length of time, such as 90s, 5m or 2h", FilterTime.duration)
        case .metric(let name):
            return try numbers(term, name, "a number, such as 0.8") { value in
                guard let number = Double(value) else { return nil }
                guard abs(number) <= 1 else { throw problem("'\(term.name)' lies between -1 and 1, so no run has \(term.name)\(term.comparison.rawValue)\(value)", "write \(term.name)\(term.comparison.rawValue)\(RunValue.double(number / 100).text) for \(value) %", term.valueRange) }
                return number
            }
        case .state:
            for value in term.values where RunState(rawValue: value) == nil {
                throw problem("there is no state '\(value)'", Suggestion.nearest(to: value, among: RunState.allCases.map(\.rawValue)).map { "did you mean '\($0)'?" } ?? "states are \(RunState.allCases.map(\.rawValue).joined(separator: ", "))", term.valueRange)
            }
            return try text(term, "(\(RunRow.stateColumn))")
        case .since, .until:
            let isEnd = term.name == "until"
            guard term.comparison == .equal, term.values.count == 1 else { throw problem("'\(term.name)' takes '=' and one moment", "write \(term.name)=2d or \(term.name)=2026-11-24", term.nameRange) }
            guard let moment = FilterTime.moment(term.values[0], isEnd: isEnd) else { throw problem("'\(term.values[0])' is no moment", "write 30m, 2h, 3d or 1w (ago), or a date such as 2026-11-24", term.valueRange) }
            return FilterCondition(sql: "run.started \(isEnd ? "<" : ">=") ?", arguments: [moment])
        }
    }

    private func problem(_ message: String, _ remedy: String?, _ range: Range<Int>) -> FilterProblem { FilterProblem(message, remedy: remedy, in: text, at: range) }

    /// All values of `=` are alternatives, and `!=` is their opposite.
    private func join(_ term: Term, _ parts: [FilterCondition]) -> FilterCondition {
        let any = FilterCondition(sql: parts.map(\.sql).joined(separator: " OR "), arguments: parts.flatMap(\.arguments))
        return term.comparison == .notEqual ? FilterCondition(sql: "NOT ifnull(\(any.sql), 0)", arguments: any.arguments) : any
    }

    private func text(_ term: Term, _ column: String) throws -> FilterCondition {
        guard term.comparison == .equal || term.comparison == .notEqual else {
            throw problem("'\(term.name)' is a text: it has no '\(term.comparison.rawValue)'", "compare it with = or !=; * stands for any characters", term.nameRange.lowerBound..<term.valueRange.upperBound)
        }
        return join(term, term.values.map { FilterCondition(sql: $0.contains("*") ? "\(column) GLOB ?" : "\(column) = ?", arguments: [Self.glob($0)]) })
    }

    /// By the path as it was given, or the file's name alone.
    private func script(_ term: Term) throws -> FilterCondition {
        _ = try text(term, "run.script")
        return join(term, term.values.map { FilterCondition(sql: "(run.script GLOB ? OR run.script GLOB ?)", arguments: [Self.literal($0), "*/" + Self.literal($0)]) })
    }

    /// Only * is a pattern.
    private static func literal(_ text: String) -> String { text.replacing("[", with: "[[]").replacing("?", with: "[?]") }
    private static func glob(_ text: String) -> String { text.contains("*") ? literal(text) : text }

    private func numbers(_ term: Term, _ column: String, _ wanted: String = "a number", _ read: (String) throws -> Double?) throws -> FilterCondition {
        let parts = try term.values.map { value -> FilterCondition in
            guard let number = try read(value), !number.isNaN else { throw problem("'\(value)' is not \(wanted): '\(term.name)' is compared with one", nil, term.valueRange) }
            return FilterCondition(sql: "\(column) \(term.comparison == .notEqual ? "=" : term.comparison.rawValue) ?", arguments: [number])
        }
        return join(term, parts)
    }

    private func parameter(_ term: Term, _ database: Database) throws -> FilterCondition {
        let name = FilterColumn.bare(term.name)
        guard let key = try Int.fetchOne(database, sql: "SELECT number FROM name WHERE name = ?", arguments: [name]) else {
            let known = try String.fetchAll(database, sql: "SELECT name FROM name") + FilterColumn.names + RunMetrics.names
            throw problem("no run has a parameter '\(name)', and there is no such column", Suggestion.nearest(to: name, among: known).map { "did you mean '\($0)'?" } ?? "columns are \((FilterColumn.names + RunMetrics.names).joined(separator: ", "))", term.nameRange)
        }
        var isOrdered = true
        let parts = try term.values.map { value -> FilterCondition in
            if let number = Double(value), !number.isNaN {
                if term.comparison == .equal || term.comparison == .notEqual { return FilterCondition(sql: "(value = ? OR text = ?)", arguments: [number, value]) }
                return FilterCondition(sql: "value \(term.comparison.rawValue) ?", arguments: [number])
            }
            isOrdered = term.comparison == .equal || term.comparison == .notEqual
            guard isOrdered else { throw problem("'\(value)' is not a number: '\(term.comparison.rawValue)' compares numbers", "compare texts with = or !=; * stands for any characters", term.valueRange) }
            return FilterCondition(sql: value.contains("*") ? "text GLOB ?" : "text = ?", arguments: [Self.glob(value)])
        }
        let any = parts.map(\.sql).joined(separator: " OR ")
        return FilterCondition(sql: "result.number \(term.comparison == .notEqual ? "NOT IN" : "IN") (SELECT result FROM parameter WHERE name = ? AND (\(any)))", arguments: [key] + parts.flatMap(\.arguments))
    }
}

/// By what rows are sorted: a column, metric or parameter; `-` before it for the largest first. Rows without it come last.
public struct RunOrder {
    private let name: String
    private let isDescending: Bool
    private let text: String

    public init(_ text: String) {
        self.text = text
        isDescending = text.hasPrefix("-")
        name = isDescending ? String(text.dropFirst()) : text
    }

    func condition(_ database: Database) throws -> FilterCondition {
        let direction = isDescending ? "DESC" : "ASC"
        if name == "started" || name == "since" { return FilterCondition(sql: "run.started \(direction)", arguments: []) }
        if !name.hasPrefix("param."), let key = FilterColumn.named(name)?.sortKey { return FilterCondition(sql: "\(key) \(direction) NULLS LAST", arguments: []) }
        guard let key = try Int.fetchOne(database, sql: "SELECT number FROM name WHERE name = ?", arguments: [FilterColumn.bare(name)]) else {
            let known = try String.fetchAll(database, sql: "SELECT name FROM name") + FilterColumn.names + RunMetrics.names
            throw FilterProblem("runs can't be sorted by '\(name)': no run has it", remedy: Suggestion.nearest(to: name, among: known).map { "did you mean '\($0)'?" }, in: text, at: 0..<text.count)
        }
        let value = { (column: String) in "(SELECT \(column) FROM parameter WHERE name = \(key) AND result = result.number)" }
        return FilterCondition(sql: "\(value("value")) \(direction) NULLS LAST, \(value("text")) \(direction) NULLS LAST", arguments: [])
    }
}
