import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

extension Workbench {
    var searchBuiltins: [Builtin] {
        [
            Builtin("search", [required("method"), required("bench"), required("over")], returns: "record", topic: "learning",
                    doc: "Chooses hyper-parameters as Chaudhry et al. (2019) do: trains the method once on all tasks of a benchmark (bench.validation) for each combination of the lists in 'over', from the same weights with the same draws. Beside the method's parameters 'over' may hold net (a network, which is copied, or a function that makes one), epochs, batch and metric (\"acc\", \"fm\", \"la\"). "
                        + "Gives a record: best (the parameters), table (list of rows), runs (every run's whole configuration and results). A combination that fails (run.error says why) or whose loss gets nan is never the best.",
                    example: "let bench = permuted(digits(), tasks=4, per_task=40)\nlet found = search(single, bench.validation, over={lr: [0.01, 0.1], net: mlp(64, 10)})\nprint found.best.lr",
                    verb: [VerbForm.Slot(nil, "method"), VerbForm.Slot("on", "bench"), VerbForm.Slot("over", "over", named: true)],
                    goOn: { state, plan, evaluator in
                        guard case .record(let record) = state, case .host(let method as MethodValue)? = record.entries["method"], case .host(let bench as BenchmarkValue)? = record.entries["bench"],
                              case .record(let over)? = record.entries["over"] else { throw plan.misfit }
                        let search = try HyperparameterSearch(method, bench, over, self, evaluator)
                        guard let place = HyperparameterSearch.Place(record) else { throw plan.misfit }
                        return try search.run(place, goesOn: true)
                    }) { arguments, evaluator in
                guard case .host(let host) = arguments[0], let method = host as? MethodValue else { throw arguments.wrong(0, wanted: "a method, such as er") }
                let bench = try arguments.host(1, BenchmarkValue.self, "a benchmark, such as bench.validation")
                guard case .record(let over) = arguments[2] else { throw arguments.wrong(2, wanted: "lists of values: lr=[0.01, 0.1], beta=[0.3]") }
                return try HyperparameterSearch(method, bench, over, self, evaluator).run()
            },
        ]
    }
}

/// One method with every combination of some parameters' values, on one benchmark.
struct HyperparameterSearch {
    private static let most = 10_000

    /// What one combination has come to.
    fileprivate struct Run {
        let values: [Value]
        let score: Double
        let record: RecordValue
    }

    private let method: MethodValue
    private let bench: BenchmarkValue
    private let grid: [(name: String, values: [Value])]
    private let epochs: Int
    private let batch: Int
    private let metric: String
    private let net: Value
    private let over: RecordValue
    private let workbench: Workbench
    private let evaluator: Evaluator

    init(_ method: MethodValue, _ bench: BenchmarkValue, _ over: RecordValue, _ workbench: Workbench, _ evaluator: Evaluator) throws {
        (self.method, self.bench, self.over, self.workbench, self.evaluator) = (method, bench, over, workbench, evaluator)
        guard method.signature.parameters.prefix(2).map(\.name) == ["net", "bench"] else {
            throw Failure(.badValue, "search can't make a learner of \(method.signature.description): its first parameters must be net and bench")
        }
        let tunable = method.parameterNames.filter { $0 != "net" && $0 != "bench" }
        var (grid, epochs, batch, metric, net): ([(String, [Value])], Int, Int, String, Value) = ([], 1, Benchmark.batchSize, "acc", .none)
        for (name, value) in over.entries {
            if !tunable.contains(name) {
                switch (name, value) {
                case ("net", _): net = value; continue
                case ("epochs", .int(let count)) where count >= 1 && count <= 1_000_000: epochs = count; continue
                case ("batch", .int(let count)) where count >= 1 && count <= 1_000_000: batch = count; continue
                case ("metric", .string(let text)) where ["acc", "fm", "la"].contains(text.text): metric = text.text; continue
                case ("epochs", _), ("batch", _): throw Failure(.badValue, "'\(name)' of search must be a positive int, not \(value.phrase)")
                case ("metric", _): throw Failure(.badValue, "'metric' of search must be \"acc\", \"fm\" or \"la\"")
                default:
                    throw Failure(.unknownKeyword, "\(method.name) has no parameter '\(name)' to search over",
                                  hint: Suggestion.nearest(to: name, among: tunable).map { "did you mean '\($0)'?" } ?? "its signature is \(method.signature.description)")
                }
            }
            var values = [value]
            if case .list(let list) = value { values = list.items }
            if case .host(let host) = value, let range = host as? RangeValue, range.end - range.start <= Self.most { values = (range.start..<range.end).map { .int($0) } }
            guard !values.isEmpty else { throw Failure(.badValue, "there are no values of '\(name)' to search over") }
            grid.append((name, values))
        }
        guard !grid.isEmpty else { throw Failure(.badValue, "search needs at least one parameter of \(method.name) with its values", hint: "search \(method.name) on bench.validation over lr=[0.01, 0.03, 0.1]") }
        var count = 1
        for (_, values) in grid {
            let (product, overflow) = count.multipliedReportingOverflow(by: values.count)
            guard !overflow, product <= Self.most else { throw Failure(.badValue, "these are more than \(Self.most) combinations") }
            count = product
        }
        (self.grid, self.epochs, self.batch, self.metric, self.net) = (grid.map { (name: $0.0, values: $0.1) }, epochs, batch, metric, net)
    }

    private var combinations: [[Value]] { grid.reduce([[]]) { rows, parameter in rows.flatMap { row in parameter.values.map { row + [$0] } } } }

    func run() throws -> Value {
        let start = workbench.streams.allStates
        let initial: NetworkValue
        do {
            initial = try makeNetwork()
            // Values that the method does not take come to light before hours of training.
            for values in combinations { _ = try makeLearner(try initial.copy(), values) }
        } catch {
            workbench.streams.states = start
            throw error
        }
        return try run(Place(start: start, initial: initial), goesOn: false)
    }

    /// - Parameter goesOn: whether the place is one where a checkpoint was taken.
    fileprivate func run(_ place: Place, goesOn: Bool) throws -> Value {
        var place = place
        do {
            try runAll(&place, goesOn)
        } catch {
            // What comes after the search draws as if it had not been.
            if !(error is Suspension) {
                workbench.streams.states = place.start
                note(place.runs)
            }
            throw evaluator.suspended(error, "search", place.value(method, bench, over))
        }
        workbench.streams.states = place.start
        note(place.runs)
        return result(of: place.runs)
    }

    private func note(_ runs: [Run]) { workbench.searches.append(summary(runs.map { plain($0.record) }, best: best(runs))) }

    private func runAll(_ place: inout Place, _ goesOn: Bool) throws {
        let seed = workbench.streams.seed
        var goesOn = goesOn
        let all = combinations
        let clock = ContinuousClock()
        while place.runs.count < all.count {
            let (number, values) = (place.runs.count, all[place.runs.count])
            let begin = clock.now
            func spent() -> Double {
                let time = (clock.now - begin).components
                return Double(time.seconds) + Double(time.attoseconds) * 1e-18
            }
            do {
                if place.learner == nil {
                    workbench.streams.states = place.start
                    place.learner = try makeLearner(try place.initial.copy(), values)
                    (place.task, place.seconds) = (0, 0)
                }
                guard let learner = place.learner else { return }
                learner.stepping.isOnItsOwn = false
                while place.task < bench.taskValues.count {
                    if !goesOn { try learner.stepping.begin(TrainingCursor([bench.taskValues[place.task]], epochs: epochs, size: batch)) }
                    goesOn = false
                    try workbench.goOn(learner, .everything, pauses: true, evaluator)
                    learner.record(try bench.benchmark.tasks.map { task in
                        try Evaluation.accuracy(on: task) {
                            try evaluator.checkInterrupt()
                            return try learner.predict($0, task.number, nil, evaluator)
                        }
                    }, bench.benchmark.ownClasses, isOwn: true)
                    place.task += 1
                }
            } catch {
                place.seconds += spent()
                if error is Suspension { throw error }
                // One combination that fails says nothing about the others, unless all do.
                let reason = error is Interrupted ? nil : (error as? ScriptError)?.diagnostic.message ?? (error as? Failure)?.message
                evaluator.print("\(number + 1)/\(all.count)  \(text(values))  \(error is Interrupted ? "interrupted" : reason.map { "failed: \($0)" } ?? "failed")")
                guard reason != nil, let learner = place.learner, number + 1 < all.count || place.runs.contains(where: { $0.score > -.infinity }) else { throw error }
                place.runs.append(Run(values: values, score: -.infinity, record: result(learner, values, place.initial, seed, place.seconds, error: reason)))
                place.learner = nil
                continue
            }
            guard let learner = place.learner else { return }
            let record = result(learner, values, place.initial, seed, place.seconds + spent())
            place.runs.append(Run(values: values, score: score(learner), record: record))
            place.learner = nil
            evaluator.print("\(number + 1)/\(all.count)  \(text(values))  \(line(learner))")
        }
    }

    private func result(of runs: [Run]) -> Value {
        let chosen = best(runs)
        evaluator.print("best: \(chosen.map { text(runs[$0].values) } ?? "-")")
        let table = runs.map { run in
            Value.record(RecordValue(zip(grid, run.values).map { ($0.name, $1) } + ["acc", "fm", "la"].map { ($0, run.record.entries[$0] ?? .none) }))
        }
        let found = summary(runs.map(\.record), best: chosen)
        return .record(RecordValue(found.entries.map { ($0.key, $0.value) } + [("table", .items(table))]))
    }

    /// fm is better when it is small; of equals the first counts; what is not a number, or has failed, is none.
    private func best(_ runs: [Run]) -> Int? {
        runs.indices.filter { runs[$0].score > -.infinity }.max { a, b in runs[a].score < runs[b].score || (runs[a].score == runs[b].score && a > b) }
    }

    private func summary(_ runs: [RecordValue], best: Int?) -> RecordValue {
        var chosen: Value = .none
        if let best, case .record(let parameters)? = runs[best].entries["params"] { chosen = .record(RecordValue(grid.map { ($0.name, parameters.entries[$0.name] ?? .none) })) }
        return RecordValue([
            ("method", .text(method.name)), ("bench", .text(bench.benchmark.name)), ("metric", .text(metric)), ("best", chosen), ("runs", .items(runs.map { .record($0) })),
        ])
    }

    /// With the accuracy matrix as lists.
    private func plain(_ run: RecordValue) -> RecordValue {
        RecordValue(run.entries.map { name, value in
            guard case .host(let host) = value, let matrix = host as? MatrixValue else { return (name, value) }
            return (name, matrix.rows)
        })
    }

    private func makeNetwork() throws -> NetworkValue {
        switch net {
        case .host(let host):
            if let network = host as? NetworkValue { return network }
            if let function = host as? Callable, case .host(let made) = try evaluator.call(function, [], []), let network = made as? NetworkValue { return network }
        case .none:
            let bench = bench.benchmark
            let random = workbench.streams.stream("init")
            if bench.imageShape.count == 3, bench.imageShape[0] == 3 {
                return named(NetworkValue(try ResNet18(outputs: bench.outputs, imageShape: bench.imageShape, random: random, device: workbench.device), workbench), "resnet18", [bench.outputs], image: bench.imageShape)
            }
            let widths = [bench.inputSize, 128, 128, 128, bench.outputs]
            return named(NetworkValue(try MLP(widths: widths, random: random, device: workbench.device), workbench), "mlp", widths)
        default: break
        }
        throw Failure(.wrongType, "'net' of search is a network, or a function that makes one", hint: "net=mlp(784, 100, 100, 10)")
    }

    /// With the call that makes it again.
    private func named(_ network: NetworkValue, _ name: String, _ numbers: [Int], image: [Int]? = nil) -> NetworkValue {
        var arguments = numbers.map { Recipe.Argument(name: "", value: .int($0)) }
        if let image { arguments.append(Recipe.Argument(name: "image", value: .list(image.map { .int($0) }))) }
        network.recipe = .call(name, arguments)
        return network
    }

    private func makeLearner(_ network: NetworkValue, _ values: [Value]) throws -> Learner {
        let named = zip(grid, values).map { ($0.name, $1) }
        guard case .host(let host) = try evaluator.call(method, [.host(network), .host(bench)], named), let learner = host as? Learner else {
            throw Failure(.notReady, "\(method.name) made no learner")
        }
        return learner
    }

    private func value(_ learner: Learner, _ name: String) -> Double? {
        switch name {
        case "fm": return learner.accuracy?.fm
        case "la": return learner.accuracy?.la
        default: return learner.accuracy?.acc
        }
    }

    private func score(_ learner: Learner) -> Double {
        let found = value(learner, metric) ?? -.infinity
        return found.isNaN || learner.firstLossNotFinite != nil ? -.infinity : metric == "fm" ? -found : found
    }

    private func text(_ values: [Value]) -> String { zip(grid, values).map { "\($0.name)=\(Describer.string($1))" }.joined(separator: " ") }

    private func line(_ learner: Learner) -> String {
        ["acc", "fm", "la"].map { name in "\(name) \(value(learner, name).map { String(format: "%.4f", $0) } ?? "-")" }.joined(separator: "  ")
    }

    /// All that is needed to make the run again, and what came of it.
    private func result(_ learner: Learner, _ values: [Value], _ initial: NetworkValue, _ seed: UInt64, _ seconds: Double, error: String? = nil) -> RecordValue {
        let parameters = learner.parameters.filter { $0.0 != "net" && $0.0 != "bench" }
        func metric(_ value: Double?) -> Value { error == nil ? MatrixValue.value(value) : .none }
        return RecordValue([
            ("method", .text(method.name)), ("params", .record(RecordValue(parameters))), ("net", .text(initial.network.description)),
            ("bench", .text(bench.recipe?.description ?? bench.benchmark.name)), ("epochs", .int(epochs)), ("batch", .int(batch)), ("seed", .int(Int(truncatingIfNeeded: seed))), ("device", .text(workbench.device.description)),
            ("acc", metric(learner.accuracy?.acc)), ("fm", metric(learner.accuracy?.fm)), ("la", metric(learner.accuracy?.la)),
            ("accuracy", .host(MatrixValue(learner.accuracy ?? AccuracyMatrix(tasks: bench.benchmark.tasks.count)))), ("seconds", .float(seconds)),
        ] + (error.map { [("error", .text($0))] } ?? []))
    }
}

extension HyperparameterSearch {
    /// How far a search is.
    fileprivate struct Place {
        /// The random streams that each combination starts with.
        let start: [String: (UInt64, UInt64, UInt64, UInt64)]
        let initial: NetworkValue
        var runs: [Run] = []
        /// That of the combination that is being trained.
        var learner: Learner?
        /// Its task.
        var task = 0
        /// Its time up to the last checkpoint.
        var seconds = 0.0

        init(start: [String: (UInt64, UInt64, UInt64, UInt64)], initial: NetworkValue) { (self.start, self.initial) = (start, initial) }

        func value(_ method: MethodValue, _ bench: BenchmarkValue, _ over: RecordValue) -> Value {
            func word(_ bits: UInt64) -> Value { .int(Int(bitPattern: UInt(bits))) }
            let streams = start.sorted { $0.key < $1.key }.map { ($0.key, Value.items([word($0.value.0), word($0.value.1), word($0.value.2), word($0.value.3)])) }
            return .record(RecordValue([
                ("method", .host(method)), ("bench", .host(bench)), ("over", .record(over)), ("streams", .record(RecordValue(streams))), ("initial", .host(initial)),
                ("runs", .items(runs.map { .items([.items($0.values), .float($0.score), .record($0.record)]) })), ("learner", learner.map { .host($0) } ?? .none), ("task", .int(task)), ("seconds", .float(seconds)),
            ]))
        }

        init?(_ record: RecordValue) {
            guard case .record(let streams)? = record.entries["streams"], case .host(let initial as NetworkValue)? = record.entries["initial"], case .list(let done)? = record.entries["runs"],
                  case .int(let task)? = record.entries["task"], case .float(let seconds)? = record.entries["seconds"], task >= 0 else { return nil }
            var start: [String: (UInt64, UInt64, UInt64, UInt64)] = [:]
            for (name, value) in streams.entries {
                guard case .list(let list) = value else { return nil }
                let words = list.items.compactMap { if case .int(let word) = $0 { return UInt64(UInt(bitPattern: word)) } else { return nil } }
                guard words.count == 4 else { return nil }
                start[name] = (words[0], words[1], words[2], words[3])
            }
            (self.start, self.initial, self.task, self.seconds) = (start, initial, task, seconds)
            for entry in done.items {
                guard case .list(let parts) = entry, parts.items.count == 3, case .list(let values) = parts.items[0], case .float(let score) = parts.items[1], case .record(let record) = parts.items[2] else { return nil }
                runs.append(Run(values: values.items, score: score, record: record))
            }
            if case .host(let learner as Learner)? = record.entries["learner"] { self.learner = learner }
        }
    }
}
