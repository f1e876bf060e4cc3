import BCLScript
import Engine
import Foundation
import Interpreter
import Workbench

extension ShellCommand {
    /// Commands about the session: names, values, devices, memory.
    static let sessionCommands: [ShellCommand] = [
        ShellCommand("%time CODE", "Runs code, then tells how long it took.", .code) { shell, code in
            guard !code.isEmpty else { throw ShellComplaint("%time needs code", hint: "%time train me on bench[0]") }
            let clock = ContinuousClock()
            let start = clock.now
            shell.execute(code)
            shell.say("took \(duration(clock.now - start))")
        },
        ShellCommand("%who [TEXT]", "Lists the session's names with type and value; those that contain a text.") { shell, text in
            let rows = shell.session.thread.sync {
                shell.session.scope.variables.keys.sorted().filter { !ShellState.ownNames.contains($0) && (text.isEmpty || $0.contains(text)) }.compactMap { name -> (String, String, String)? in
                    shell.session.value(of: name).map { (name, $0.typeName, short($0)) }
                }
            }
            shell.say(rows.isEmpty ? "there are no names\(text.isEmpty ? " yet" : " with '\(text)'")" : table(rows.map { [$0.0, $0.1, $0.2] }))
        },
        ShellCommand("%reset", "Forgets all names and cells, after asking; random streams start anew.") { shell, _ in
            let unsaved = shell.unsaved
            let names = shell.session.scope.variables.keys.filter { !ShellState.ownNames.contains($0) }.count
            let loss = unsaved.isEmpty ? "" : " Not saved: \(unsaved.joined(separator: ", "))."
            guard names == 0 || shell.confirms("Forget \(names) name\(names == 1 ? "" : "s")?\(loss)") else { return shell.say("nothing was forgotten") }
            shell.reset()
        },
        ShellCommand("%device [NAME]", "Tells where new networks and memories live, or sets it: cpu, cuda, cuda:1, auto.", .words(["cpu", "cuda", "auto"])) { shell, name in
            if !name.isEmpty {
                let problem: String? = shell.session.thread.sync {
                    do {
                        try shell.workbench.setDevice(name)
                        return nil
                    } catch { return "\(error)" }
                }
                if let problem { throw ShellComplaint(problem) }
            }
            let gpu = Torch.cudaVersion.map { "CUDA \($0)" } ?? "no GPU support"
            shell.say("\(shell.workbench.device) (torch \(Torch.version), \(gpu), \(shell.session.thread.sync { Threads.count }) thread\(shell.session.thread.sync { Threads.count } == 1 ? "" : "s"))")
        },
        ShellCommand("%memory", "Lists the tensors that each name holds, their bytes and where they are.") { shell, _ in
            let rows = HeldTensors.rows(of: shell.session)
            var lines = rows.map { [$0.name, "\($0.tensors) tensor\($0.tensors == 1 ? "" : "s")", ByteCount.text($0.bytes), $0.devices.joined(separator: ", ")] }
            lines.append(["all names", "\(rows.reduce(0) { $0 + $1.tensors }) tensors", ByteCount.text(rows.reduce(0) { $0 + $1.bytes }), ""])
            shell.say(table(lines) + "\ntensor handles alive: \(Torch.liveHandles); memory of the process: \(residentBytes.map(ByteCount.text) ?? "unknown")")
        },
    ]

    private static func short(_ value: Value) -> String {
        var describer = Describer(quoted: true, mostItems: 8)
        describer.write(value)
        let line = describer.text.split(separator: "\n").first.map(String.init) ?? ""
        return line.count > 80 ? line.prefix(79) + "…" : line
    }

    private static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { $0.element + String(repeating: " ", count: max(0, widths[$0.offset] - displayWidth($0.element)) + 2) }.joined().trimmedEnd
        }.joined(separator: "\n")
    }

    private static func duration(_ duration: Duration) -> String {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        if seconds < 1e-3 { return String(format: "%.0f µs", seconds * 1e6) }
        if seconds < 1 { return String(format: "%.1f ms", seconds * 1e3) }
        if seconds < 60 { return String(format: "%.2f s", seconds) }
        return String(format: "%.0f min %.0f s", (seconds / 60).rounded(.down), seconds.truncatingRemainder(dividingBy: 60))
    }

    /// Pages of the process that are in memory.
    private static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }
}
