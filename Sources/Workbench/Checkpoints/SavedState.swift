import Continual
import Engine
import Foundation
import Interpreter

/// A run in mid-program, as a checkpoint holds it.
struct SavedState: Codable {
    struct Name: Codable {
        let name: String
        let value: SavedReference
    }

    /// An imported file, or one of the standard library.
    struct File: Codable {
        let path: String
        let checksum: String
        let hasRun: Bool
        let names: [Name]
    }

    struct Import: Codable {
        let path: String
        let alias: String?
    }

    struct Breakpoint: Codable {
        let number: Int
        let method: String
        let phase: String?
        let line: Int?
        let condition: String?
    }

    /// The learner that a memory was last reached through, for the titles of pictures.
    struct Belonging: Codable {
        let memory: SavedReference
        let learner: SavedReference
        let name: String
    }

    /// An entry of the log of all learners.
    struct Logged: Codable {
        /// none: it is gone.
        let learner: SavedReference
        let method: String
        let seed: UInt64
        let parameters: [Name]
        /// Of one that is gone, but for its losses.
        let last: Learner.Progress?
        /// The name of a tensor.
        let losses: String?
    }

    let seed: UInt64
    let device: String
    let streams: [String: [UInt64]]
    /// What `clock()` gave.
    let clock: Double
    let used: [Name]
    let imports: [Import]
    let breakpoints: [Breakpoint]
    let stepped: SavedReference
    let log: [Logged]
    let leftOut: Int
    let searches: [SavedReference]
    let files: [File]
    let names: [Name]
    /// Slots of the program's own frame.
    let slots: [SavedReference]
    let parts: [SavedPart]
    let belongings: [Belonging]
    let nodes: [SavedNode]
    let shelf: SavedShelf
    /// What the caller keeps with it.
    let notes: Data
}

/// A part of the place in the program.
enum SavedPart: Codable {
    case statement(Int)
    case branch(Int)
    case turns(Int)
    case counting(Int, Int)
    case walking(SavedReference, Int)
    case collected([SavedReference])
    case operands([SavedReference])
    case call(SavedReference, slots: [SavedReference])
    case builtin(String, SavedReference)
}

/// A learner as it lies in memory: its method's frame, its handlers, and what it has reached.
struct SavedLearner: Codable {
    struct Cursor: Codable {
        let tasks: [SavedReference]
        let epochs: Int
        let size: Int
        let index: Int
        let epoch: Int
        let batch: Int
        let shuffle: [UInt64]?
        let isTraining: Bool
    }

    let method: SavedReference
    let slots: [SavedReference]
    let handlers: [SavedState.Name]
    let classifier: SavedReference
    let minibatches: Int
    let savedMinibatches: Int
    /// The name of a tensor.
    let losses: String
    let lastTask: Int?
    let accuracy: AccuracyMatrix?
    let accuracies: [String: AccuracyMatrix]
    let curves: [Int: [Double]]
    let curveLength: Int
    /// nil in files of before they were noted.
    let passes: Learner.Passes?
    let cursor: Cursor?
}
