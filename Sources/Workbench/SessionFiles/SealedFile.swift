import Downloads
import Engine
import Foundation
import Interpreter

/// A safetensors file whose tensors have checksums, with everything else as JSON in one of them: sessions and checkpoints.
enum SealedFile {
    /// The tensor that holds the JSON.
    private static func contentName(_ kind: String) -> String { "\(kind).json" }

    static func write(_ content: some Encodable, _ tensors: [(String, Tensor)], kind: String, version: Int, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(content)
        let all = tensors + [(contentName(kind), try json.withUnsafeBytes { try Tensor.fromBytes($0, shape: [json.count], dtype: .uint8) })]
        let sums = try checksums(all)
        try Safetensors.write(all, metadata: ["writer": "bclsh", "kind": kind, "version": "\(version)", "checksums": sums, "checksum": try seal(sums, kind, version)], to: path)
    }

    /// A file whose version and checksums are as they should be.
    /// - Parameter isOther: the error for a file of another kind.
    static func read<Content: Decodable>(_ type: Content.Type, _ path: String, kind: String, oldest: Int = 1, newest: Int, isOther: (String?) -> Failure) throws -> (content: Content, file: Safetensors.File) {
        let file = try Safetensors.read(path)
        guard file.metadata["kind"] == kind else { throw isOther(file.metadata["kind"]) }
        guard let version = file.metadata["version"].flatMap({ Int($0) }), version >= 1 else { throw Failure(.fileError, "'\(path)' is damaged: it does not say its version") }
        guard version <= newest else { throw Failure(.fileError, "'\(path)' was written by a newer bclsh: its version is \(version), this one reads \(newest)") }
        guard version >= oldest else { throw Failure(.fileError, "'\(path)' was written by an older bclsh: its version is \(version), this one reads \(newest)") }
        try check(file, kind, version, path)
        guard let body = file[contentName(kind)], let content = try? decoded(type, body) else { throw Failure(.fileError, "'\(path)' is damaged: its description of the \(kind) can't be read") }
        return (content, file)
    }

    private static func decoded<Content: Decodable>(_ type: Content.Type, _ body: Tensor) throws -> Content {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: try body.withBytes { Data($0) })
    }

    // MARK: - Checksums

    /// "name:sum" of each tensor, type and shape included.
    private static func checksums(_ tensors: [(String, Tensor)]) throws -> String {
        try tensors.map { name, tensor in
            let bytes = try tensor.withBytes { try Checksum.of($0, .sha256).digest }
            return "\(name):\(try SessionFile.sum(Data("\(tensor.summary) \(bytes)".utf8)))"
        }.sorted().joined(separator: " ")
    }

    private static func seal(_ sums: String, _ kind: String, _ version: Int) throws -> String { try SessionFile.sum(Data("\(kind) \(version) \(sums)".utf8)) }

    private static func check(_ file: Safetensors.File, _ kind: String, _ version: Int, _ path: String) throws {
        guard let sums = file.metadata["checksums"], file.metadata["checksum"] == (try seal(sums, kind, version)) else { throw Failure(.fileError, "'\(path)' is damaged: its checksums do not fit each other") }
        let here = try checksums(file.names.compactMap { name in file[name].map { (name, $0) } })
        guard here != sums else { return }
        let wanted = Set(sums.split(separator: " "))
        let altered = here.split(separator: " ").first { !wanted.contains($0) }.map { String($0.split(separator: ":")[0]) }
        throw Failure(.fileError, "'\(path)' is damaged: \(altered.map { "the checksum of '\($0)' does not fit its bytes" } ?? "a part of it is missing")")
    }
}
