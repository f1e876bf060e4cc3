import Foundation
import Interpreter

/// Ctrl-C: the first one asks the evaluator to stop at the next minibatch or statement, the second at once, the third ends the process.
enum Interrupts {
    nonisolated(unsafe) private static var level: UnsafeMutablePointer<Int32>?

    static func connect(_ token: InterruptToken) {
        level = token.address
        let handler: @convention(c) (Int32) -> Void = { _ in
            guard let level = Interrupts.level else { _exit(ExitStatus.interrupted) }
            if level.pointee & 3 >= 2 { _exit(ExitStatus.interrupted) }
            level.pointee += 1
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigaction(SIGINT, &action, nil)
    }

    /// Ctrl-C means nothing until `resume`.
    static func pause() -> sigaction {
        var (ignore, before) = (sigaction(), sigaction())
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGINT, &ignore, &before)
        return before
    }

    static func resume(_ before: sigaction) {
        var before = before
        sigaction(SIGINT, &before, nil)
    }
}
