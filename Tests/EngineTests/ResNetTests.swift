import Engine
import XCTest

final class ResNetTests: XCTestCase {
    /// The recorded final weights give the recorded logits, in evaluation mode.
    func testRecordedWeightsGiveRecordedLogits() throws {
        let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("shared/golden")
        try XCTSkipUnless(FileManager.default.fileExists(atPath: golden.path), "the folder of golden traces is not here")
        for name in ["er_resnet", "bcl_dual_resnet"] {
            let trace = try Safetensors.read(golden.appendingPathComponent("\(name).safetensors").path)
            let net = try ResNet18(outputs: 15, random: nil)
            var state: [String: Tensor] = [:]
            for entry in trace.names where entry.hasPrefix("final.") { state[String(entry.dropFirst(6))] = trace[entry] }
            try net.load(state)
            let x = try XCTUnwrap(trace["stream.x"])
            let recorded = try XCTUnwrap(trace["eval.logits"])
            try withoutGradients {
                for task in 0..<3 {
                    // 40 samples a task; only the task's own five columns are logits, the others are masked.
                    let samples = try x.narrow(0, 40 * task, 20).to(.float32).div(255)
                    let ours = try net.forward(samples, training: false).narrow(1, 5 * task, 5)
                    XCTAssertLessThan(try ours.sub(try recorded.select(0, task).narrow(1, 5 * task, 5)).abs().max().item(), 1e-4, name)
                }
            }
        }
    }

    /// The first minibatch's loss, in training mode, before anything was learned.
    func testFirstRecordedLoss() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("shared/golden/er_resnet.safetensors").path
        try XCTSkipUnless(FileManager.default.fileExists(atPath: path), "the golden trace is not here")
        let trace = try Safetensors.read(path)
        let net = try ResNet18(outputs: 15, random: nil)
        var state: [String: Tensor] = [:]
        for entry in trace.names where entry.hasPrefix("init.") { state[String(entry.dropFirst(5))] = trace[entry] }
        try net.load(state)
        let logits = try net.forward(try XCTUnwrap(trace["stream.x"]).narrow(0, 0, 10).to(.float32).div(255), training: true)
        let loss = try Loss.crossEntropy(try logits.narrow(1, 0, 5), try XCTUnwrap(trace["stream.y"]).narrow(0, 0, 10))
        XCTAssertEqual(try loss.item(), try XCTUnwrap(trace["loss"]).doubles()[0], accuracy: 1e-5)
    }
}
