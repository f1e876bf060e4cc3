import Engine
import Foundation

/// A run's whole record as one JSON file. It is written whole or not at all, so that a reader on another machine sees a run as it was at some moment:
/// what runs on a cluster leave in a shared folder, where SQLite has no place.
public enum RecordFile {
    static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }()

    static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }()

    public static func write(_ record: RunRecord, to path: String) throws {
        do { try AtomicFile.write(try encoder.encode(record) + Data("\n".utf8), to: path) } catch let error as EngineError { throw StoreProblem(.file, error.message) }
    }

    /// - Throws: `StoreProblem` with one sentence about what is wrong with the file.
    public static func read(_ path: String) throws -> RunRecord {
        guard let data = FileManager.default.contents(atPath: path) else { throw StoreProblem(.file, "'\(path)' can't be read") }
        struct Format: Decodable { let format: Int }
        guard let format = try? decoder.decode(Format.self, from: data) else { throw StoreProblem(.damaged, "'\(path)' is no record of a run") }
        guard format.format <= RunRecord.formatNow else {
            throw StoreProblem(.newer, "'\(path)' was written by a later bclsh (format \(format.format), this one knows \(RunRecord.formatNow))", remedy: "use that bclsh")
        }
        guard let record = try? decoder.decode(RunRecord.self, from: data), RunID.isValid(record.id) else { throw StoreProblem(.damaged, "'\(path)' is a damaged record of a run") }
        for learner in record.learners {
            guard ([learner.accuracy].compactMap { $0 } + learner.accuracies.values).allSatisfy(\.isWhole), learner.losses.values != nil else {
                throw StoreProblem(.damaged, "'\(path)' is a damaged record of a run: learner '\(learner.name)' has a broken accuracy matrix or losses")
            }
        }
        return record
    }
}
