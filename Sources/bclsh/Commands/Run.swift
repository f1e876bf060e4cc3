import ArgumentParser
import BCLScript
import Foundation
import Interpreter
import Runs
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
    @OptionGroup var recording: RecordingOptions

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
        if let json { WritablePath.check("--json", json) }

        if profile { workbench.profile = Profile() }
        Interrupts.connect(session.interrupt)
        let kind: Analysis.Kind = execute == nil ? .file : .cell
        let console = ConsoleSink(pages: execute != nil)
        let checkpointed = CheckpointedRun.make(checkpoints, point, notes(source), session, workbench)
        let recorder = RunRecorder(console, session, workbench, script: source, seed: options.seed, places: recording.places(hasResultFile: json != nil), continuing: point?.before)
        recorder.checkpoint = checkpointed?.note(run: recorder.record)
        recorder.begin()
        let outcome = checkpointed.map { $0.execute(source, sink: $0.sink(around: recorder), kind: kind) } ?? session.execute(source, sink: recorder, kind: kind)
        console.finish()
        if let refusal = checkpointed?.refusal { leave(refusal.message, hint: refusal.hint, status: ExitStatus.noInput) }
        switch outcome {
        case .finished:
            // Without a folder of the user's choice the checkpoints go.
            if checkpoints.checkpointTo == nil { recorder.checkpoint = nil }
            recorder.finish(.done, exitStatus: 0)
        case .rejected(let problems):
            recorder.discard()
            fail(problems, renderer, ExitStatus.rejected)
        case .failed(let problem):
            recorder.finish(.failed, exitStatus: ExitStatus.failed, problem: problem)
            checkpointed?.noteFailure()
            fail([problem], renderer, ExitStatus.failed)
        case .interrupted:
            let status = Interrupts.leaving == 0 ? ExitStatus.interrupted : 128 + Interrupts.leaving
            recorder.finish(.interrupted, exitStatus: status)
            leave(Interrupts.leaving == SIGTERM ? "terminated" : "interrupted", hint: checkpointed?.remedy, status: status)
        }
        if let profile = workbench.profile { show(profile) }
        if let json {
            do { try ResultFile(recorder.record).write(to: json) } catch { leave("\(error)", status: ExitStatus.cantCreate) }
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
        return ScriptFile.read(file, suggestsCommands: true)
    }

    private func applySettings(_ session: Session, _ source: SourceFile) {
        guard !settings.isEmpty, let parameters = ScriptParameters(session, source) else { return }
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, value) = (String(parts[0]), String(parts[1]))
            parameters.check(name, value, "--set \(setting)")
            session.settings.texts[name] = value
        }
    }
}
