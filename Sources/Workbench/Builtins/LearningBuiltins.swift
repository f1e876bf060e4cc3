import BCLScript
import Continual
import Engine
import Foundation
import Interpreter

extension Workbench {
    var learningBuiltins: [Builtin] {
        [
            Builtin("train", [required("learner"), required("task"), optional("epochs", "1"), optional("batch", "10"), optional("curve", "0")], topic: "learning",
                    doc: "Trains a learner on a task (or a list of tasks, or a benchmark): its stream once, in minibatches of 10. Further epochs are shuffled. With curve=N the task is tested before and after each of its first N minibatches: L.curves and L.lca.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = single(mlp(64, 10), bench)\ntrain me on bench[0]",
                    verb: [VerbForm.Slot(nil, "learner"), VerbForm.Slot("on", "task")], goOn: { state, plan, evaluator in
                        guard case .host(let learner as Learner) = state else { throw plan.misfit }
                        return try self.train(learner, evaluator)
                    }) { arguments, evaluator in
                let learner = try arguments.host(0, Learner.self, "a learner")
                let epochs = try arguments.int(2, default: 1, in: 1...1_000_000)
                let size = try arguments.int(3, default: Benchmark.batchSize, in: 1...1_000_000)
                learner.curveLength = try arguments.int(4, default: 0, in: 0...1_000_000)
                try learner.stepping.begin(TrainingCursor(try self.tasks(arguments, 1), epochs: epochs, size: size))
                return try self.train(learner, evaluator)
            },
            Builtin("evaluate", [required("learner"), required("bench"), optional("adapt", "none"), optional("classes", "the benchmark's"), optional("statistics", "\"running\"")], topic: "learning",
                    doc: "Accuracy (0 to 1) on the test set of each task of a benchmark: a list, and the next row of the learner's accuracy matrix. On a single task: a number. Which classes compete: those of the sample's \"task\" (task-incremental), of \"all\" tasks (class-incremental), or of the tasks \"seen\" so far; without it the task's where tasks have heads of their own, and all otherwise. With adapt(steps=, lr=) each task is tested with a copy adapted to it, and L.accuracy stays as it is. So it does with statistics=\"test\": batch norms then take the statistics of a task's test samples (a thousand at a time) in place of the running ones, which lag behind weights that move fast.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = single(mlp(64, 10), bench)\nevaluate me on bench",
                    verb: [VerbForm.Slot(nil, "learner"), VerbForm.Slot("on", "bench"), VerbForm.Slot("with", "adapt", required: false)]) { arguments, evaluator in
                let bySamples = try self.word(arguments, 4, StatisticsWord.self, default: .running) == .test
                let withAdapt = Failure(.badValue, "statistics=\"test\" does not go with adapt: an adapted copy is tested by the running statistics", hint: "leave one of them out")
                if case .host(let host) = arguments[0], let adapted = host as? AdaptedValue {
                    if bySamples { throw withAdapt }
                    return try self.evaluate(adapted, arguments, evaluator)
                }
                let learner = try arguments.host(0, Learner.self, "a learner")
                if bySamples, arguments.has(2) { throw withAdapt }
                if bySamples, let network = learner.network, !network.hasBatchNorms { throw arguments.bad(4, "is for networks with batch norms, and \(network.description) has none") }
                self.testsBySampleStatistics = bySamples
                defer { self.testsBySampleStatistics = false }
                if arguments.has(2) { return try self.evaluate(learner, adapted: try arguments.host(2, AdaptationValue.self, "adapt(steps=, lr=)").adaptation, arguments, evaluator) }
                let classes = arguments.has(3) ? try self.word(arguments, 3, Evaluation.Classes.self, default: .all) : nil
                if case .host(let host) = arguments[1], let task = host as? TaskValue { return .float(try self.accuracy(learner, task.task, task.benchmark, classes, evaluator)) }
                let bench = try arguments.host(1, BenchmarkValue.self, "a benchmark or a task").benchmark
                return try self.evaluate(learner, bench, classes, evaluator)
            },
            Builtin("project", [required("gradient"), required("memories"), optional("margin", "0.5"), optional("diagonal", "0.001")], returns: "tensor", topic: "learning",
                    doc: "GEM's projection: the vector nearest to a gradient [P] with no negative inner product with any of a list of vectors [P] (Lopez-Paz and Ranzato 2017). 'margin' bounds the dual variables from below. 'diagonal' is added to that of the quadratic program, 0.001 in GEM's code: vectors not much longer than its square root are then only partly respected; with 0 none is violated.",
                    example: "print project(tensor([1.0, -1.0]), [tensor([0.0, 1.0])], margin=0)") { arguments, _ in
                let memories = try arguments.list(1).map { try TensorMembers.tensor($0) }
                return TensorValue.value(try GradientProjection.project(try TensorBuiltins.tensor(arguments, 0), against: memories, margin: try arguments.double(2, default: 0.5),
                                                                         diagonal: try arguments.double(3, default: GradientProjection.publishedDiagonal)))
            },
            Builtin("observe", [required("learner"), required("batch"), optional("task", "the batch's")], topic: "learning",
                    doc: "Gives a learner one minibatch: a list (x, y, t) with x [B, D], y int64 [B] and the task's number t. Where t is another task than before, 'on task_start' runs first; 'on task_end' does not run, as nobody knows which minibatch is a task's last: end_task is for that.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = single(mlp(64, 10), bench)\nlet (x, y) = bench[0].minibatch(0)\nobserve me on (x, y, 0)",
                    verb: [VerbForm.Slot(nil, "learner"), VerbForm.Slot("on", "batch")]) { arguments, evaluator in
                let learner = try arguments.host(0, Learner.self, "a learner")
                let parts = try arguments.list(1)
                guard parts.count >= 2 else { throw arguments.wrong(1, wanted: "a list (x, y, t)") }
                guard case .int(let task) = arguments.has(2) ? arguments[2] : parts.count > 2 ? parts[2] : .none else {
                    throw arguments.bad(1, "names no task: give (x, y, t) with the number of the task")
                }
                try learner.stepping.begin(.minibatch(Minibatch(x: try TensorMembers.tensor(parts[0]), y: try TensorMembers.tensor(parts[1])), task: task))
                try self.goOn(learner, .batch, evaluator)
                return learner.losses.last.map { .float($0) } ?? .none
            },
            Builtin("end_task", [required("learner")], topic: "learning",
                    doc: "Ends the task that a learner was trained on last: runs 'on task_end', where methods take stock of a task (ewc_online, si, mas, rwalk, lwf, icarl). 'train' does so behind each task; it is for loops of 'observe'.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = si(mlp(64, 10), bench)\nfor t in 0..2 {\n  for n in 0..5 {\n    let (x, y) = bench[t].minibatch(n * 10)\n    observe me on (x, y, t)\n  }\n  end_task(me)\n}") { arguments, evaluator in
                let learner = try arguments.host(0, Learner.self, "a learner")
                guard let task = learner.lastTask else { throw Failure(.notReady, "the learner was not trained yet: there is no task to end", hint: "give it minibatches with 'observe' first") }
                try learner.stepping.begin(.end(task: task))
                try self.goOn(learner, .batch, evaluator)
                return .none
            },
        ]
    }

    func tasks(_ arguments: Arguments, _ index: Int) throws -> [TaskValue] {
        switch arguments[index] {
        case .host(let host):
            if let task = host as? TaskValue { return [task] }
            if let bench = host as? BenchmarkValue { return bench.taskValues }
        case .list(let list):
            let tasks = list.items.compactMap { value -> TaskValue? in if case .host(let task) = value { return task as? TaskValue } else { return nil } }
            if tasks.count == list.items.count { return tasks }
        default: break
        }
        throw arguments.wrong(index, wanted: "a task, a list of tasks, or a benchmark")
    }

    private func observe(_ learner: Learner, _ batch: Minibatch, _ task: Int, _ evaluator: Evaluator) throws {
        // A single Ctrl-C waits for the end of the minibatch, so that no update is left half done.
        try evaluator.shielded {
            guard let profile else { return try learner.observe(batch, task: task, evaluator, self) }
            try profile.measure(learner.method.name) { try learner.observe(batch, task: task, evaluator, self) }
        }
        didObserve?()
    }

    /// To the end of what its stepping has begun, or from where a checkpoint was taken.
    private func train(_ learner: Learner, _ evaluator: Evaluator) throws -> Value {
        if let cursor = learner.stepping.cursor { learner.passes.add(epochs: cursor.epochs, batch: cursor.size) }
        do { try goOn(learner, .everything, pauses: true, evaluator) } catch { throw evaluator.suspended(error, "train", .host(learner)) }
        return .none
    }

    private func follow(_ learner: Learner, _ task: Task, _ evaluator: Evaluator) throws {
        learner.followCurve(task.number, try Evaluation.accuracy(on: task) { try learner.predict($0, task.number, nil, evaluator) })
    }

    /// A minibatch, or the end of a task.
    func run(_ unit: TrainingCursor.Unit, _ learner: Learner, _ evaluator: Evaluator) throws {
        switch unit {
        case .minibatch(let samples, let start, let length, let task):
            if learner.curveLength > 0, learner.curves[task.number] == nil { try follow(learner, task, evaluator) }
            try observe(learner, try samples.minibatch(start, length), task.number, evaluator)
            if let known = learner.curves[task.number], known.count <= learner.curveLength { try follow(learner, task, evaluator) }
        case .given(let batch, let task): try observe(learner, batch, task, evaluator)
        case .taskEnd(let task): try evaluator.shielded { try learner.finish(task: task, evaluator, self) }
        }
    }

    /// Trains as far as asked, with progress; tells of the breakpoints that it meets.
    /// - Throws: `Halted` where it stops at one and somebody is there to go on.
    func goOn(_ learner: Learner, _ extent: LearnerStepping.Extent, remembers: Bool = false, pauses: Bool = false, _ evaluator: Evaluator) throws {
        var shown = Date.distantPast
        var looked = learner.lossCount
        func show(_ cursor: TrainingCursor) {
            let now = Date()
            guard let task = cursor.task, now.timeIntervalSince(shown) > 0.1 || cursor.done == cursor.total else { return }
            shown = now
            let detail = learner.losses.last.map { $0.isNaN ? "loss nan" : String(format: "loss %.3f", $0) } ?? ""
            if let place = learner.firstLossNotFinite, place >= looked {
                evaluator.emit(.warning(Diagnostic(.lossNotFinite, "the loss of \(learner.method.name)'s minibatch \(place + 1) is \(learner.losses[place].isNaN ? "nan" : "\(learner.losses[place])")", at: nil,
                                                   hint: "a smaller lr, or net.clip(1) before net.step; from weights that are nan nothing is learned any more", severity: .warning)))
            }
            looked = learner.lossCount
            let label = "task \(task.task.number + 1)/\(task.benchmark.tasks.count)"
            evaluator.emit(.progress(Progress(label: label, done: cursor.done, total: cursor.total, unit: "minibatches", detail: detail)))
        }
        try learner.stepping.go(extent, evaluator, self, remembers: remembers, pauses: pauses, progress: show)
        while learner.stepping.isStopped {
            if remembers { for line in try learner.stepping.changes(self).lines { evaluator.print("  " + line) } }
            try reportStop(learner, evaluator)
            if evaluator.isInteractive { throw Halted() }
            try learner.stepping.go(extent, evaluator, self, remembers: false, pauses: pauses, progress: show)
        }
    }

    private func accuracy(_ learner: Learner, _ task: Task, _ bench: Benchmark, _ classes: Evaluation.Classes?, _ evaluator: Evaluator) throws -> Double {
        // On another benchmark than the learner's its own heads may lie elsewhere.
        let isForeign = learner.classifier.map { $0.benchmark !== bench && ($0.benchmark.heads == .perTask || bench.heads == .perTask) } ?? false
        let needsContest = classes.map { $0 != bench.ownClasses } ?? false || (isForeign && !learner.handles("predict"))
        let contest = needsContest ? Evaluation.contest(classes ?? bench.ownClasses, bench, task, last: learner.lastTask) : nil
        if let network = learner.classifier?.network.network, network.outputs < bench.outputs {
            throw Failure(.badValue, "the network has \(network.outputs) outputs, but \(bench.name) needs \(bench.outputs)")
        }
        return try Evaluation.accuracy(on: task, contest) {
            try evaluator.checkInterrupt()
            return try learner.predict($0, task.number, contest, evaluator)
        }
    }

    private func evaluate(_ learner: Learner, _ bench: Benchmark, _ classes: Evaluation.Classes?, _ evaluator: Evaluator) throws -> Value {
        var accuracies: [Double?] = []
        for task in bench.tasks { accuracies.append(try accuracy(learner, task, bench, classes, evaluator)) }
        let way = classes ?? bench.ownClasses
        if !testsBySampleStatistics { learner.record(accuracies, way, isOwn: way == bench.ownClasses) }
        let among = way == bench.ownClasses ? "" : way == .task ? " among each task's classes" : " among \(way.rawValue) classes"
        evaluator.print(summary(of: accuracies, learner, among + (testsBySampleStatistics ? ", by the test samples' statistics" : "")))
        return .items(accuracies.map { MatrixValue.value($0) })
    }

    /// Which statistics batch norms take.
    enum StatisticsWord: String, CaseIterable { case running, test }

    /// "after task 2: accuracy 89.7% over 2 tasks learned  [ 87.6  91.8]"
    func summary(of accuracies: [Double?], _ learner: Learner, _ remark: String?) -> String {
        let known = learner.lastTask.map { Array(accuracies.prefix($0 + 1)) } ?? accuracies
        let mean = known.compactMap { $0 }.reduce(0, +) / Double(max(1, known.count))
        let when = learner.lastTask.map { "after task \($0 + 1)" } ?? "untrained"
        let shown = known.suffix(10).map { String(format: "%5.1f", ($0 ?? 0) * 100) }.joined(separator: " ")
        let tasks = learner.lastTask == nil ? "\(known.count) tasks" : known.count == 1 ? "1 task learned" : "\(known.count) tasks learned"
        return String(format: "%@: accuracy %.1f%% over %@%@  [%@%@]", when, mean * 100, tasks, remark ?? "", known.count > 10 ? "... " : "", shown)
    }
}
