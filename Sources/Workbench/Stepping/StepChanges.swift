import Continual
import Engine
import Foundation
import Interpreter

/// What a step has done, in the numbers that one looks for: how far the weights moved, the gradients, slots written and drawn.
struct StepChanges {
    let lines: [String]

    init(_ learner: Learner, since weights: Tensor?, variables: [(name: String, value: Value)], _ entries: [MemoryLog.Entry]) throws {
        var lines: [String] = []
        if let network = learner.network {
            let gradient = try network.gradients.norm().item()
            var numbers = ["gradient norm " + String(format: "%.4g", gradient)]
            if let weights {
                let moved = try withoutGradients { try network.weights.detach().sub(weights).norm().item() }
                numbers.append(moved == 0 ? "weights unmoved" : "weights moved by " + String(format: "%.4g", moved))
            }
            lines.append(numbers.joined(separator: ", "))
        }
        for (name, value) in variables.suffix(8) { lines.append("\(name) = \(Workbench.short(value, 90))") }
        lines += entries.count > 6 ? Self.summaries(entries, learner) : entries.map { Self.text($0, learner) }
        self.lines = lines
    }

    /// Of many writes and draws, those of each memory as one.
    private static func summaries(_ entries: [MemoryLog.Entry], _ learner: Learner) -> [String] {
        struct Sum {
            var times = 0, samples = 0
            var slots: [Int: Set<Int>] = [:]
        }
        var order: [String] = []
        var sums: [String: Sum] = [:]
        func add(_ memory: SampleMemoryValue, _ what: String, _ places: [(task: Int, slot: Int)], _ samples: Int) {
            let key = "\(name(memory, learner)): \(what)"
            if sums[key] == nil { order.append(key) }
            sums[key, default: Sum()].times += 1
            sums[key]?.samples += samples
            for place in places { sums[key]?.slots[place.task, default: []].insert(place.slot) }
        }
        for entry in entries {
            switch entry {
            case .wrote(let memory, let task, let slots): add(memory, "wrote", slots.map { (task, $0) }, slots.count)
            case .kept(let memory, let task, let slots, _): add(memory, "wrote", slots.map { (task, $0) }, slots.count)
            case .drew(let memory, let draw): add(memory, "drew", Array(zip(draw.tasks, draw.slots)).map { (task: $0, slot: $1) }, draw.count)
            case .setTargets(let memory, let task): add(memory, "stored soft targets of task \(task + 1)", [], 0)
            case .replacedTargets(let memory, let slots): add(memory, "stored targets", [], slots.count)
            }
        }
        return order.map { key in
            let sum = sums[key] ?? Sum()
            let samples = sum.samples > 0 ? " \(sum.samples) \(sum.samples == 1 ? "sample" : "samples")" : ""
            let tasks = sum.slots.keys.sorted().map { "task \($0 + 1): \(places((sum.slots[$0] ?? []).sorted()))" }
            return "\(key)\(samples)\(sum.times > 1 ? " in \(sum.times) \(key.hasSuffix("drew") ? "draws" : "writes")" : "")\(tasks.isEmpty ? "" : " - " + tasks.joined(separator: ", "))"
        }
    }

    private static func text(_ entry: MemoryLog.Entry, _ learner: Learner) -> String {
        switch entry {
        case .wrote(let memory, let task, let slots):
            return "\(name(memory, learner)): wrote \(places(slots)) of task \(task + 1)"
        case .kept(let memory, let task, let slots, let count):
            let offered = "\(count) \(count == 1 ? "sample" : "samples") of task \(task + 1)"
            return slots.isEmpty ? "\(name(memory, learner)): kept none of \(offered)" : "\(name(memory, learner)): wrote \(places(slots)), \(slots.count) of \(offered)"
        case .replacedTargets(let memory, let slots): return "\(name(memory, learner)): stored targets in \(places(slots.sorted()))"
        case .setTargets(let memory, let task): return "\(name(memory, learner)): stored soft targets of task \(task + 1)"
        case .drew(let memory, let draw):
            guard draw.count > 0 else { return "\(name(memory, learner)): drew nothing" }
            let tasks = Set(draw.tasks).sorted()
            let parts = tasks.map { task -> String in
                let slots = zip(draw.tasks, draw.slots).filter { $0.0 == task }.map(\.1).sorted()
                return "task \(task + 1): \(slots.count) (slots \(ranges(slots)))"
            }
            return "\(name(memory, learner)): drew \(draw.count) samples - \(parts.joined(separator: ", "))"
        }
    }

    private static func name(_ memory: SampleMemoryValue, _ learner: Learner) -> String {
        learner.stateNames.first { if case .host(let host)? = learner.state($0) { return host === memory } else { return false } } ?? "a memory"
    }

    /// "slots 0-8, 12"
    private static func places(_ slots: [Int]) -> String { "\(slots.count == 1 ? "slot" : "slots") \(ranges(slots))" }

    /// "0-8, 12"
    private static func ranges(_ numbers: [Int]) -> String {
        var parts: [String] = []
        var rest = numbers[...]
        while let first = rest.first {
            let run = rest.enumerated().prefix { $0.element == first + $0.offset }.count
            parts.append(run == 1 ? "\(first)" : "\(first)-\(first + run - 1)")
            rest = rest.dropFirst(run)
        }
        return parts.count > 12 ? parts.prefix(12).joined(separator: ", ") + ", ..." : parts.joined(separator: ", ")
    }
}
