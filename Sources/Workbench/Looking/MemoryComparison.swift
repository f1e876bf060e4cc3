import BCLScript
import Continual
import Engine
import Figures
import Interpreter

/// Two memories against each other: what they hold, and what the network of their learner makes of it.
struct MemoryComparison {
    private let memories: [ShownMemory]
    private let names: [String]

    init(_ a: ShownMemory, _ b: ShownMemory) {
        memories = [a, b]
        let own = [a.name ?? "a", b.name ?? "b"]
        names = own[0] == own[1] ? ["\(own[0]) (first)", "\(own[1]) (second)"] : own
    }

    func figure(_ evaluator: Evaluator) throws -> Figure {
        for (memory, name) in zip(memories, names) where memory.held.count == 0 { throw Failure(.notReady, "the memory '\(name)' is empty", hint: "train the learner first") }
        let learner = memories[0].learner ?? memories[1].learner
        let balance = try self.balance(learner)
        guard let classifier = learner?.classifier else {
            return .stack([balance, .text("Losses and gradients need the learner's network: reach the memories through their learner, L.replay.")])
        }
        return .stack([balance, try losses(classifier, evaluator)])
    }

    // MARK: - Classes

    private func balance(_ learner: Learner?) throws -> Figure {
        let bench = learner?.classifier?.benchmark
        var counts: [String: [Int]] = [:]
        var order: [String] = []
        for (index, memory) in memories.enumerated() {
            for part in memory.held.parts {
                for label in try part.y.ints() {
                    let name = BenchmarkFigures.name(of: label, task: part.task, in: bench)
                    if counts[name] == nil { order.append(name) }
                    counts[name, default: [0, 0]][index] += 1
                }
            }
        }
        order.sort { (Int($0) ?? Int.max, $0) < (Int($1) ?? Int.max, $1) }
        let sums = memories.map(\.held.count)
        let most = 40
        let rows = order.prefix(most).map { name -> [String] in
            let pair = counts[name] ?? [0, 0]
            return [name] + (0...1).flatMap { [Numbers.grouped(pair[$0]), Numbers.fixed(100 * Double(pair[$0]) / Double(sums[$0]), 1)] }
        }
        let columns = [Table.Column("class")] + names.flatMap { [Table.Column($0, number: true), Table.Column("%", number: true)] }
        return .table(Table(title: "samples of each class", columns: columns, rows: rows, footer: ["all"] + sums.flatMap { [Numbers.grouped($0), "100.0"] },
                            notes: order.count > most ? ["... and \(order.count - most) more classes"] : []))
    }

    // MARK: - Losses and gradients

    private struct Sum {
        var loss = 0.0
        var gradient: Tensor?
        var count = 0
    }

    private func losses(_ classifier: ClassifierValue, _ evaluator: Evaluator) throws -> Figure {
        let losses = try memories.map { try MemoryLoss($0.held, classifier) }
        var all = [Sum(), Sum()]
        let tasks = Set(losses.flatMap { $0.parts.map(\.task) }).sorted()
        let rows = try tasks.map { task -> [String] in
            let sides = try losses.indices.map { index -> Sum in
                guard let part = losses[index].parts.first(where: { $0.task == task }) else { return Sum() }
                try evaluator.checkInterrupt()
                let (loss, gradient) = try losses[index].gradient(part)
                // The gradient of the mean over all samples is the mean of those over the tasks, by their sizes.
                let weighted = try gradient.mul(.float(Double(part.count)))
                all[index].gradient = try all[index].gradient.map { try $0.add(weighted) } ?? weighted
                all[index].loss += loss * Double(part.count)
                all[index].count += part.count
                return Sum(loss: loss, gradient: gradient, count: part.count)
            }
            return try ["\(task + 1)"] + row(sides)
        }
        for index in all.indices { all[index].loss /= Double(max(1, all[index].count)) }
        let columns = [Table.Column("task")] + (names + names.map { "loss on \($0)" } + ["cosine of gradients"]).map { Table.Column($0, number: true) }
        return .table(Table(title: "mean cross-entropy, and the cosine between the gradients of its mean on the two memories", columns: columns, rows: rows, footer: ["all"] + (try row(all))))
    }

    private func row(_ sides: [Sum]) throws -> [String] {
        sides.map { Numbers.grouped($0.count) } + sides.map { $0.count > 0 ? Numbers.fixed($0.loss, 4) : "-" } + [try cosine(sides[0].gradient, sides[1].gradient).map { Numbers.fixed($0, 3) } ?? "-"]
    }

    private func cosine(_ a: Tensor?, _ b: Tensor?) throws -> Double? {
        guard let a, let b else { return nil }
        let (first, second) = (try a.to(.float64), try b.to(.float64))
        let norms = try first.norm().item() * second.norm().item()
        return norms > 0 ? try first.dot(second).item() / norms : nil
    }
}
