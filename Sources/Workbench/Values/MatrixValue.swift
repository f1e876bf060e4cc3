import Continual
import Foundation
import Interpreter

/// The accuracy matrix of a learner, R[i][j].
final class MatrixValue: HostValue {
    let matrix: AccuracyMatrix
    init(_ matrix: AccuracyMatrix) { self.matrix = matrix }

    override var typeName: String { "accuracy matrix" }
    override func length() throws -> Int? { matrix.tasks }
    /// R[i][j] in rows; none where an entry is not known.
    var rows: Value { .items((0..<matrix.tasks).map { row in .items((0..<matrix.tasks).map { Self.value(matrix[row, $0]) }) }) }

    override func index(_ items: [IndexValue]) throws -> Value? {
        guard case .at(.int(let index))? = items.first, items.count <= 2 else { return nil }
        let row = try Indexing.position(index, count: matrix.tasks, of: "matrix")
        guard items.count == 2 else { return .items((0..<matrix.tasks).map { Self.value(matrix[row, $0]) }) }
        guard case .at(.int(let second)) = items[1] else { return nil }
        return Self.value(matrix[row, try Indexing.position(second, count: matrix.tasks, of: "matrix")])
    }

    override var members: MemberTable { Self.table }

    private static func metric(_ name: String, _ doc: String, _ get: @escaping (AccuracyMatrix) -> Double?) -> Member {
        .property(name, doc) { value, _ in
            guard case .host(let host) = value, let matrix = (host as? MatrixValue)?.matrix else { throw Failure(.wrongType, "this is \(value.phrase), not an accuracy matrix") }
            return Self.value(get(matrix))
        }
    }

    static let table = MemberTable([
        metric("acc", "Average accuracy: mean over the tasks learned of R[last][j]; none before an evaluation.") { $0.acc },
        metric("fm", "Forgetting: mean over earlier tasks of (best accuracy before) - (accuracy now).") { $0.fm },
        metric("la", "Learning accuracy: mean of R[j][j].") { $0.la },
        metric("bwt", "Backward transfer: mean over earlier tasks of R[last][j] - R[j][j].") { $0.bwt },
        metric("fwt", "Forward transfer: mean of R[j-1][j] - (accuracy of the untrained network on j); evaluate once before training.") { $0.fwt },
    ])

    static func value(_ number: Double?) -> Value { number.map { .float($0) } ?? .none }

    /// Rows: after training task i; columns: accuracy on task j in percent. A dash where it was not evaluated.
    override func describe(_ describer: inout Describer) {
        let width = 6
        func cell(_ text: String) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        var lines = ["accuracy (%)" + (0..<matrix.tasks).map { cell("\($0 + 1)") }.joined()]
        for (index, row) in matrix.rows.enumerated() where row != nil {
            let label = "after \(index + 1)"
            lines.append(label + String(repeating: " ", count: max(1, 12 - label.count)) + (0..<matrix.tasks).map { column in
                cell(matrix[index, column].map { String(format: "%.1f", $0 * 100) } ?? "-")
            }.joined())
        }
        if lines.count == 1 { lines.append("nothing was evaluated yet") }
        describer.write(lines.joined(separator: "\n"))
    }
}
