import ArgumentParser
import Downloads
import Figures
import Foundation
import Interpreter
import Workbench

/// `bclsh data install mnist`: as the verb `data` of the language.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Install, list or remove data sets.",
        discussion: """
            They live in BCL_DATA, or else in ~/.local/share/bclsh/data. A download that is cut off goes on where it was when it is started again. \
            Proxies are taken from https_proxy and http_proxy; BCL_DATA_URL names a mirror that has NAME/FILE. \
            Exit code 69 if the servers don't give a file, 73 if the disk doesn't take it.
            """,
        subcommands: [Install.self, List.self, Remove.self])

    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Download data sets, check and unpack them.")
        @ArgumentParser.Argument(help: "Names, as 'bclsh data list' shows them.")
        var names: [String]

        func run() throws {
            let (store, sink, interrupt) = (DataStore(), ConsoleSink(), InterruptToken())
            Interrupts.connect(interrupt)
            for entry in DataCommand.entries(names, store) {
                do {
                    let report = { (step: DataStore.Step) in sink.receive(.progress(Interpreter.Progress(label: step.label, done: step.done, total: step.total, unit: step.unit))) }
                    let isNew = try store.install(entry, report: report, isStopped: { interrupt.isRequested })
                    sink.receive(.text(DataFigures.installed(entry, store, isNew: isNew)))
                } catch let error as DownloadError {
                    sink.finish()
                    DataCommand.leave(error)
                }
            }
            sink.finish()
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is there, where, how large, and on what terms.")
        func run() throws {
            do { ConsoleSink().receive(.figure(try DataFigures.list(DataStore()))) } catch let error as DownloadError { DataCommand.leave(error) }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a data set's files.")
        @ArgumentParser.Argument(help: "Names, as 'bclsh data list' shows them.")
        var names: [String]

        func run() throws {
            let store = DataStore()
            for entry in DataCommand.entries(names, store) {
                do { print("removed \(entry.name): \(Numbers.bytes(try store.remove(entry))) are free again") } catch let error as DownloadError { DataCommand.leave(error) }
            }
        }
    }

    /// All names are looked at before anything is done.
    private static func entries(_ names: [String], _ store: DataStore) -> [DataSetEntry] {
        names.map { name in
            do { return try store.entry(name) } catch let error as DownloadError { leave(error) } catch { bclsh.leave("\(error)", status: ExitStatus.usage) }
        }
    }

    private static func leave(_ error: DownloadError) -> Never {
        let status: Int32
        switch error.kind {
        case .unknown: status = ExitStatus.usage
        case .network: status = ExitStatus.unavailable
        case .file: status = ExitStatus.cantCreate
        case .interrupted: bclsh.leave("interrupted; what has come so far is kept", status: ExitStatus.interrupted)
        }
        bclsh.leave(error.message, hint: error.remedy, status: status)
    }
}
