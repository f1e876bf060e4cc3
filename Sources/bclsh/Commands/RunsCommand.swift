import ArgumentParser
import Engine
import Figures
import Foundation
import Runs

/// `bclsh runs`: looking back at what was run.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List, show, compare, export, merge or delete recorded runs.",
        discussion: """
            Every 'bclsh run' is recorded. A FILTER is a number of conditions, all of which must hold: method=er,bcl_dual 'seed<3' state=done since=2d 'lr>=0.1' script=my.bcl, \
            with = != < <= > >= (quoted for the shell), or numbers of runs. Names are columns (\(RunFilter.columnNames.joined(separator: ", "))), \
            metrics as shares (\(RunMetrics.names.joined(separator: ", "))), or parameters of the script or the method. * stands for any characters.
            """,
        subcommands: [List.self, Show.self, Compare.self, Export.self, Merge.self, Delete.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each learner of the runs that a filter lets through, the latest first.")
        @ArgumentParser.Argument(help: "Conditions, or numbers of runs.") var filter: [String] = []
        @Option(parsing: .unconditional, help: ArgumentHelp("Sort by a column, metric or parameter; -NAME for the largest first.", valueName: "name")) var sort: String?
        @Option(help: ArgumentHelp("Parameters to show in columns of their own.", valueName: "a,b")) var columns: String?
        @Option(help: "At most so many lines (default: 40 on the table, all for programs).") var limit: Int?
        @Flag(help: "All of them.") var all = false
        @Flag(help: "For programs: JSON.") var json = false
        @Flag(help: "For programs: CSV.") var csv = false
        @OptionGroup var place: StoreOption

        func validate() throws {
            if json, csv { throw ValidationError("give --json or --csv, not both") }
            if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit)") }
        }

        func run() throws {
            let store = place.open()
            let most = all ? nil : limit ?? (json || csv ? nil : 40)
            let extra = columns?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
            let list = RunsCommand.orLeave { try RunList(store, try RunFilter(filter), order: sort.map(RunOrder.init), limit: most, extra: extra) }
            if json { print(list.json) } else if csv { print(list.csv, terminator: "") } else { RunsCommand.show(.table(list.table)) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All that is known of a run.")
        @ArgumentParser.Argument(help: "Its number, its id or the start of that, or last.") var runs: [String]
        @Flag(help: "Only what it printed.") var log = false
        @Flag(help: "Only its script.") var script = false
        @Flag(help: "For programs: JSON, with losses.") var json = false
        @OptionGroup var place: StoreOption

        func run() throws {
            let store = place.open()
            let records = RunsCommand.orLeave { try runs.map { word in let number = try store.number(of: word); return (number, try store.record(number)) } }
            if json { return print(RunJSON.text(records.count == 1 ? RunJSON.object(records[0].1, number: records[0].0) : records.map { RunJSON.object($0.1, number: $0.0) })) }
            for (number, record) in records {
                if log { print(record.log, terminator: "") } else if script { print(record.script.text, terminator: "") } else { RunsCommand.show(RunFigures.show(record, number: number)) }
            }
        }
    }

    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What differs between runs: scripts, parameters, versions, results.")
        @ArgumentParser.Argument(help: "Numbers of runs, or conditions.") var filter: [String]
        @OptionGroup var place: StoreOption

        func run() throws {
            let store = place.open()
            let runs = RunsCommand.orLeave { () -> [(row: RunRow, record: RunRecord)] in
                let filter = try RunFilter(filter)
                for word in filter.runs { _ = try store.number(of: word) }
                let found = try store.rows(filter, limit: 9)
                guard found.count <= 8 else { throw StoreProblem(.question, "the filter lets \(found.count) runs through: at most 8 can stand side by side", remedy: "narrow it, or see them together with 'bclsh report'") }
                guard found.count > 1 else { throw StoreProblem(.question, found.count == 0 ? "the filter lets no run through" : "there is nothing to compare run \(found.rows[0].number) with", remedy: "name two runs: bclsh runs compare 12 15") }
                return try found.rows.reversed().map { ($0, try store.record($0.number)) }
            }
            RunsCommand.show(RunFigures.compare(runs))
            if runs.count == 2, let difference = RunFigures.difference(runs[0].record.script, runs[1].record.script) { RunsCommand.show(difference) }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write runs whole: as JSON with matrices, losses and logs, as CSV, or for TensorBoard.")
        @ArgumentParser.Argument(help: "Conditions, or numbers of runs.") var filter: [String] = []
        @Flag(help: "JSON (this is what it writes without another word).") var json = false
        @Flag(help: "CSV, one line for each learner.") var csv = false
        @Option(help: ArgumentHelp("A folder of event files that TensorBoard reads: losses, and accuracies and metrics after each task.", valueName: "folder")) var tensorboard: String?
        @Option(name: .shortAndLong, help: ArgumentHelp("Where to (default: standard output).", valueName: "file")) var output: String?
        @OptionGroup var place: StoreOption

        func validate() throws {
            if [json, csv, tensorboard != nil].filter({ $0 }).count > 1 { throw ValidationError("give one of --json, --csv and --tensorboard") }
        }

        func run() throws {
            if let output { WritablePath.check("--output", output) }
            let store = place.open()
            if let tensorboard {
                let count = RunsCommand.orLeave { try TensorBoardExport(store).write(try RunFilter(filter), to: tensorboard) }
                return print("\(count) run\(count == 1 ? "" : "s") written to \(tensorboard): tensorboard --logdir \(tensorboard)")
            }
            let text = RunsCommand.orLeave { () -> String in
                let list = try RunList(store, try RunFilter(filter), withSettings: csv)
                if csv { return list.csv }
                var numbers: [Int] = []
                for row in list.rows where numbers.last != row.number { numbers.append(row.number) }
                return RunJSON.text(try numbers.map { RunJSON.object(try store.record($0), number: $0) }) + "\n"
            }
            guard let output else { return print(text, terminator: "") }
            do { try AtomicFile.write(text, to: output) } catch { leave("\(error)", status: ExitStatus.cantCreate) }
        }
    }

    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take runs from record files (run --record) or other stores; each run once, however often it is merged.")
        @ArgumentParser.Argument(help: "Record files, folders of them, or stores (.db).") var paths: [String]
        @OptionGroup var place: StoreOption

        func run() throws {
            var status: Int32 = 0
            let store = place.open(forWriting: true)
            let merger = RunMerger(store)
            for path in paths {
                do {
                    let result = try merger.merge(path) { problem in
                        FileHandle.standardError.write(Data("bclsh: \(problem.message)\n".utf8))
                        status = ExitStatus.noInput
                    }
                    print("\(path): \(result.new) new, \(result.known) known run\(result.new + result.known == 1 ? "" : "s")")
                } catch {
                    fflush(stdout)
                    FileHandle.standardError.write(Data("bclsh: \((error as? StoreProblem)?.message ?? "\(error)")\n".utf8))
                    status = ExitStatus.noInput
                }
            }
            quit(status)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget runs: records, logs and scripts. Files that the runs saved stay.")
        @ArgumentParser.Argument(help: "Conditions, or numbers of runs.") var filter: [String]
        @Flag(name: .shortAndLong, help: "Don't ask.") var yes = false
        @OptionGroup var place: StoreOption

        func run() throws {
            let store = place.open(forWriting: true)
            let rows = RunsCommand.orLeave { () -> [RunRow] in
                let filter = try RunFilter(filter)
                for word in filter.runs { _ = try store.number(of: word) }
                return try store.rows(filter).rows
            }
            let running = Set(rows.filter { $0.state == .running }.map(\.number))
            let numbers = Array(Set(rows.map(\.number)).subtracting(running)).sorted()
            for number in running.sorted() { FileHandle.standardError.write(Data("bclsh: run \(number) is running and is kept\n".utf8)) }
            guard !numbers.isEmpty else { return print("no runs to delete") }
            let what = numbers.count == 1 ? "run \(numbers[0])" : "\(numbers.count) runs, \(numbers[0]) to \(numbers[numbers.count - 1])"
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else { leave("\(what) would be deleted", hint: "--yes deletes without a question", status: ExitStatus.usage) }
                print("delete \(what)? [y/N] ", terminator: "")
                fflush(stdout)
                guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { return print("nothing is deleted") }
            }
            RunsCommand.orLeave { try store.delete(numbers) }
            print("deleted \(what)")
        }
    }

    // MARK: - Shared

    static func show(_ figure: Figure) {
        let sink = ConsoleSink(pages: true)
        sink.receive(.figure(figure))
        sink.finish()
    }

    /// Problems of stores and filters, told; the process ends.
    @discardableResult
    static func orLeave<T>(_ body: () throws -> T) -> T {
        do { return try body() } catch let problem as FilterProblem {
            leave("\(problem.message)\n\(problem.excerpt.joined(separator: "\n"))", hint: problem.remedy, status: ExitStatus.usage)
        } catch let problem as StoreProblem {
            leave(problem.message, hint: problem.remedy, status: problem.kind == .question ? ExitStatus.usage : problem.kind == .file || problem.kind == .busy ? ExitStatus.cantCreate : ExitStatus.noInput)
        } catch { leave("\(error)", status: ExitStatus.failed) }
    }
}

/// `--store` of commands that look back.
struct StoreOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The store (default: BCL_STORE, or ~/.local/share/bclsh/runs.db).", valueName: "file"))
    var store: String?

    func open(forWriting: Bool = false) -> RunStore {
        guard let path = StorePlace.path(store) else { leave("BCL_STORE is none: there is no run store", hint: "name one with --store", status: ExitStatus.usage) }
        return RunsCommand.orLeave { try RunStore.forLooking(path, isForWriting: forWriting) }
    }
}
