import ArgumentParser
import Foundation

/// When a run writes checkpoints, and where.
struct CheckpointOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Write a checkpoint so often, to go on from with 'bclsh resume': after so many minibatches (100), or so much time (5min, 30s, 2h).", valueName: "every"))
    var checkpoint: CheckpointInterval?

    @Option(name: .long, help: ArgumentHelp("Folder for the checkpoints and for output.txt, all that the run prints (default: one in ~/.local/share/bclsh/checkpoints).", valueName: "folder"))
    var checkpointTo: String?

    @Flag(name: .long, help: "Go on from the checkpoint in the folder of --checkpoint-to, if there is one: the same command starts a run and takes it up again.")
    var resume = false

    func validate() throws {
        if checkpoint == nil, checkpointTo != nil { throw ValidationError("--checkpoint-to says where checkpoints go; --checkpoint says how often: add --checkpoint 5min") }
        if resume, checkpointTo == nil { throw ValidationError("--resume needs --checkpoint-to FOLDER; without one, 'bclsh resume RUN' goes on with a run") }
    }
}

/// "100" minibatches, or "5min".
struct CheckpointInterval: ExpressibleByArgument, Equatable {
    enum Kind: Equatable {
        case minibatches(Int)
        case seconds(Double)
    }

    let kind: Kind
    /// As it was given.
    let text: String

    init?(argument text: String) {
        self.text = text
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)
        if unit.isEmpty {
            guard let count = Int(digits), count >= 1 else { return nil }
            kind = .minibatches(count)
            return
        }
        let seconds = ["s": 1.0, "sec": 1, "m": 60, "min": 60, "h": 3600]
        guard let number = Double(digits), let factor = seconds[unit], number > 0, number * factor <= 1e7 else { return nil }
        kind = .seconds(number * factor)
    }
}
