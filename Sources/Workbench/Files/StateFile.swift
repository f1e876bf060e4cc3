import Engine

/// A network's state in a file, by the tensors' names.
enum StateFile {
    /// - Throws: `EngineError` naming the file where it can't be read.
    static func read(_ path: String) throws -> [String: Tensor] { try Safetensors.read(path).tensors }
}
