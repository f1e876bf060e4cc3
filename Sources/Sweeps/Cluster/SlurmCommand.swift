import Foundation

/// Slurm's programs, and what they answer.
enum SlurmCommand {
    struct Answer {
        let status: Int32
        /// What it printed and complained.
        let text: String
        var lines: [Substring] { text.split(whereSeparator: \.isNewline) }
        /// The complaint in one line, without the program's name.
        func complaint(of program: String) -> String {
            let known = lines.filter { $0.hasPrefix("\(program): ") || $0.hasPrefix("slurm_") }
            let chosen = known.isEmpty ? lines.suffix(1) : known[...]
            let parts = chosen.map { $0.replacing("\(program): ", with: "").replacing("error: ", with: "") }
            return parts.isEmpty ? "exit status \(status)" : parts.joined(separator: "; ")
        }
    }

    /// - Returns: nil where there is no such program.
    static func find(_ program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// - Throws: where there is no such program.
    static func run(_ program: String, _ arguments: [String]) throws -> Answer {
        guard let path = find(program) else {
            throw SweepProblem("there is no '\(program)' here: this machine has no Slurm, or it is not on PATH", remedy: "log in to a machine of the cluster from which jobs are submitted; without --on slurm the sweep runs on this machine")
        }
        let output = "\(NSTemporaryDirectory())bclsh-\(program)-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(output) }
        let child = try ChildProcess([path] + arguments, environment: ProcessInfo.processInfo.environment, log: output)
        while true {
            if let status = child.poll() { return Answer(status: status, text: String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)) }
            usleep(5_000)
        }
    }
}
