import Engine
import FileFormats
import FilePaths
import Foundation

/// A network's state in a file, by the tensors' names: safetensors, or a state_dict that torch.save wrote (.pt, .pth).
enum StateFile {
    /// Whether a file is one of torch.save: a zip archive, or a pickle.
    static func isTorch(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 4) else { return false }
        try? file.close()
        return start.starts(with: [0x50, 0x4B, 3, 4]) || start.first == 0x80
    }

    /// - Throws: `EngineError` or `FormatError`, naming the file.
    static func read(_ path: String) throws -> [String: Tensor] {
        guard isTorch(path) else {
            do { return try Safetensors.read(path).tensors } catch let error as EngineError where ["pt", "pth", "bin", "ckpt"].contains(FilePath.ending(path)) && FileManager.default.fileExists(atPath: path) {
                throw EngineError("'\(path)' was not written by torch.save, and holds no safetensors either: \(error.message.components(separatedBy: ": ").dropFirst().joined(separator: ": "))", .file)
            }
        }
        let document = try TorchFile.read(try FileSource(path))
        var root = document.root
        // What training scripts write around it.
        for name in ["state_dict", "model_state_dict", "model"] {
            if let inner = document.entry(name, of: root), document.keys(inner) != nil { root = inner; break }
        }
        guard let names = document.keys(root) else {
            throw FormatError("'\(path)' holds \(document.describe(document.root)), not a state_dict", remedy: "write it with torch.save(model.state_dict(), path)")
        }
        // DataParallel puts a word in front of every name.
        let isWrapped = !names.isEmpty && names.allSatisfy { $0.hasPrefix("module.") }
        var state: [String: Tensor] = [:]
        for name in names {
            guard let value = document.entry(name, of: root), let array = try document.array(value) else {
                throw FormatError("'\(name)' in '\(path)' is \(document.entry(name, of: root).map(document.describe) ?? "missing"), not a tensor")
            }
            state[isWrapped ? String(name.dropFirst(7)) : name] = try tensor(array)
        }
        return state
    }

    private static func tensor(_ array: StoredArray) throws -> Tensor {
        guard array.type.isFloatingPoint else { return try Tensor.from(try array.integers(), shape: array.shape) }
        var values: [Float] = []
        values.reserveCapacity(array.count)
        try array.floats { _, piece in
            values.append(contentsOf: piece)
            return true
        }
        return try Tensor.from(values, shape: array.shape)
    }
}
