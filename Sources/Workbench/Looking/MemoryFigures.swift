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
    static func memory(_ memory: HeldSamples, name: String?, shape: [Int]?, label: (Int, Int) -> String) throws -> Figure {
        let title = name ?? "memory"
        guard !memory.parts.isEmpty else { return .text("\(title): empty, \(memory.room)") }
        let each = max(1, mostImages / memory.parts.count)
        let hasAges = memory.parts.allSatisfy { $0.ages != nil }
        var (images, captions, rows) = ([Tensor](), [String](), [[String]]())
        for part in memory.parts {
            let labels = try part.y.ints()
            if captions.count < mostImages {
                let count = min(each, part.count)
                let places = (0..<count).map { $0 * part.count / count }
                images.append(try part.x.indexSelect(0, try Tensor.from(places, device: part.x.device)))
                captions += places.map { place in "\(label(labels[place], part.task)) t\(part.task + 1)" + (part.ages.map { " a\($0[place])" } ?? "") }
            }
            let ages = part.ages.map { ["\($0.min() ?? 0)", "\($0.max() ?? 0)"] } ?? []
            rows.append(["\(part.task + 1)", "\(part.count)"] + ages + [counts(labels) { label($0, part.task) }])
        }
        let pixels = try Tensor.cat(images)
        let grid = try SampleImages(shape, size: pixels.shape[1]).grid(
            pixels, captions: captions, title: title, omitted: memory.count - captions.count,
            notes: ["below each: label, task t" + (hasAges ? ", age a in minibatches since it was stored" : "")])
        let columns = (["task", "held"] + (hasAges ? ["youngest", "oldest"] : [])).map { Table.Column($0, number: true) } + [Table.Column("labels")]
        return .stack([.images(grid), .table(Table(title: "\(title): \(Numbers.grouped(memory.count)) samples; \(memory.room)", columns: columns, rows: rows))])
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
