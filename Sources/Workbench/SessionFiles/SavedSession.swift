import Continual
import Engine
import Figures
import Foundation
import Interpreter

/// A session as its file holds it: values that refer to each other are nodes of a table, so that what was one object is one object again.
struct SavedSession: Codable {
    struct Variable: Codable {
        let name: String
        let value: SavedReference
    }

    struct Source: Codable {
        let name: String
        let text: String
    }

    struct ImportedFile: Codable {
        let path: String
        let alias: String?
        /// SHA-256 of its bytes.
        let checksum: String
    }

    let seed: UInt64
    let device: String
    let streams: [String: [UInt64]]
    let imports: [ImportedFile]
    let variables: [Variable]
    /// Values that the shell keeps with it, by names that are none of the language's: what its cells gave.
    let kept: [Variable]
    let nodes: [SavedNode]
    /// Texts that functions made inside of others stand in.
    let sources: [Source]?
    /// What the shell keeps with it: its cells.
    let notes: Data?
}

/// A plain value, or the number of a node.
enum SavedReference: Codable, Equatable {
    /// No value yet: in checkpoints only.
    case unset
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case node(Int)

    init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let rest = String(text.dropFirst())
        switch text.first {
        case "u": self = .unset
        case "n": self = .none
        case "b": self = .bool(rest == "1")
        case "s": self = .text(rest)
        case "i":
            guard let value = Int(rest) else { throw DecodingError.dataCorruptedError(in: container, debugDescription: text) }
            self = .int(value)
        case "f":
            guard let bits = UInt64(rest, radix: 16) else { throw DecodingError.dataCorruptedError(in: container, debugDescription: text) }
            self = .float(Double(bitPattern: bits))
        case "#":
            guard let value = Int(rest), value >= 0 else { throw DecodingError.dataCorruptedError(in: container, debugDescription: text) }
            self = .node(value)
        default: throw DecodingError.dataCorruptedError(in: container, debugDescription: text)
        }
    }

    /// As one string: floats by their bits, which come back the same.
    func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .unset: try container.encode("u")
        case .none: try container.encode("n")
        case .bool(let value): try container.encode(value ? "b1" : "b0")
        case .int(let value): try container.encode("i\(value)")
        case .float(let value): try container.encode("f" + String(value.bitPattern, radix: 16))
        case .text(let value): try container.encode("s" + value)
        case .node(let value): try container.encode("#\(value)")
        }
    }
}

extension SavedReference {
    /// - Parameter node: the value of a node of that number.
    func value(_ node: (Int) throws -> Value) rethrows -> Value {
        switch self {
        case .unset: return .unset
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .text(let value): return .text(value)
        case .node(let index): return try node(index)
        }
    }
}

/// A value that others may refer to. Tensors stand in the file under the names that are given here.
enum SavedNode: Codable {
    case list([SavedReference])
    case record(keys: [String], values: [SavedReference])
    case range(Int, Int)
    case tensor(String, learns: Bool, hasGrad: Bool?)
    case snapshot(String)
    case draw(String, tasks: [Int], slots: [Int], flat: [Int], hasTargets: Bool, imageShape: [Int]?)
    /// A data set or benchmark: the call that makes it, and how it describes itself.
    case made(String, description: String)
    case network(String, recipe: String, device: String)
    case memory(String, tasks: Int, slots: Int, sampleSize: Int, prefills: Bool, sharesPosition: Bool?, headWidths: [Int]?, device: String, filled: [Int], positions: [Int], hasTargets: Bool, written: [Int],
                writes: Int, imageShape: [Int]?)
    case task(SavedReference, Int)
    /// Samples of a task or a data set; positions nil: all.
    case samples(SavedReference, isTest: Bool, positions: [Int]?)
    /// A copy of a learner's network that was adapted to a task.
    case adapted(SavedReference, task: Int, losses: [Double])
    case weights(SavedReference, learner: SavedReference?)
    case classifier(SavedReference, SavedReference)
    case matrix(AccuracyMatrix)
    case builtin(String)
    // In sessions only:
    /// A reservoir or class memory: the call that makes it, and what it holds.
    case pooledMade(String, recipe: String, device: String, owners: [Int], seen: [Int], hasTargets: Bool, written: [Int], writes: Int)
    /// A method of the standard library.
    case library(String)
    case imported(path: String, name: String)
    /// The text that defines it. A name: a declaration; none: an expression.
    case function(text: String, name: String?, source: String)
    /// Made by calling the method again; then set to what it was.
    case learner(SavedReference, parameters: [SavedReference], state: LearnerFile)
    /// A variable of a learner.
    case part(SavedReference, String)
    /// A function that was made inside of another one: the source, where it stands in it, and the cells of the variables that it shares.
    case inner(source: Int, start: Int, end: Int, cells: [SavedReference])
    /// A variable that functions share.
    case cell(SavedReference)
    // In checkpoints only, where the code is there already:
    case numbers(String)
    /// A function of the code, with the cells of the variables that it shares.
    case closure(CodePlace, cells: [SavedReference], presets: SavedReference)
    case instance(SavedLearner)
    case pooled(String, bench: SavedReference, slots: Int, isPerClass: Bool, device: String, owners: [Int], seen: [Int], hasTargets: Bool, written: [Int]?, writes: Int, imageShape: [Int]?)
    /// A method taken from a value.
    case bound(SavedReference, String)
    case gradient(SavedReference)
    case adaptation(Int, Double)
    case figure(Figure)
}
