import FilePaths
import Foundation
import Runs

/// Runs a sweep in processes of this machine, as many at once as were asked for; what is done already is not run again.
public final class LocalSweep {
    public struct Job {
        public let cell: SweepPlan.Cell
        public let isSecondTry: Bool
        public let started: Date
        public let log: String
        let process: ChildProcess
    }

    public enum Outcome {
        case done(RunStore.SweepState)
        /// It failed for the first time and comes again at the end.
        case willBeTriedAgain(reason: String)
        case failed(reason: String, log: String)
        case interrupted
    }

    public let plan: SweepPlan
    public private(set) var running: [Job] = []
    /// Those that were done before this start count, too.
    public private(set) var done = 0
    public private(set) var doneBefore = 0
    public private(set) var failures: [(cell: SweepPlan.Cell, reason: String, log: String)] = []
    /// Told of each run that ends.
    public var didEnd: ((SweepPlan.Cell, Outcome) -> Void)?
    private var waiting: [(cell: SweepPlan.Cell, isSecondTry: Bool)] = []
    /// Runs of another start of this sweep, which go on.
    private var elsewhere: [SweepPlan.Cell] = []
    private let store: RunStore
    private let folder: String
    private let jobs: Int
    private let environment: [String: String]
    private let command: (SweepPlan.Cell) -> [String]
    private let lock: FileLock?
    private let start = Date()
    private var secondsOfRuns = 0.0

    /// - Parameters:
    ///   - folder: for logs.
    ///   - environment: what the runs get besides this process's own.
    ///   - command: the program and its arguments.
    public init(_ plan: SweepPlan, store: RunStore, folder: String, jobs: Int, environment: [String: String], command: @escaping (SweepPlan.Cell) -> [String]) throws {
        (self.plan, self.store, self.folder, self.jobs, self.command) = (plan, store, folder, jobs, command)
        self.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch { throw SweepProblem("the folder '\(folder)' for logs can't be made") }
        lock = try FileLock.ofSweep("\(folder)/lock")
        guard lock != nil else {
            throw SweepProblem("this sweep, \(plan.id), is running already", remedy: "see how far it is with 'bclsh runs list sweep=\(plan.id)'")
        }
        let states = try store.states(ofSweep: plan.id)
        for cell in plan.cells {
            switch states[cell.number]?.state {
            case .done: done += 1
            case .running: elsewhere.append(cell)
            default: waiting.append((cell, false))
            }
        }
        doneBefore = done
        waiting.reverse()  // taken from the end
    }

    /// Seconds to the end, from what runs took so far; nil before the first has ended.
    public var timeLeft: Double? {
        let ended = done - doneBefore
        guard ended > 0 else { return nil }
        let each = secondsOfRuns / Double(ended)
        let begun = running.reduce(0) { $0 + min(each, Date().timeIntervalSince($1.started)) }
        return max(0, each * Double(waiting.count + running.count) - begun) / Double(jobs)
    }

    public var left: Int { waiting.count + running.count + elsewhere.count }

    // MARK: - Running

    /// - Parameters:
    ///   - presses: how often the user asked to stop: once, and the runs are asked to stop; twice, and they are killed.
    ///   - look: called many times a second.
    /// - Returns: whether it was not interrupted.
    public func run(presses: () -> Int, look: () -> Void) throws -> Bool {
        var told = 0
        while !(running.isEmpty && waiting.isEmpty && elsewhere.isEmpty) {
            let asked = presses()
            if asked > told {
                for job in running { job.process.send(asked == 1 ? SIGINT : SIGKILL) }
                told = asked
            }
            if told > 0, running.isEmpty { return false }
            while told == 0, running.count < jobs, let next = waiting.popLast() { try begin(next.cell, next.isSecondTry) }
            try reap(isStopping: told > 0)
            if !elsewhere.isEmpty, running.isEmpty, waiting.isEmpty { try waitForOthers() }
            look()
            usleep(20_000)
        }
        return told == 0
    }

    private func begin(_ cell: SweepPlan.Cell, _ isSecondTry: Bool) throws {
        let log = "\(folder)/\(cell.number)\(isSecondTry ? "-again" : "").log"
        let process = try ChildProcess(command(cell) + ["--sweep", "\(plan.id):\(cell.number)"], environment: environment, log: log)
        running.append(Job(cell: cell, isSecondTry: isSecondTry, started: Date(), log: log, process: process))
    }

    private func reap(isStopping: Bool) throws {
        for job in running {
            guard let status = job.process.poll() else { continue }
            running.removeAll { $0.cell.number == job.cell.number }
            let state = try store.states(ofSweep: plan.id, cell: job.cell.number)
            if status == 0, let state, state.state == .done {
                done += 1
                secondsOfRuns += Date().timeIntervalSince(job.started)
                unlink(job.log)
                didEnd?(job.cell, .done(state))
            } else if isStopping { didEnd?(job.cell, .interrupted) } else { fail(job, status, state) }
        }
    }

    private func fail(_ job: Job, _ status: Int32, _ state: RunStore.SweepState?) {
        // A sweep that was killed leaves its runs behind, and one of them may have been so young that the store did not know it: then it was there first.
        if let state, state.state == .running { return elsewhere.append(job.cell) }
        if let state, state.state == .done {
            done += 1
            didEnd?(job.cell, .done(state))
            return
        }
        let first = state?.error?.split(separator: "\n").first.map(String.init)
        let reason = status == 0 ? "it ended well, but is not in the store" : status > 128 ? "signal \(status - 128) ended it" : first ?? "exit status \(status)"
        // Wrong usage and scripts with errors are the same the second time.
        if !job.isSecondTry, status != 64, status != 65 {
            waiting.insert((job.cell, true), at: 0)
            didEnd?(job.cell, .willBeTriedAgain(reason: reason))
        } else {
            failures.append((job.cell, reason, job.log))
            didEnd?(job.cell, .failed(reason: reason, log: job.log))
        }
    }

    private func waitForOthers() throws {
        let states = try store.states(ofSweep: plan.id)
        for cell in elsewhere where states[cell.number]?.state != .running {
            elsewhere.removeAll { $0.number == cell.number }
            if let state = states[cell.number], state.state == .done {
                done += 1
                didEnd?(cell, .done(state))
            } else { waiting.append((cell, false)) }
        }
        if !elsewhere.isEmpty { usleep(500_000) }
    }

    /// What a run said last, for a look at it while it goes on.
    public static func lastLine(of log: String) -> String {
        guard let file = FileHandle(forReadingAtPath: log) else { return "" }
        defer { try? file.close() }
        let size = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: size > 400 ? size - 400 : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
    }
}
