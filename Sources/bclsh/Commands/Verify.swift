import ArgumentParser
import BCLScript
import FilePaths
import Foundation
import Workbench

/// `bclsh verify TRACE...`: methods against recorded runs of the published code.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare methods with recorded runs of the published code.",
        discussion: "Prints for each trace the largest relative error of losses, weights, evaluation logits and memories, and ok (losses within 1e-4, the others within 1e-3) or differs; where losses differ, for how many minibatches they agree, and how the errors grow.")

    @ArgumentParser.Argument(help: "Traces (.safetensors).")
    var traces: [String]

    @Option(help: ArgumentHelp("The method in a file of your own, instead of the standard library's method that the trace names.", valueName: "FILE[:NAME]"))
    var method: String?

    @Flag(help: ArgumentHelp("Fused passes, as in 'run'. Without it networks are verified with libtorch's own operations: training amplifies rounding, and in the long run only the same operations repeat a recorded run."))
    var fused = false

    func run() throws {
        var status: Int32 = 0
        let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDERR_FILENO))
        let library = Stdlib.library()
        print("trace                          method          losses    weights     logits   memories")
        for path in traces {
            let name = FilePath.name(path).replacingOccurrences(of: ".safetensors", with: "")
            do {
                let result = try TraceVerifier(path: path, library: library, method: method.map(TraceVerifier.MethodChoice.init), usesFusedPasses: fused).run()
                print("\(pad(name, 30)) \(pad(result.method, 12)) \(number(result.losses)) \(number(result.weights)) \(result.logits.map(number) ?? "         -") \(result.memories.map(number) ?? "         -")  \(result.isOK ? "ok" : "differs")")
                if result.agreeing < result.lossErrors.count { explain(result) }
                if !result.isOK { status = max(status, ExitStatus.differs) }
            } catch let error as TraceVerifier.Unreadable {
                fflush(stdout)
                FileHandle.standardError.write(Data("bclsh: \(error.message)\n".utf8))
                status = ExitStatus.noInput
            } catch let error as TraceVerifier.Failed {
                print("\(pad(name, 30)) differs: \(error.message)")
                fflush(stdout)
                if !error.diagnostics.isEmpty { FileHandle.standardError.write(Data((error.diagnostics.map(renderer.render).joined(separator: "\n") + "\n").utf8)) }
                status = max(status, ExitStatus.differs)
            } catch {
                print("\(pad(name, 30)) differs: \(error)")
                status = max(status, ExitStatus.differs)
            }
            fflush(stdout)
        }
        quit(status)
    }

    /// Whether an error grows, as rounding does that training amplifies, or is large at once.
    private func explain(_ result: TraceVerifier.Result) {
        let first = max(0, result.agreeing - 4)
        let errors = result.lossErrors[first..<min(first + 8, result.lossErrors.count)].map { String(format: "%.0e", $0) }.joined(separator: " ")
        print("  the losses agree for \(result.agreeing) of \(result.lossErrors.count) minibatches; their errors from minibatch \(first + 1) on: \(errors)")
        if result.agreeing > 0 { print("  (rounding, in which processors differ, grows in training from 1e-7 on; a fault of the method is large when it first shows)") }
    }

    private func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    private func number(_ value: Double) -> String { String(format: "%10.1e", value) }
}
