import ArgumentParser
import Engine
import FilePaths
import Foundation
import Interpreter
import Workbench

/// Options of everything that makes a session.
struct SessionOptions: ParsableArguments {
    @Option(name: .long, help: "Start of all random streams.")
    var seed: Int = 0

    @Option(name: .long, help: "Where models live: cpu, cuda, cuda:1, or auto.")
    var device: String = "cpu"

    @Option(name: .long, help: "Threads for one tensor operation (default 1: more help large networks only).")
    var threads: Int?

    @Flag(name: .long, help: "Compute with libtorch's own operations only: slower, for comparing.")
    var plain = false

    @Flag(name: .long, help: "Record and replay passes of networks on the CPU as a GPU would: no faster, for looking into it.")
    var recordPasses = false

    func validate() throws {
        guard seed >= 0 else { throw ValidationError("--seed must be 0 or more, not \(seed)") }
        if plain && recordPasses { throw ValidationError("--plain and --record-passes exclude each other") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024, not \(threads)") }
    }

    func makeSession() -> (session: Session, workbench: Workbench) {
        let made = Workbench.makeSession(library: Stdlib.library())
        made.workbench.streams.reseed(UInt64(seed))
        (FusedPasses.areOff, FusedPasses.areRecorded) = (plain, recordPasses)
        let problem: String? = made.session.thread.sync {
            do {
                if let threads { try Threads.set(threads) }
                if device != "cpu" { try made.workbench.setDevice(device) }
                return nil
            } catch { return "\(error)" }
        }
        if let problem { leave(problem, status: ExitStatus.usage) }
        return made
    }
}

/// Where the standard library's files are.
enum Stdlib {
    static func library() -> Library {
        guard let folder = folder() else {
            leave("the standard library was not found", hint: "set BCL_STDLIB to the folder 'stdlib' of bclsh", status: ExitStatus.noInput)
        }
        return Library(folder: folder)
    }

    /// BCL_STDLIB; beside an installed binary (PREFIX/share/bclsh/stdlib); or in the source tree that the binary was built in.
    static func folder() -> String? {
        func isFolder(_ path: String) -> Bool {
            var result: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &result) && result.boolValue
        }
        if let named = ProcessInfo.processInfo.environment["BCL_STDLIB"], !named.isEmpty { return isFolder(named) ? named : nil }
        let binary = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = FilePath.folder(binary)
        let installed = FilePath.folder(folder) + "/share/bclsh/stdlib"
        if isFolder(installed) { return installed }
        while folder.count > 1 {
            if isFolder(folder + "/stdlib"), FileManager.default.fileExists(atPath: folder + "/Package.swift") { return folder + "/stdlib" }
            folder = FilePath.folder(folder)
        }
        return nil
    }
}
