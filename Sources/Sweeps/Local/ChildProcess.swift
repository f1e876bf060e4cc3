import Foundation

/// A process of its own group, so that Ctrl-C at the terminal reaches it through this program only, with its output in a file.
final class ChildProcess {
    let number: pid_t
    private(set) var status: Int32?

    /// - Parameter log: what it prints and complains goes there; a file that is there is replaced.
    init(_ arguments: [String], environment: [String: String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Signals that this program treats in its own way mean to the child what they mean to any.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var names: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + names { free(word) } }
        var child = pid_t()
        let problem = posix_spawn(&child, arguments[0], &actions, &attributes, &words, &names)
        guard problem == 0 else { throw SweepProblem("'\(arguments[0])' can't be started: \(String(cString: strerror(problem)))") }
        number = child
    }

    /// Its exit status, 128 and the signal's number where one ended it; nil while it runs.
    func poll() -> Int32? {
        if let status { return status }
        var word: Int32 = 0
        let result = waitpid(number, &word, WNOHANG)
        guard result == number || (result < 0 && errno == ECHILD) else { return nil }
        status = result < 0 ? 1 : word & 0x7F == 0 ? word >> 8 & 0xFF : 128 + word & 0x7F
        return status
    }

    func send(_ signal: Int32) { if status == nil { kill(-number, signal) } }
}
