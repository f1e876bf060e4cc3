import ArgumentParser
import BCLScript
import FilePaths
import Foundation
import Interpreter
import Workbench

/// `bclsh run FILE`: runs a script from the first line to the last.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a script, a line of code (-e), or standard input.",
        discussion: """
            With --checkpoint the run can go on after whatever ends it: 'bclsh resume', with the folder that it names at its start, takes it up from its last \
            checkpoint, to the same bits. Ctrl-C and SIGTERM then write one before it leaves (exit codes 130 and 143), SIGUSR1 writes one and goes on. \
            'docs/checkpoints.md' tells the rest.
            """)

    @ArgumentParser.Argument(help: "A .bcl file; - or nothing for standard input.")
    var file: String?

    @Option(name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("Code to run instead of a file.", valueName: "code"))
    var execute: String?

    @Option(name: .customLong("set"), parsing: .unconditionalSingleValue, help: ArgumentHelp("A value for a 'param' of the script.", valueName: "name=value"))
    var settings: [String] = []

    @Option(name: .long, help: ArgumentHelp("Write configuration, versions, accuracy matrix and metrics there as JSON.", valueName: "file"))
    var json: String?

    @Flag(name: .long, help: "Tell at the end how long a minibatch took, and how much of that was tensor operations.")
    var profile = false

    @OptionGroup var checkpoints: CheckpointOptions

    @OptionGroup var options: SessionOptions

    func validate() throws {
        if file != nil, execute != nil { throw ValidationError("give a file or -e CODE, not both") }
        for setting in settings where !setting.contains("=") || setting.hasPrefix("=") { throw ValidationError("--set takes name=value, not '\(setting)'") }
    }

    func run() throws { try execute(from: startingPoint()) }

    /// - Parameter point: the checkpoint that it goes on from; nil from the first line.
    func execute(from point: ResumePoint?) throws {
        let source = point?.source ?? readSource()
        let (session, workbench) = options.makeSession()
        let renderer = DiagnosticRenderer(colour: Terminal.showsColour(STDERR_FILENO))
        applySettings(session, source)
        if let json { checkWritable(json) }

        if profile { workbench.profile = Profile() }
        Interrupts.connect(session.interrupt)
        let sink = ConsoleSink(pages: execute != nil)
        let start = Date() - (point?.notes.seconds ?? 0)
        let kind: Analysis.Kind = execute == nil ? .file : .cell
        let checkpointed = CheckpointedRun.make(checkpoints, point, notes(source), session, workbench)
        let outcome = checkpointed.map { $0.execute(source, sink: $0.sink(around: sink), kind: kind) } ?? session.execute(source, sink: sink, kind: kind)
        sink.finish()
        if let refusal = checkpointed?.refusal { leave(refusal.message, hint: refusal.hint, status: ExitStatus.noInput) }
        switch outcome {
        case .finished: break
        case .rejected(let problems): fail(problems, renderer, ExitStatus.rejected)
        case .failed(let problem):
            checkpointed?.noteFailure()
            fail([problem], renderer, ExitStatus.failed)
        case .interrupted: leave(Interrupts.leaving == SIGTERM ? "terminated" : "interrupted", hint: checkpointed?.remedy, status: Interrupts.leaving == 0 ? ExitStatus.interrupted : 128 + Interrupts.leaving)
        }
        if let profile = workbench.profile { show(profile) }
        if let json {
            do { try RunRecord(session, workbench, script: source.name, seconds: Date().timeIntervalSince(start)).write(to: json) } catch { leave("\(error)", status: ExitStatus.cantCreate) }
        }
        checkpointed?.finish()
    }

    private func fail(_ problems: [Diagnostic], _ renderer: DiagnosticRenderer, _ status: Int32) -> Never {
        fflush(stdout)
        FileHandle.standardError.write(Data((problems.map(renderer.render).joined(separator: "\n") + "\n").utf8))
        quit(status)
    }

    private func show(_ profile: Profile) {
        fflush(stdout)
        var text = profile.entries.isEmpty ? "profile: no minibatch was trained\n" : ""
        for (method, entry) in profile.entries {
            func mean(_ nanoseconds: Int) -> String { String(format: "%.3f ms", Double(nanoseconds) / 1e6 / Double(entry.minibatches)) }
            text += "profile: \(entry.minibatches) minibatches of \(method), \(mean(entry.total)) each: \(mean(entry.tensors)) in tensor operations, \(mean(entry.script)) in everything else"
            text += String(format: " (%.1f %%)\n", entry.scriptShare * 100)
        }
        FileHandle.standardError.write(Data(text.utf8))
    }

    // MARK: - Input

    private func readSource() -> SourceFile {
        if let execute { return SourceFile(name: "-e", text: execute) }
        guard let file, file != "-" else {
            return SourceFile(name: "standard input", bytes: [UInt8](FileHandle.standardInput.readDataToEndOfFile()))
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
            let commands = Main.configuration.subcommands.compactMap { $0.configuration.commandName }
            leave("there is no file '\(file)'", hint: Suggestion.nearest(to: file, among: commands).map { "did you mean 'bclsh \($0)'?" }, status: ExitStatus.noInput)
        }
        guard !isFolder.boolValue else { leave("'\(file)' is a folder, not a script", status: ExitStatus.noInput) }
        guard let data = FileManager.default.contents(atPath: file) else { leave("'\(file)' can't be read", status: ExitStatus.noInput) }
        return SourceFile(name: file, bytes: [UInt8](data))
    }

    /// Names that the script has no `param` for, and values that do not fit, are wrong usage.
    private func applySettings(_ session: Session, _ source: SourceFile) {
        guard !settings.isEmpty, let parameters = session.parameters(of: source) else { return }
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, value) = (String(parts[0]), String(parts[1]))
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let near = Suggestion.nearest(to: name, among: parameters.map(\.name)).map { "did you mean '\($0)'?" }
                let known = parameters.isEmpty ? "it has no 'param'" : "it has \(parameters.map(\.name).joined(separator: ", "))"
                leave("--set \(setting): the script has no param '\(name)'", hint: near ?? known, status: ExitStatus.usage)
            }
            if let literal = parameter.literal, !Session.fits(value, literal) {
                leave("--set \(setting): '\(value)' is not \(literal.phrase) like the default \(parameter.defaultText)", status: ExitStatus.usage)
            }
            session.settings.texts[name] = value
        }
    }

    /// A run of hours must not end with the news that its result can't be written.
    private func checkWritable(_ path: String) {
        let directory = FilePath.directory(path)
        guard FileManager.default.isWritableFile(atPath: directory) else { leave("--json \(path): the folder '\(directory)' is not there or can't be written", status: ExitStatus.cantCreate) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { leave("--json \(path): this is a folder", status: ExitStatus.cantCreate) }
    }
}
