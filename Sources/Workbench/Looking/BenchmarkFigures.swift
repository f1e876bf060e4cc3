import Continual
import Engine
import Figures

/// What there is to see of data sets, benchmarks and tasks.
enum BenchmarkFigures {
    /// Images that a figure shows at most.
    static let mostImages = 64

    /// Some samples with their labels, and how many there are of each class.
    /// - Parameter name: what a label is called.
    static func samples(_ samples: TaskSamples, title: String, shape: [Int], most: Int, name: (Int) -> String) throws -> Figure {
        let labels = try samples.labels().ints()
        let count = min(samples.count, most)
        guard count > 0 else { return .text("\(title): no samples") }
        let grid = try SampleImages(shape, size: shape.reduce(1, *)).grid(try samples.pixels(0, count), captions: labels.prefix(count).map(name), title: title, omitted: samples.count - count)
        return .stack([.images(grid), counts(labels, of: "samples of each class", name)])
    }

    static func counts(_ labels: [Int], of title: String, _ name: (Int) -> String) -> Figure {
        var counts: [Int: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        return .bars(BarChart(title: title, bars: counts.keys.sorted().map { (name($0), Double(counts[$0]!)) }))
    }

    static func dataset(_ data: Dataset) throws -> Figure {
        let title = "\(data.name): \(Numbers.grouped(data.train.count)) training and \(Numbers.grouped(data.test.count)) test images"
        let count = min(32, data.train.count)
        let labels = try data.train.labels.ints()
        let grid = try SampleImages(data.imageShape, size: data.imageSize)
            .grid(try data.train.images.narrow(0, 0, count), captions: labels.prefix(count).map(String.init), title: title, omitted: data.train.count - count)
        return .stack([.images(grid), counts(labels, of: "training samples of each class", String.init)])
    }

    /// A table of the tasks, and the first test sample of each.
    static func benchmark(_ bench: Benchmark) throws -> Figure {
        let most = 20
        let rows = bench.tasks.prefix(most).map { task in
            [String(task.number + 1), task.name, list(task.classes), Numbers.grouped(task.train.count), Numbers.grouped(task.test.count)]
        }
        let table = Table(
            title: "\(bench.name): \(bench.tasks.count) tasks, \(bench.inputSize) inputs, \(bench.outputs) outputs, \(bench.heads == .shared ? "one head" : "a head for each task")",
            columns: [Table.Column("task", number: true), Table.Column("name"), Table.Column("classes"), Table.Column("train", number: true), Table.Column("test", number: true)],
            rows: rows, notes: bench.tasks.count > most ? ["... and \(bench.tasks.count - most) more"] : [])
        let shown = bench.tasks.prefix(most).filter { $0.test.count > 0 }
        guard !shown.isEmpty else { return .table(table) }
        let images = try Tensor.cat(try shown.map { try $0.test.pixels(0, 1) })
        let captions = try shown.map { task in "\(task.number + 1): \(name(of: try task.test.minibatch(0, 1).y.itemInt(), in: task))" }
        let grid = try SampleImages(bench.imageShape, size: bench.inputSize).grid(images, captions: captions, title: "the first test sample of each task")
        return .stack([.table(table), .images(grid)])
    }

    static func task(_ task: Task, in bench: Benchmark) throws -> Figure {
        let title = "task \(task.number + 1) of \(bench.name) (\(task.name)), \(Numbers.grouped(task.train.count)) training and \(Numbers.grouped(task.test.count)) test samples"
        guard case .stack(var parts) = try samples(task.train, title: title, shape: bench.imageShape, most: 16, name: { name(of: $0, in: task) }) else { return .text(title) }
        parts.append(counts(try task.test.labels().ints(), of: "test samples of each class") { name(of: $0, in: task) })
        return .stack(parts)
    }

    /// What a label of a task's head is called.
    static func name(of label: Int, in task: Task) -> String { task.classes.indices.contains(label) ? String(task.classes[label]) : String(label) }

    private static func list(_ classes: [Int]) -> String {
        if classes.count > 2, let first = classes.first, classes == Array(first..<(first + classes.count)) { return "\(first)..\(first + classes.count - 1)" }
        let text = classes.prefix(10).map(String.init).joined(separator: " ")
        return classes.count > 10 ? text + " ..." : text
    }
}
