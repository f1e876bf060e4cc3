import BCLScript
import Continual
import Foundation
import Interpreter

extension Workbench {
    var steppingBuiltins: [Builtin] {
        let start = "let bench = permuted(digits(), tasks=2, per_task=30)\nlet me = bcl_dual(mlp(64, 10), bench, memory=10)\n"
        return [
            Builtin("step", [optional("learner", "the last one"), optional("until", "\"statement\""), optional("task", "the next one")], topic: "stepping",
                    doc: "Runs a learner's next statement, and stops before the one behind it; or up to the end of the phase, minibatch or task. Training goes on with the tasks of its benchmark.",
                    example: start + "step me\nstep phase\nstep batch",
                    verb: [VerbForm.Slot(nil, "learner", required: false), VerbForm.Slot(nil, "until", required: false, words: ["statement", "phase", "batch", "task"]),
                           VerbForm.Slot("on", "task", required: false)]) { arguments, evaluator in
                let learner = try self.learner(arguments)
                let extents: [String: LearnerStepping.Extent] = ["statement": .statement, "phase": .phase, "batch": .batch, "task": .task]
                let word = try arguments.string(1, default: "statement")
                guard let extent = extents[word] else { throw arguments.bad(1, "is \"statement\", \"phase\", \"batch\" or \"task\", not \"\(word)\"") }
                try self.step(learner, extent, arguments, evaluator)
                return .none
            },
            Builtin("run", [optional("learner", "the last one"), required("phase"), optional("task", "the next one")], topic: "stepping",
                    doc: "Runs a learner to where a phase of its method starts, at most to the end of the task.",
                    example: start + "run me to \"outer\"",
                    verb: [VerbForm.Slot(nil, "learner", required: false), VerbForm.Slot("to", "phase"), VerbForm.Slot("on", "task", required: false)]) { arguments, evaluator in
                let learner = try self.learner(arguments)
                let phase = try arguments.string(1)
                try self.check(phase, of: learner.method) { arguments.bad(1, $0) }
                try self.step(learner, .entry(phase), arguments, evaluator)
                if !learner.stepping.isStopped { evaluator.print("phase \"\(phase)\" was not reached before the end of the task") }
                return .none
            },
            Builtin("continue", [optional("learner", "the last one")], topic: "stepping",
                    doc: "Goes on to the next breakpoint; without one to the end of the task, or of what 'train' was asked for.",
                    example: start + "step me\ncontinue", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                let learner = try self.learner(arguments, hint: "outside of a loop 'continue' goes on with the training of a learner: begin with 'step L'")
                guard let cursor = learner.stepping.cursor, !cursor.isDone else {
                    throw Failure(.notReady, "there is nothing to go on with", hint: "start with 'step L' or 'train L on TASK'")
                }
                try self.goOn(learner, cursor.given != nil ? .batch : learner.stepping.isTraining ? .everything : .task, remembers: true, evaluator)
                try self.reportPlace(learner, evaluator)
                return .none
            },
            Builtin("back", [optional("learner", "the last one")], topic: "stepping",
                    doc: "Takes the last step back: weights, memories, variables and random streams are as before it, bit for bit.",
                    example: start + "step me batch\nback", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                let learner = try self.learner(arguments)
                try learner.stepping.back(evaluator, self)
                evaluator.print("back to:")
                try self.reportPlace(learner, evaluator, changes: false)
                return .none
            },
            Builtin("where", [optional("learner", "the last one")], topic: "stepping", doc: "Shows where a learner is stopped: the calls, innermost last, and the lines around the next statement.",
                    example: start + "step me\nwhere", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                self.showStack(try self.learner(arguments), evaluator)
                return .none
            },
            Builtin("locals", [optional("learner", "the last one")], topic: "stepping",
                    doc: "Shows the variables of the call that a learner is stopped in. They are names of the prompt, too, and can be set there.",
                    example: start + "step me\nlocals", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                let learner = try self.learner(arguments)
                guard let activation = learner.stepping.stepper?.activation else { throw self.notStopped(learner) }
                if activation.locals.isEmpty { evaluator.print("(no variables yet)") }
                let width = activation.locals.map(\.name.count).max() ?? 0
                for (name, value) in activation.locals {
                    evaluator.print("\(name.padding(toLength: width, withPad: " ", startingAt: 0)) = \(Self.short(value, 100))")
                }
                return .none
            },
            Builtin("up", [optional("learner", "the last one")], topic: "stepping", doc: "Looks at the call around the one that is shown.",
                    example: start + "step me\nup", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                try self.select(try self.learner(arguments), -1, evaluator)
                return .none
            },
            Builtin("down", [optional("learner", "the last one")], topic: "stepping", doc: "Looks at the call inside of the one that is shown.",
                    example: start + "step me\ndown", verb: [VerbForm.Slot(nil, "learner", required: false)]) { arguments, evaluator in
                try self.select(try self.learner(arguments), 1, evaluator)
                return .none
            },
            Builtin("breakpoint", [required("method"), required("place"), optional("condition", "none")], topic: "stepping",
                    doc: "Stops training where a phase of a method starts (a string) or before a line (an int), if a condition over the names there is true. As a sentence: break METHOD:\"phase\" if CONDITION.",
                    example: "break bcl_dual:\"outer\" if t > 2") { arguments, evaluator in
                guard case .host(let host) = arguments[0], let method = host as? MethodValue else { throw arguments.wrong(0, wanted: "a method, such as bcl_dual") }
                let place: Breakpoint.Place
                switch arguments[1] {
                case .string(let phase):
                    try self.check(phase.text, of: method) { arguments.bad(1, $0) }
                    place = .phase(phase.text)
                case .int(let line):
                    guard method.statementLines.contains(line) else {
                        let near = method.statementLines.min { abs($0 &- line) < abs($1 &- line) }
                        throw arguments.bad(1, "is no line on which a statement of \(method.name) starts: \(line)\(near.map { "; the nearest is \($0)" } ?? "")")
                    }
                    place = .line(line)
                default: throw arguments.wrong(1, wanted: "the name of a phase or the number of a line")
                }
                let condition = arguments.has(2) ? try arguments.string(2) : nil
                let number = (evaluator.breakpoints.last?.number ?? 0) + 1
                let breakpoint = Breakpoint(number: number, method: method.name, place: place, condition: condition)
                evaluator.breakpoints.append(breakpoint)
                evaluator.print("breakpoint \(number): \(breakpoint.description)")
                return .none
            },
            Builtin("breakpoints", [], topic: "stepping", doc: "Shows the breakpoints with their numbers.", example: "breakpoints", verb: []) { _, evaluator in
                if evaluator.breakpoints.isEmpty { evaluator.print("(no breakpoints)") }
                for breakpoint in evaluator.breakpoints { evaluator.print("\(breakpoint.number): \(breakpoint.description)") }
                return .none
            },
            Builtin("unbreak", [optional("number", "all")], topic: "stepping", doc: "Removes a breakpoint by its number, or all.", example: "break bcl_dual:\"outer\"\nunbreak 1",
                    verb: [VerbForm.Slot(nil, "number", required: false)]) { arguments, evaluator in
                guard let number = try arguments.optionalInt(0) else {
                    evaluator.breakpoints = []
                    return .none
                }
                guard evaluator.breakpoints.contains(where: { $0.number == number }) else { throw arguments.bad(0, "is no breakpoint: \(number)") }
                evaluator.breakpoints.removeAll { $0.number == number }
                return .none
            },
        ]
    }

    // MARK: - Steps

    private func learner(_ arguments: Arguments, hint: String = "name it: step L") throws -> Learner {
        if arguments.has(0) {
            let learner = try arguments.host(0, Learner.self, "a learner")
            stepped = learner
            return learner
        }
        guard let stepped else { throw Failure(.notReady, "no learner is being stepped", hint: hint) }
        return stepped
    }

    private func check(_ phase: String, of method: MethodValue, _ bad: (String) -> Failure) throws {
        let known = method.phaseNames
        guard !known.contains(phase) else { return }
        let near = Suggestion.nearest(to: phase, among: known)
        let list = known.isEmpty ? "\(method.name) has none" : "\(method.name) has \(known.map { "\"\($0)\"" }.joined(separator: ", "))"
        throw bad("is no phase: \"\(phase)\"; \(near.map { "did you mean \"\($0)\"?" } ?? list)")
    }

    private func step(_ learner: Learner, _ extent: LearnerStepping.Extent, _ arguments: Arguments, _ evaluator: Evaluator) throws {
        try learner.stepping.beginIfNeeded(arguments.has(2) ? try tasks(arguments, 2) : nil)
        try learner.stepping.go(extent, evaluator, self, remembers: true) { _ in }
        stepped = learner
        try reportPlace(learner, evaluator)
    }

    private func notStopped(_ learner: Learner) -> Failure {
        Failure(.notReady, "no update of the learner is stopped: \(place(learner))", hint: "'step L' goes to the next statement")
    }

    private func select(_ learner: Learner, _ direction: Int, _ evaluator: Evaluator) throws {
        guard let stepper = learner.stepping.stepper else { throw notStopped(learner) }
        let next = stepper.selected + direction
        guard stepper.activations.indices.contains(next) else {
            evaluator.print(direction < 0 ? "this is the outermost call" : "this is the innermost call")
            return
        }
        stepper.selected = next
        evaluator.didStop(stepper.activation)
        showStack(learner, evaluator)
    }

    // MARK: - What is said

    private func place(_ learner: Learner) -> String { learner.stepping.cursor?.description ?? TrainingCursor([]).description }

    func reportStop(_ learner: Learner, _ evaluator: Evaluator) throws {
        guard let stepper = learner.stepping.stepper, let activation = stepper.activation else { return }
        stepped = learner
        if let breakpoint = stepper.breakpoint { evaluator.print("breakpoint \(breakpoint.number): \(breakpoint.description)") }
        if let problem = stepper.conditionProblem { evaluator.print("its condition can't be told: \(problem.message)") }
        let phases = stepper.phases.map { "phase \"\($0)\", " }.joined()
        evaluator.print("\(learner.method.name): \(phases)\(activation.name), \(place(learner))")
        for line in Excerpt.lines(activation.location, around: 0) { evaluator.print(line) }
    }

    private func reportPlace(_ learner: Learner, _ evaluator: Evaluator, changes: Bool = true) throws {
        if changes { for line in try learner.stepping.changes(self).lines { evaluator.print("  " + line) } }
        if learner.stepping.isStopped { return try reportStop(learner, evaluator) }
        let loss = learner.losses.last.map { String(format: ", last loss %.4g", $0) } ?? ""
        evaluator.print("\(learner.method.name): \(learner.minibatches) \(learner.minibatches == 1 ? "minibatch" : "minibatches") done\(loss); next is \(place(learner))")
    }

    private func showStack(_ learner: Learner, _ evaluator: Evaluator) {
        guard let stepper = learner.stepping.stepper, !stepper.activations.isEmpty else {
            evaluator.print("between two updates; next is \(place(learner))")
            return
        }
        for (index, activation) in stepper.activations.enumerated() {
            let shown = index == stepper.selected
            evaluator.print("\(shown ? ">" : " ") \(activation.name) at \(activation.location.description)")
            if shown { for line in Excerpt.lines(activation.location, around: 3) { evaluator.print("    " + line) } }
        }
    }

    static func short(_ value: Value, _ most: Int) -> String {
        // Of a large tensor the first rows say less than its shape.
        if case .host(let host) = value, let tensor = (host as? TensorValue)?.tensor, tensor.count > 20 {
            return tensor.summary + ((try? TensorStatistics.text(tensor)).map { "  " + $0 } ?? "")
        }
        let text = Describer.string(value, quoted: true).split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " ")
        return text.count > most ? text.prefix(most) + "..." : text
    }
}
