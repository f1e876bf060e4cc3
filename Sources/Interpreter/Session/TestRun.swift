import BCLScript
import Foundation

/// What became of one `test` block.
public struct TestResult {
    public enum Outcome {
        case passed
        case failed(Diagnostic)
        case interrupted
    }

    public let name: String
    public let location: Location
    public let outcome: Outcome
    public let seconds: Double
    /// What it printed.
    public let output: [String]
}

extension Session {
    /// Runs a file, then each of its `test` blocks whose name a filter accepts; a failed one does not keep the others from running.
    /// - Parameters:
    ///   - prepare: called before each test (to start random streams anew).
    ///   - report: called after each.
    /// - Returns: how the file itself ended.
    public func runTests(_ source: SourceFile, sink: OutputSink, matching accepts: @escaping (String) -> Bool, prepare: @escaping () -> Void,
                         report: @escaping (TestResult) -> Void) -> Outcome {
        thread.sync {
            var cases: [TestCase] = []
            self.evaluator.collectTest = { cases.append($0) }
            let outcome = self.run(source, sink, .file, false)
            self.evaluator.collectTest = nil
            guard case .finished = outcome else { return outcome }
            for test in cases where accepts(test.name) {
                prepare()
                let result = self.run(test)
                report(result)
                if case .interrupted = result.outcome { return .interrupted }
            }
            return outcome
        }
    }

    private func run(_ test: TestCase) -> TestResult {
        let output = CollectingSink()
        evaluator.sink = output
        let start = Date()
        let outcome: TestResult.Outcome
        do {
            try test.run()
            outcome = .passed
        } catch let error as ScriptError { outcome = .failed(error.report) }
        catch is Interrupted { outcome = .interrupted }
        catch { outcome = .failed(Diagnostic(.internalError, "\(error)", at: test.location)) }
        return TestResult(name: test.name, location: test.location, outcome: outcome, seconds: Date().timeIntervalSince(start), output: output.lines)
    }
}
