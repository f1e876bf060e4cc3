import BCLScript
import Figures
import Interpreter

/// Verbs for looking: their values are figures, which a statement shows and `save` writes.
extension Workbench {
    var lookingBuiltins: [Builtin] {
        [
            Builtin("plot", [required("x"), optional("along", "none"), optional("smooth", "none"), optional("labels", "none"), optional("title", "none"),
                             optional("xlabel", "\"index\""), optional("ylabel", "none"), optional("names", "none")],
                    returns: "figure", topic: "output",
                    doc: "Lists, vectors and records of them as lines (smooth: the mean of so many points; above 200 points a hundredth of them by default), matrices as heat maps, "
                        + "a learner as its losses. names: what the values are called; a sentence passes them as they are written. plot L.weights along before, after: the loss on each of L's memories on the straight line from one snapshot to the other.",
                    example: "plot [1.0, 0.5, 0.3], [1.0, 0.8, 0.7] labels=[\"er\", \"single\"]",
                    verb: [VerbForm.Slot(nil, "x", collected: true, names: "names"), VerbForm.Slot("along", "along", required: false, collected: true)]) { arguments, evaluator in
                .host(FigureValue(try Plot(arguments, evaluator).figure()))
            },
            Builtin("compare", [required("a"), required("b")], returns: "figure", topic: "output",
                    doc: "Two memories of a learner side by side: samples of each class, mean loss of the learner's network on each, and the cosine between their gradients; for each task and in all.",
                    example: "let bench = permuted(digits(), tasks=2, per_task=50)\nlet me = bcl_dual(mlp(64, 10), bench, memory=20)\ntrain me on bench[0]\ncompare me.replay with me.evaluation",
                    verb: [VerbForm.Slot(nil, "a"), VerbForm.Slot("with", "b")]) { arguments, evaluator in
                let memories = try (0...1).map { index -> ShownMemory in
                    guard let memory = try self.memory(arguments[index]) else { throw arguments.wrong(index, wanted: "a memory, such as L.replay") }
                    return memory
                }
                return .host(FigureValue(try MemoryComparison(memories[0], memories[1]).figure(evaluator)))
            },
        ]
    }

    /// What is looked at as a memory; nil for other values. A list of records has no learner of its own: the learner that holds it is looked for.
    func memory(_ value: Value) throws -> ShownMemory? {
        guard case .list = value else { return try ShownMemory(value) }
        for name in (session?.ownNames.keys.sorted() ?? []) {
            guard case .host(let learner as Learner)? = session?.ownValue(of: name) else { continue }
            if let field = learner.stateNames.first(where: { learner.state($0)?.isSame(as: value) ?? false }) { return try ShownMemory(value, of: learner, as: field) }
        }
        return try ShownMemory(value)
    }
}
