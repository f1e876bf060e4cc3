import Foundation
import Interpreter

/// Signals. A handler may only write memory: the evaluator polls the word that Ctrl-C writes, and a thread that waits for a semaphore does what takes more.
enum Interrupts {
    /// What the handlers write.
    private struct State {
        var level: UnsafeMutablePointer<Int32>?
        /// How often Ctrl-C came while this cell runs.
        var presses: Int32 = 0
        var isRunning: Int32 = 0
        /// The process was stopped (Ctrl-Z) and goes on.
        var continued: Int32 = 0
        /// SIGTERM or SIGHUP (with checkpoints also SIGINT), once it came.
        var leaving: Int32 = 0
    }

    nonisolated(unsafe) private static let state: UnsafeMutablePointer<State> = {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State())
        return state
    }()
    nonisolated(unsafe) private static let woken: UnsafeMutablePointer<sem_t> = {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        return semaphore
    }()

    // MARK: - Batch

    /// Ctrl-C: the first one asks the evaluator to stop at the next minibatch or statement, the second at once, the third ends the process.
    static func connect(_ token: InterruptToken) {
        state.pointee.level = token.address
        handle(SIGINT) { _ in
            guard let level = Interrupts.state.pointee.level else { _exit(ExitStatus.interrupted) }
            if level.pointee & 3 >= 2 { _exit(ExitStatus.interrupted) }
            level.pointee += 1
        }
    }

    // MARK: - Checkpoints

    /// What a run with checkpoints leaves for: SIGINT or SIGTERM, once it came.
    static var leaving: Int32 { state.pointee.leaving }

    /// Seconds that a run has to come to where a checkpoint can be taken before SIGTERM ends it all the same. Slurm kills half a minute after it.
    private static let patience: UInt32 = 20

    /// Ctrl-C and SIGTERM: the run writes a checkpoint at the next place where one can be taken, and leaves. Pressed again, Ctrl-C is what it is without checkpoints;
    /// a second SIGTERM ends the process. SIGUSR1 asks for a checkpoint and nothing else.
    static func connectCheckpoints(_ token: InterruptToken) {
        state.pointee.level = token.address
        pauseByte.pointee = token.pauseByte
        handle(SIGINT) { _ in
            guard let level = Interrupts.state.pointee.level else { _exit(ExitStatus.interrupted) }
            if Interrupts.state.pointee.leaving == 0 {
                Interrupts.leave(SIGINT, "\nbclsh: leaving at the next checkpoint; Ctrl-C once more leaves without\n")
            } else {
                if level.pointee & 3 >= 2 { _exit(ExitStatus.interrupted) }
                level.pointee += 1
            }
        }
        handle(SIGTERM) { _ in
            if Interrupts.state.pointee.leaving == SIGTERM { _exit(128 + SIGTERM) }
            Interrupts.leave(SIGTERM, "bclsh: leaving at the next checkpoint\n")
            alarm(Interrupts.patience)
        }
        handle(SIGALRM) { _ in
            Interrupts.say("bclsh: no place for a checkpoint was reached; the last one stands\n")
            _exit(128 + SIGTERM)
        }
        handle(SIGUSR1) { _ in Interrupts.pauseByte.pointee?.pointee = 1 }
    }

    nonisolated(unsafe) private static let pauseByte: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?> = {
        let pause = UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>.allocate(capacity: 1)
        pause.initialize(to: nil)
        return pause
    }()

    /// In a signal handler.
    private static func leave(_ signal: Int32, _ message: StaticString) {
        state.pointee.leaving = signal
        pauseByte.pointee?.pointee = 1
        say(message)
    }

    private static func say(_ message: StaticString) { _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount) }

    // MARK: - Shell

    /// Ctrl-C: the first one stops at the next minibatch or statement, the second tells what is waited for, the third stops inside of a minibatch;
    /// none ends the shell. SIGTERM and SIGHUP end it, within two seconds.
    /// - Parameters:
    ///   - describe: what runs, in a few words; called on another thread.
    ///   - leave: puts the terminal back; called on another thread.
    static func connectShell(_ token: InterruptToken, describe: @escaping () -> String, leave: @escaping () -> Void) {
        let isFirst = state.pointee.level == nil
        state.pointee.level = token.address
        guard isFirst else { return }
        _ = woken
        handle(SIGINT) { _ in
            guard let level = Interrupts.state.pointee.level else { return }
            Interrupts.state.pointee.presses += 1
            if level.pointee & 3 == 0 { level.pointee += 1 }
            else if Interrupts.state.pointee.presses >= 3, level.pointee & 3 == 1 { level.pointee += 1 }
            sem_post(Interrupts.woken)
        }
        for signal in [SIGTERM, SIGHUP] {
            handle(signal) { number in
                Interrupts.state.pointee.leaving = number
                if let level = Interrupts.state.pointee.level { level.pointee |= 2 }
                sem_post(Interrupts.woken)
            }
        }
        // Its arrival ends the wait for a key; the new size is asked for then.
        handle(SIGWINCH) { _ in }
        handle(SIGCONT) { _ in Interrupts.state.pointee.continued = 1 }
        let watcher = Thread { watch(describe, leave) }
        watcher.name = "bclsh signals"
        watcher.start()
    }

    static func didStart() {
        state.pointee.presses = 0
        state.pointee.isRunning = 1
    }

    static func didEnd() {
        state.pointee.isRunning = 0
        state.pointee.presses = 0
    }

    /// Whether the process was stopped since this was asked last.
    static func takeContinued() -> Bool {
        defer { state.pointee.continued = 0 }
        return state.pointee.continued != 0
    }

    private static func handle(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        // Files that are being read or written go on; a wait for keys ends all the same.
        action.sa_flags = SA_RESTART
        sigaction(signal, &action, nil)
    }

    private static func watch(_ describe: () -> String, _ leave: () -> Void) -> Never {
        while true {
            while sem_wait(woken) != 0 {}
            if state.pointee.leaving != 0 {
                for _ in 0..<20 where state.pointee.isRunning != 0 { usleep(100_000) }
                leave()
                quit(128 + state.pointee.leaving)
            }
            guard state.pointee.isRunning != 0, state.pointee.presses == 2 else { continue }
            usleep(100_000)
            guard state.pointee.isRunning != 0, state.pointee.presses == 2 else { continue }
            let text = "\r\u{1B}[K" + "waiting for \(describe()) to come to the end of a statement or minibatch. Ctrl-C once more stops inside of a minibatch; Ctrl-\\ ends bclsh\n"
            FileHandle.standardError.write(Data(text.utf8))
        }
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
