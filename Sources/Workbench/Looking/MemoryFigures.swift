import Continual
import Engine
import Figures

/// What memories hold.
enum MemoryFigures {
    private static let mostImages = 48

    /// Images with label, task and age, and a table of the tasks.
    /// - Parameters:
    ///   - name: what the memory is called, where that is known.
    ///   - label: what a label of a task is called.
    static func memory(_ memory: RingMemory, name: String?, shape: [Int]?, label: (Int, Int) -> String) throws -> Figure {
        let title = name ?? "memory"
        let tasks = (0..<memory.tasks).filter { memory.filled[$0] > 0 }
        guard !tasks.isEmpty else { return .text("\(title): empty, \(memory.slots) slots for each of \(memory.tasks) tasks") }
        let each = max(1, mostImages / tasks.count)
        var places: [(task: Int, slot: Int)] = []
        for task in tasks where places.count < mostImages {
            let slots = memory.slotsInUse(of: task)
            let count = min(each, slots.count)
            places += (0..<count).map { (task, slots[$0 * slots.count / count]) }
        }
        let flat = places.map { $0.task * memory.slots + $0.slot }
        let labels = try memory.y.ints()
        func age(_ place: Int) -> Int { memory.writes - memory.written[place] }
        let images = try memory.x.indexSelect(0, try Tensor.from(flat, device: memory.x.device))
        let captions = zip(places, flat).map { place, row in "\(label(labels[row], place.task)) t\(place.task + 1) a\(age(row))" }
        let grid = try SampleImages(shape, size: memory.sampleSize).grid(images, captions: captions, title: title, omitted: memory.count - flat.count,
                                                                        notes: ["below each: label, task t, age a in minibatches since it was stored"])
        let rows = tasks.map { task -> [String] in
            let rows = memory.slotsInUse(of: task).map { task * memory.slots + $0 }
            return ["\(task + 1)", "\(rows.count)", "\(memory.slots)", "\(rows.map(age).min()!)", "\(rows.map(age).max()!)", counts(rows.map { labels[$0] }) { label($0, task) }]
        }
        let columns = ["task", "held", "slots", "youngest", "oldest"].map { Table.Column($0, number: true) } + [Table.Column("labels")]
        return .stack([.images(grid), .table(Table(columns: columns, rows: rows))])
    }

    /// The same of a memory whose slots are not tied to tasks.
    static func pooled(_ memory: PooledMemory, title: String, shape: [Int]?) throws -> Figure {
        let slots = memory.filledSlots
        guard !slots.isEmpty else { return .text("\(title): empty, \(memory.capacity) slots") }
        let count = min(mostImages, slots.count)
        let shown = try memory.samples(in: (0..<count).map { slots[$0 * slots.count / count] })
        let captions = zip(try shown.y.ints(), shown.tasks).map { "\($0) t\($1 + 1)" }
        let grid = try SampleImages(shape, size: memory.sampleSize).grid(shown.x, captions: captions, title: title, omitted: slots.count - count, notes: ["below each: label, task t"])
        let rows = try Set(slots.map { memory.owners[$0] }).sorted().map { task -> [String] in
            let labels = try memory.samples(of: task).y.ints()
            return ["\(task + 1)", "\(labels.count)", counts(labels) { "\($0)" }]
        }
        let columns = ["task", "held"].map { Table.Column($0, number: true) } + [Table.Column("labels")]
        return .stack([.images(grid), .table(Table(columns: columns, rows: rows))])
    }

    /// "0:3 1:5", at most 12 of them.
    static func counts(_ labels: [Int], _ name: (Int) -> String) -> String {
        var counts: [Int: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        let text = counts.keys.sorted().prefix(12).map { "\(name($0)):\(counts[$0]!)" }.joined(separator: " ")
        return counts.count > 12 ? "\(text) ... (\(counts.count) classes)" : text
    }

    static func draw(_ draw: MemoryDraw, shape: [Int]?) throws -> Figure {
        guard draw.count > 0 else { return .text("an empty draw") }
        let count = min(draw.count, mostImages)
        let labels = try draw.y.ints()
        let captions = (0..<count).map { "\(labels[$0]) t\(draw.tasks[$0] + 1) s\(draw.slots[$0])" }
        return .images(try SampleImages(shape, size: draw.x.count / draw.count).grid(try draw.x.narrow(0, 0, count), captions: captions, title: "draw", omitted: draw.count - count,
                                                                                     notes: ["below each: label, task t, slot s"]))
    }
}
