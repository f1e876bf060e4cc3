import Continual
import Foundation
@testable import Runs
import XCTest

/// Small records of runs.
enum Samples {
    static func folder() throws -> String {
        let path = NSTemporaryDirectory() + "bclsh-runs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func store() throws -> RunStore { try RunStore(try folder() + "/runs.db", isForWriting: true) }

    static func matrix(_ rows: [[Double?]?]) -> AccuracyMatrix {
        var matrix = AccuracyMatrix(tasks: rows.count)
        for (index, row) in rows.enumerated() { if let row { matrix.set(index, row) } }
        return matrix
    }

    static func learner(_ method: String, seed: Int, acc: Double, parameters: [NamedValue] = [], losses: [Double] = [2, 1], name: String = "me") -> LearnerRecord {
        LearnerRecord(name: name, isNamed: true, method: method, seed: seed, parameters: [NamedValue("bench", .text("<permuted digits: 2 tasks>"))] + parameters,
                      accuracy: matrix([[0.5, 0.1], [acc, acc]]), accuracies: [:], lca: nil, minibatches: losses.count, losses: LossSeries(losses))
    }

    static func run(_ method: String? = "er", seed: Int = 1, acc: Double = 0.8, state: RunState = .done, parameters: [NamedValue] = [], started: Double = 1_000_000, script: String = "print 1\n", name: String = "examples/my.bcl") -> RunRecord {
        var record = RunRecord(script: SourceText(name: name, bytes: Array(script.utf8)), seed: seed, versions: RunVersions(bclsh: "0", torch: "2", cuda: nil),
                               machine: RunMachine(threads: 1, device: "cpu"), command: ["bclsh", "run", name], directory: "/somewhere", started: started)
        (record.state, record.parameters, record.seconds, record.exitStatus, record.ended) = (state, parameters, 2.5, state == .done ? 0 : nil, started + 2.5)
        record.learners = method.map { [learner($0, seed: seed, acc: acc)] } ?? []
        return record
    }
}
