import Engine
import Figures

/// A network's layers as a table.
enum NetworkFigures {
    static func network(_ network: Network) throws -> Figure {
        var layers: [(name: String, entries: [StateEntry])] = []
        for entry in network.entries where entry.storage != .counter {
            let name = entry.name.lastIndex(of: ".").map { String(entry.name[..<$0]) } ?? entry.name
            if layers.last?.name == name { layers[layers.count - 1].entries.append(entry) } else { layers.append((name, [entry])) }
        }
        let rows = try layers.map { layer -> [String] in
            let weights = layer.entries.filter { $0.storage == .weight }
            let count = weights.reduce(0) { $0 + $1.count }
            return [layer.name, kind(layer.entries), weights.map { "[\($0.shape.map(String.init).joined(separator: ", "))]" }.joined(separator: " "), Numbers.grouped(count),
                    Numbers.short(try norm(network.weights, weights)), Numbers.short(try norm(network.gradients, weights))]
        }
        let footer = ["all", "", "", Numbers.grouped(network.parameterCount), Numbers.short(try network.weights.norm().item()), Numbers.short(try network.gradients.norm().item())]
        let columns = [Table.Column("layer"), Table.Column("kind"), Table.Column("shapes")] + ["parameters", "norm", "gradient norm"].map { Table.Column($0, number: true) }
        return .table(Table(title: "\(network.description), \(network.dtype.rawValue) on \(network.device)", columns: columns, rows: rows, footer: footer))
    }

    private static func kind(_ entries: [StateEntry]) -> String {
        if entries.contains(where: { $0.storage == .statistic }) { return "batch norm" }
        switch entries[0].shape.count {
        case 4: return "conv \(entries[0].shape[2])x\(entries[0].shape[3])"
        case 2: return "linear"
        default: return ""
        }
    }

    /// Euclidean norm of some stretches of a flat vector.
    private static func norm(_ vector: Tensor, _ entries: [StateEntry]) throws -> Double {
        try withoutGradients {
            try entries.reduce(0.0) { sum, entry in
                let part = try vector.narrow(0, entry.offset, entry.count).norm().item()
                return sum + part * part
            }.squareRoot()
        }
    }
}
