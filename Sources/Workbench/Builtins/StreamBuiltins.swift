import BCLScript
import Continual
import Engine
import Interpreter

/// Benchmarks: streams of tasks made from data sets, or from other benchmarks.
extension Workbench {
    var streamBuiltins: [Builtin] {
        let session = "the session's"
        return [
            Builtin("permuted", [required("data"), optional("tasks", "10"), optional("per_task", "none"), optional("use", "1.0"), optional("seed", session)], returns: "benchmark", topic: "benchmarks",
                    doc: "Tasks that shuffle the pixels, each in its own way, with per_task (or use: a share when at most 1, a count when above) training samples each and the whole test set. Made from a data set, or from a benchmark's tasks.",
                    example: "print permuted(digits(), tasks=5)") { arguments, _ in
                .host(BenchmarkValue(try Benchmark.permuted(try self.source(arguments, 0), tasks: try arguments.optionalInt(1), amount: try self.amount(arguments, perTask: 2, use: 3),
                    seed: try self.seed(arguments, 4), device: self.device)))
            },
            Builtin("rotated", [required("data"), optional("tasks", "10"), optional("min", "0"), optional("max", "180"), optional("angles", "\"drawn\""), optional("resample", "\"bilinear\""),
                                optional("per_task", "none"), optional("use", "1.0"), optional("seed", session)], returns: "benchmark", topic: "benchmarks",
                    doc: "Tasks that rotate the images, each by its own angle in degrees, counter-clockwise: task t of T by one drawn from the t-th of T equal parts of min to max (as in GEM's script), by \"even\" steps from min to max, or by a list of angles. Made from a data set, or from a benchmark's tasks.",
                    example: "print rotated(digits(), tasks=3)[2].name\nprint rotated(digits(), angles=[0, 45, 90])") { arguments, _ in
                let resampling = try self.word(arguments, 5, Rotation.Resampling.self, default: .bilinear)
                return .host(BenchmarkValue(try Benchmark.rotated(try self.source(arguments, 0), tasks: try arguments.optionalInt(1), angles: try self.angles(arguments, 2, 3, 4), resampling: resampling,
                    amount: try self.amount(arguments, perTask: 6, use: 7), seed: try self.seed(arguments, 8), device: self.device)))
            },
            Builtin("split", [required("data"), optional("tasks", "5"), optional("classes_per_task", "none"), optional("order", "drawn"), optional("heads", "\"task\""), optional("per_task", "none"),
                              optional("use", "1.0"), optional("seed", session)], returns: "benchmark", topic: "benchmarks",
                    doc: "Tasks of different classes, in an order drawn from the seed or listed (labels or names; classes left out of the list are left out), as one list or as a list for each task, of any lengths. With heads=\"task\" each task has outputs and labels of its own (task-incremental), with \"shared\" all classes compete (class-incremental).",
                    example: "print split(digits(), tasks=5)\nprint split(digits(), classes_per_task=2, order=[0, 1, 2, 3], heads=\"shared\")[1].classes\nprint split(digits(), order=[[0, 1, 2], [3, 4]])") { arguments, _ in
                let data = try arguments.host(0, DatasetValue.self, "a dataset, such as digits()").dataset
                let heads = try self.word(arguments, 4, HeadsWord.self, default: .task)
                let order = try self.classOrder(arguments, 3, data.classNames)
                return .host(BenchmarkValue(try Benchmark.split(data, tasks: try arguments.optionalInt(1), classesPerTask: try arguments.optionalInt(2), order: order,
                    heads: heads == .task ? .perTask : .shared, amount: try self.amount(arguments, perTask: 5, use: 6), seed: try self.seed(arguments, 7), device: self.device)))
            },
            Builtin("blurry", [required("bench"), optional("share", "0.1"), optional("seed", session)], returns: "benchmark", topic: "benchmarks",
                    doc: "A benchmark with blurry boundaries: a share of each task's training samples (round(share * n)) is replaced by samples of the tasks before and after it, half of each. Test sets stay as they are; all tasks share all outputs.",
                    example: "let bench = blurry(split(digits(), tasks=5), share=0.2)\nprint bench[1].train.counts") { arguments, _ in
                let share = try arguments.double(1, default: 0.1)
                return .host(BenchmarkValue(try Benchmark.blurry(try arguments.host(0, BenchmarkValue.self, "a benchmark").benchmark, share: share, seed: try self.seed(arguments, 2))))
            },
            Builtin("concat", [variadic("parts")], topic: "benchmarks",
                    doc: "Benchmarks one after the other, as one stream of tasks; or data sets as one, with the classes of the later ones behind those of the first, unless they have the same names.",
                    example: "print concat(permuted(digits(), tasks=2), rotated(digits(), tasks=3))\nprint concat(digits(), digits())") { arguments, _ in
                var parts = try arguments.list(0)
                if parts.count == 1, case .list(let list) = parts[0] { parts = list.items }
                let benches = parts.compactMap { value -> Benchmark? in if case .host(let host) = value { return (host as? BenchmarkValue)?.benchmark } else { return nil } }
                let sets = parts.compactMap { value -> Dataset? in if case .host(let host) = value { return (host as? DatasetValue)?.dataset } else { return nil } }
                guard !parts.isEmpty, benches.count == parts.count || sets.count == parts.count else {
                    throw Failure(.wrongType, "concat takes benchmarks, or datasets, one or more of one kind", hint: "concat(permuted(digits()), rotated(digits()))")
                }
                return .host(sets.isEmpty ? BenchmarkValue(try Benchmark.concat(benches)) : DatasetValue(try Dataset.concat(sets)))
            },
            Builtin("subset", [required("data"), optional("classes", "none"), optional("count", "1.0"), optional("test", "1.0"), optional("tasks", "none"), optional("seed", session)], topic: "benchmarks",
                    doc: "Part of a data set or a benchmark: some classes (labels or names), so many training samples (of each task; a share when at most 1, a count when above), so many test samples, some tasks (numbers). What is left out is drawn from the seed; a benchmark's images are not copied.",
                    example: "print subset(digits(), classes=[1, 7], count=100)\nprint subset(split(digits(), tasks=5), tasks=[0, 2], count=0.5)") { arguments, _ in
                let (train, test) = (try self.amount(arguments, 2), try self.amount(arguments, 3))
                let seed = try self.seed(arguments, 5)
                guard case .host(let host) = arguments[0] else { throw arguments.wrong(0, wanted: "a dataset or a benchmark") }
                if let data = (host as? DatasetValue)?.dataset {
                    guard try self.ints(arguments, 4) == nil else { throw arguments.bad(4, "is for benchmarks: a dataset has no tasks") }
                    return .host(DatasetValue(try data.subset(classes: try self.classes(arguments, 1, data.classNames), train: train, test: test, seed: seed)))
                }
                guard let bench = (host as? BenchmarkValue)?.benchmark else { throw arguments.wrong(0, wanted: "a dataset or a benchmark") }
                var names: [Int: String] = [:]
                for task in bench.tasks { for (label, name) in zip(task.classes, task.classNames) { names[label] = name } }
                let classNames = (0...(names.keys.max() ?? 0)).map { names[$0] ?? "" }
                return .host(BenchmarkValue(try bench.subset(tasks: try self.ints(arguments, 4), classes: try self.classes(arguments, 1, classNames), train: train, test: test, seed: seed)))
            },
        ]
    }

    enum HeadsWord: String, CaseIterable { case task, shared }

    // MARK: - Arguments

    func seed(_ arguments: Arguments, _ index: Int) throws -> UInt64 {
        if let seed = try arguments.optionalInt(index, in: 0...Int.max) { return UInt64(seed) }
        return streams.seed
    }

    private func source(_ arguments: Arguments, _ index: Int) throws -> StreamSource {
        if case .host(let host) = arguments[index] {
            if let data = host as? DatasetValue { return .data(data.dataset) }
            if let bench = host as? BenchmarkValue { return .benchmark(bench.benchmark) }
        }
        throw arguments.wrong(index, wanted: "a dataset, such as digits(), or a benchmark")
    }

    /// A share when at most 1, a count when above; all where it is left out.
    private func amount(_ arguments: Arguments, _ index: Int) throws -> Amount {
        if case .none = arguments[index] { return .all }
        let number = try arguments.double(index, default: 1)
        guard number > 0 else { throw arguments.bad(index, "must be above 0: a share when at most 1, a count when above") }
        return try Amount(use: number)
    }

    private func amount(_ arguments: Arguments, perTask: Int, use: Int) throws -> Amount {
        guard let count = try arguments.optionalInt(perTask) else { return try amount(arguments, use) }
        if arguments.has(use), case .none = arguments[use] {} else if arguments.has(use) {
            throw Failure(.badValue, "\(arguments.signature.name) takes per_task or use, not both", hint: "per_task is a count; use is a share when at most 1, a count when above")
        }
        guard count >= 1 else { throw arguments.bad(perTask, "must be at least 1, not \(count)") }
        return .count(count)
    }

    /// One of the words of an enumeration.
    func word<Word: RawRepresentable & CaseIterable>(_ arguments: Arguments, _ index: Int, _ type: Word.Type, default standard: Word) throws -> Word where Word.RawValue == String {
        guard arguments.has(index) else { return standard }
        let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        guard case .string(let text) = arguments[index] else { throw arguments.wrong(index, wanted: "one of \(words)") }
        guard let word = Word(rawValue: text.text) else { throw arguments.bad(index, "must be one of \(words), not \"\(text.text)\"") }
        return word
    }

    /// A list of ints; nil where it is left out.
    func ints(_ arguments: Arguments, _ index: Int) throws -> [Int]? {
        guard arguments.has(index) else { return nil }
        if case .none = arguments[index] { return nil }
        return try items(arguments, index, "a list of ints").map { item in
            guard case .int(let number) = item else { throw arguments.wrong(index, wanted: "a list of ints") }
            return number
        }
    }

    private func items(_ arguments: Arguments, _ index: Int, _ wanted: String) throws -> [Value] {
        guard let items = elements(arguments[index]) else { throw arguments.wrong(index, wanted: wanted) }
        return items
    }

    /// The elements of a list or a range; nil for any other value.
    private func elements(_ value: Value) -> [Value]? {
        switch value {
        case .list(let list): return list.items
        case .host(let range as RangeValue) where range.end - range.start <= Benchmark.mostTasks: return (range.start..<max(range.start, range.end)).map { .int($0) }
        default: return nil
        }
    }

    /// Labels of classes that are given by label or name; nil where they are left out.
    private func classes(_ arguments: Arguments, _ index: Int, _ names: [String]) throws -> [Int]? {
        guard arguments.has(index) else { return nil }
        if case .none = arguments[index] { return nil }
        return try items(arguments, index, "a list of classes").map { try label(of: $0, arguments, index, names) }
    }

    private func label(of item: Value, _ arguments: Arguments, _ index: Int, _ names: [String]) throws -> Int {
        switch item {
        case .int(let label): return label
        case .string(let name):
            if let label = names.firstIndex(of: name.text) { return label }
            let near = Suggestion.nearest(to: name.text, among: names)
            throw Failure(.badValue, "there is no class '\(name.text)'", hint: near.map { "did you mean '\($0)'?" } ?? "classes are given by label or by name")
        default: throw arguments.wrong(index, wanted: "a list of classes, by label or name")
        }
    }

    /// The order of a split: a list of classes, or one for each task.
    private func classOrder(_ arguments: Arguments, _ index: Int, _ names: [String]) throws -> Benchmark.ClassOrder {
        guard arguments.has(index), case .list(let list) = arguments[index], list.items.contains(where: { self.elements($0) != nil }) else {
            return try classes(arguments, index, names).map { .list($0) } ?? .drawn
        }
        return .tasks(try list.items.map { item in
            guard let inner = elements(item) else { throw arguments.bad(index, "mixes classes and lists of classes: it is one list, or a list of lists, one for each task") }
            return try inner.map { try label(of: $0, arguments, index, names) }
        })
    }

    private func angles(_ arguments: Arguments, _ minimum: Int, _ maximum: Int, _ index: Int) throws -> Benchmark.Angles {
        let (low, high) = (try arguments.double(minimum, default: 0), try arguments.double(maximum, default: 180))
        guard low.isFinite, high.isFinite, abs(low) <= 1e6, abs(high) <= 1e6 else { throw arguments.bad(low.isFinite ? maximum : minimum, "must be an angle in degrees") }
        guard low <= high else { throw arguments.bad(minimum, "is \(low), which is more than max, \(high)") }
        switch arguments[index] {
        case .unset, .none: return .drawn(min: low, max: high)
        case .string(let text):
            switch text.text {
            case "drawn": return .drawn(min: low, max: high)
            case "even": return .even(min: low, max: high)
            default: throw arguments.bad(index, "must be \"drawn\", \"even\" or a list of degrees, not \"\(text.text)\"")
            }
        case .list(let list):
            if arguments.has(minimum) || arguments.has(maximum) { throw arguments.bad(index, "is a list of degrees: min and max then mean nothing") }
            return .list(try list.items.map { item in
                switch item {
                case .int(let value) where abs(value) <= 1_000_000: return Double(value)
                case .float(let value) where value.isFinite && abs(value) <= 1e6: return value
                default: throw arguments.wrong(index, wanted: "a list of degrees")
                }
            })
        default: throw arguments.wrong(index, wanted: "\"drawn\", \"even\" or a list of degrees")
        }
    }
}
