import BCLScript
import Foundation
import Interpreter
import Runs

/// Looking back at recorded runs.
enum RunBuiltins {
    static let all = [
        Builtin("runs", [optional("filter", "\"\""), optional("sort", "none"), optional("limit", "none"), optional("store", "none")], returns: "list of runs", topic: "runs",
                doc: "The recorded runs that a filter lets through, the latest first, one entry for each learner: \"method=er,bcl_dual seed<3 state=done since=2d lr>=0.1\", as for 'bclsh runs'. sort: a column, metric or parameter, \"-acc\" for the largest first. Each has run, method, seed, params, acc and the other metrics, accuracy, losses; show makes a table of them.",
                example: "let found = runs(\"since=7d\", limit=10)\nfor r in found { print r.run, r.method, r.seed, r.acc }\nshow found") { arguments, _ in
            let filter = try arguments.string(0, default: "")
            let named = try optionalText(arguments, 3)
            let (order, limit) = (try optionalText(arguments, 1).map(RunOrder.init), try arguments.optionalInt(2, in: 1...Int.max))
            // Before the first run there is no store: nothing to see, and no mistake.
            guard let path = StorePlace.path(named), named != nil || FileManager.default.fileExists(atPath: path) || SharedFolder.hasRecords(path) else {
                do { _ = try RunFilter(filter) } catch let problem as FilterProblem { throw failure(problem, arguments) }
                return .host(RecordedRunsValue(nil, nil))
            }
            do {
                let store = try RunStore.forLooking(path)
                return .host(RecordedRunsValue(store, try RunList(store, try RunFilter(filter), order: order, limit: limit)))
            } catch let problem as FilterProblem { throw failure(problem, arguments) }
        },
    ]

    private static func optionalText(_ arguments: Arguments, _ index: Int) throws -> String? {
        if case .none = arguments[index] { return nil }
        return arguments.has(index) ? try arguments.string(index) : nil
    }

    private static func failure(_ problem: FilterProblem, _ arguments: Arguments) -> Failure {
        let place = String(Array(problem.text)[min(problem.range.lowerBound, problem.text.count)...].prefix(20))
        return arguments.bad(0, "is wrong at '\(place)': \(problem.message)", hint: problem.remedy)
    }
}

extension StoreProblem: ScriptFailureConvertible {
    public var failure: Failure { Failure(kind == .question ? .badValue : .fileError, message, hint: remedy) }
}
