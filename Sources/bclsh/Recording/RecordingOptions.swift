import ArgumentParser
import FilePaths
import Foundation
import Runs

/// Where a run is recorded.
struct RecordingOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The store that the run is recorded in (default: BCL_STORE, or ~/.local/share/bclsh/runs.db).", valueName: "file"))
    var store: String?

    @Flag(name: .long, help: "Don't record the run in the store.")
    var noStore = false

    @Option(name: .long, help: ArgumentHelp("Write the run's record there too, as a file that 'bclsh runs merge' takes into a store.", valueName: "file"))
    var record: String?

    @Option(name: .long, help: .hidden)
    var sweep: String?

    /// "ID:NUMBER"
    private var sweepPlace: (id: String, cell: Int)? {
        let parts = sweep?.split(separator: ":") ?? []
        return parts.count == 2 ? Int(parts[1]).map { (String(parts[0]), $0) } : nil
    }

    func validate() throws {
        if let sweep, sweepPlace == nil { throw ValidationError("--sweep takes ID:NUMBER, not '\(sweep)'") }
        if store != nil, noStore { throw ValidationError("give --store or --no-store, not both") }
    }

    func places(hasResultFile: Bool) -> RunRecorder.Places {
        if let record { WritablePath.check("--record", record) }
        return RunRecorder.Places(store: noStore ? nil : StorePlace.path(store), file: record, sweep: sweepPlace, hasResultFile: hasResultFile)
    }
}

/// A run of hours must not end with the news that its result can't be written.
enum WritablePath {
    static func check(_ option: String, _ path: String) {
        let directory = FilePath.directory(path)
        guard FileManager.default.isWritableFile(atPath: directory) else { leave("\(option) \(path): the folder '\(directory)' is not there or can't be written", status: ExitStatus.cantCreate) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { leave("\(option) \(path): this is a folder", status: ExitStatus.cantCreate) }
    }
}
