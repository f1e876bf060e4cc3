import Foundation

/// Long output a page at a time: PAGER, else less where there is one. An empty PAGER, or cat, means none.
enum Pager {
    /// - Returns: false where there is no pager, or it could not be started.
    static func show(_ lines: [String], before: () -> Void) -> Bool {
        guard isatty(STDIN_FILENO) == 1, Terminal.isTerminal(STDOUT_FILENO), let command = command() else { return false }
        before()
        fflush(nil)
        // As git does: colours pass, and what fits the screen after all ends at once.
        setenv("LESS", "FRX", 0)
        guard let pipe = popen(command, "w") else { return false }
        // Ctrl-C and an early 'q' are the pager's business.
        let (pipes, interrupts) = (signal(SIGPIPE, SIG_IGN), Interrupts.pause())
        _ = (lines.joined(separator: "\n") + "\n").withCString { fputs($0, pipe) }
        // 127: the shell found no such command.
        let isMissing = pclose(pipe) >> 8 & 255 == 127
        Interrupts.resume(interrupts)
        _ = signal(SIGPIPE, pipes)
        return !isMissing
    }

    private static func command() -> String? {
        if let named = ProcessInfo.processInfo.environment["PAGER"] { return named.isEmpty || named == "cat" ? nil : named }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.contains { access("\($0)/less", X_OK) == 0 } ? "less" : nil
    }
}
