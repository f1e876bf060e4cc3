import Continual
import Engine
import Figures

/// What there is to see of data sets, benchmarks and tasks.
enum BenchmarkFigures {
    /// Images that a figure shows at most.
    static let mostImages = 64
    private static let mostBars = 40

    /// Some samples with their labels, and how many there are of each class.
    /// - Parameter names: of the classes, by label.
    static func samples(_ samples: TaskSamples, title: String, shape: [Int], most: Int, names: [String]) throws -> Figure {
        let labels = try samples.labels().ints()
        let count = min(samples.count, most)
        guard count > 0 else { return .text("\(title): none") }
        let grid = try SampleImages(shape, size: shape.reduce(1, *))
            .grid(try samples.pixels(0, count), captions: labels.prefix(count).map { name(of: $0, names) }, title: title, omitted: samples.count - count)
        return .stack([.images(grid), counts(labels, of: "samples of each class", names)])
    }

    /// Bars; where there are many classes, those with the fewest and the most samples.
    static func counts(_ labels: [Int], of title: String, _ names: [String]) -> Figure {
        var counts: [Int: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        let bars = counts.keys.sorted().map { (label: name(of: $0, names), value: Double(counts[$0]!)) }
        guard bars.count > mostBars, let least = counts.values.min(), let most = counts.values.max() else { return .bars(BarChart(title: title, bars: bars)) }
        return .text("\(title): \(bars.count) classes with \(least == most ? "\(least)" : "\(least) to \(most)") each")
    }

    static func dataset(_ data: Dataset) throws -> Figure {
        let title = "\(data.name), \(Numbers.grouped(data.train.count)) training and \(Numbers.grouped(data.test.count)) test images"
        return try samples(TaskSamples(data.train), title: title, shape: data.imageShape, most: 32, names: data.classNames)
    }

    /// A table of the tasks, and the first test sample of each.
    static func benchmark(_ bench: Benchmark) throws -> Figure {
        let most = 20
        let rows = bench.tasks.prefix(most).map { task in
            [String(task.number + 1), task.name, list(task.classNames), Numbers.grouped(task.train.count), Numbers.grouped(task.test.count)]
        }
        let table = Table(
            title: "\(bench.name): \(bench.tasks.count) tasks, \(bench.inputSize) inputs, \(bench.outputs) outputs, \(bench.heads == .shared ? "one head" : "a head for each task")",
            columns: [Table.Column("task", number: true), Table.Column("name"), Table.Column("classes"), Table.Column("train", number: true), Table.Column("test", number: true)],
            rows: rows, notes: bench.tasks.count > most ? ["... and \(bench.tasks.count - most) more"] : [])
        let shown = bench.tasks.prefix(most).filter { $0.test.count > 0 }
        guard !shown.isEmpty else { return .table(table) }
        let images = try Tensor.cat(try shown.map { try $0.test.pixels(0, 1) })
        let captions = try shown.map { task in "\(task.number + 1): \(name(of: try task.test.minibatch(0, 1).y.itemInt(), names(of: task, in: bench)))" }
        let grid = try SampleImages(bench.imageShape, size: bench.inputSize).grid(images, captions: captions, title: "the first test sample of each task")
        return .stack([.table(table), .images(grid)])
    }

    static func task(_ task: Task, in bench: Benchmark) throws -> Figure {
        let title = "task \(task.number + 1) of \(bench.name) (\(task.name)), \(Numbers.grouped(task.train.count)) training and \(Numbers.grouped(task.test.count)) test samples"
        let names = names(of: task, in: bench)
        guard case .stack(var parts) = try samples(task.train, title: title, shape: bench.imageShape, most: 16, names: names) else { return .text(title) }
        parts.append(counts(try task.test.labels().ints(), of: "test samples of each class", names))
        return .stack(parts)
    }

    // MARK: - Names

    /// What the labels of a task are called.
    static func names(of task: Task, in bench: Benchmark) -> [String] { bench.heads == .perTask ? task.classNames : bench.outputNames }

    static func name(of label: Int, _ names: [String]) -> String { names.indices.contains(label) ? names[label] : String(label) }

    /// What a label of a task by its number is called; the label itself where there is no such task.
    static func name(of label: Int, task: Int, in bench: Benchmark?) -> String {
        guard let bench, bench.tasks.indices.contains(task) else { return String(label) }
        return name(of: label, names(of: bench.tasks[task], in: bench))
    }

    private static func list(_ classes: [String]) -> String {
        if classes.count > 2, let first = classes.first.flatMap({ Int($0) }), classes == (first..<(first + classes.count)).map(String.init) { return "\(first)..\(first + classes.count - 1)" }
        let text = classes.prefix(8).joined(separator: " ")
        return classes.count > 8 ? text + " ..." : text
    }
}
