import Foundation

/// The safetensors format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes.
public enum Safetensors {
    public struct File {
        /// The `__metadata__` strings.
        public let metadata: [String: String]
        /// Names in the order of their bytes.
        public let names: [String]
        public let tensors: [String: Tensor]

        public subscript(_ name: String) -> Tensor? { tensors[name] }
    }

    /// A header larger than this is no header (the reference implementation's limit).
    private static let largestHeader = 100_000_000
    private static let types: [String: DType] = ["F32": .float32, "F64": .float64, "I64": .int64, "U8": .uint8, "BOOL": .bool]
    /// Types that only files have: bytes of an element, and what they are widened to.
    private static let narrowTypes: [String: (size: Int, widen: (UnsafeRawBufferPointer, [Int]) throws -> Tensor)] = [
        "F16": (2, { try Tensor.from(widened($0, UInt16.self) { Float(Float16(bitPattern: $0)) }, shape: $1) }),
        "BF16": (2, { try Tensor.from(widened($0, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }, shape: $1) }),
        "I32": (4, { try Tensor.from(widened($0, Int32.self) { Int($0) }, shape: $1) }),
        "I16": (2, { try Tensor.from(widened($0, Int16.self) { Int($0) }, shape: $1) }),
        "I8": (1, { try Tensor.from(widened($0, Int8.self) { Int($0) }, shape: $1) }),
    ]

    private static func widened<Stored: FixedWidthInteger, Wide>(_ bytes: UnsafeRawBufferPointer, _ type: Stored.Type, _ widen: (Stored) -> Wide) -> [Wide] {
        let size = MemoryLayout<Stored>.size
        return (0..<bytes.count / size).map { widen(Stored(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Stored.self))) }
    }

    /// - Throws: `EngineError` naming the file and what is wrong with it.
    public static func read(_ path: String) throws -> File {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw EngineError("there is no file '\(path)'", .file) }
        guard !isFolder.boolValue else { throw EngineError("'\(path)' is a folder, not a file", .file) }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { throw EngineError("'\(path)' can't be read", .file) }
        do { return try parse(data) } catch let error as EngineError {
            throw EngineError("'\(path)' is no valid safetensors file: \(error.message)", .file)
        }
    }

    /// A file's content.
    public static func parse(_ data: Data) throws -> File {
        guard data.count >= 8 else { throw EngineError("it has only \(data.count) bytes") }
        let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard length <= UInt64(largestHeader), Int(length) <= data.count - 8 else {
            throw EngineError("its header would be \(length) bytes long, but the file has \(data.count)")
        }
        let start = data.startIndex + 8
        let header = data[start..<start + Int(length)]
        guard isShallow(header) else { throw EngineError("its header is nested too deeply") }
        guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else { throw EngineError("its header is no JSON object") }
        let body = data[(start + Int(length))...]

        var metadata: [String: String] = [:]
        var places: [(name: String, type: String, shape: [Int], range: Range<Int>)] = []
        for (name, value) in object {
            guard let entry = value as? [String: Any] else { throw EngineError("the entry '\(name)' of its header is no object") }
            if name == "__metadata__" {
                for (key, value) in entry {
                    guard let text = value as? String else { throw EngineError("the metadata '\(key)' is no string") }
                    metadata[key] = text
                }
                continue
            }
            let place = try self.place(of: name, entry, bytes: body.count)
            places.append((name, place.type, place.shape, place.range))
        }
        places.sort { ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name) }
        var end = 0
        for place in places {
            guard place.range.lowerBound == end else { throw EngineError("the bytes of '\(place.name)' overlap others or leave a gap") }
            end = place.range.upperBound
        }
        guard end == body.count else { throw EngineError("\(body.count - end) bytes at its end belong to no tensor") }

        var tensors: [String: Tensor] = [:]
        for place in places {
            let bytes = body[(body.startIndex + place.range.lowerBound)..<(body.startIndex + place.range.upperBound)]
            tensors[place.name] = try bytes.withUnsafeBytes { stored in
                if let dtype = types[place.type] { return try Tensor.fromBytes(stored, shape: place.shape, dtype: dtype) }
                guard let narrow = narrowTypes[place.type] else { return nil }
                return try narrow.widen(stored, place.shape)
            }
        }
        return File(metadata: metadata, names: places.map(\.name), tensors: tensors)
    }

    private static func place(of name: String, _ entry: [String: Any], bytes: Int) throws -> (type: String, shape: [Int], range: Range<Int>) {
        guard let typeName = entry["dtype"] as? String, let shape = integers(entry["shape"]), let offsets = integers(entry["data_offsets"]), offsets.count == 2 else {
            throw EngineError("the entry '\(name)' lacks dtype, shape or data_offsets")
        }
        guard let size = types[typeName]?.byteSize ?? narrowTypes[typeName]?.size else { throw EngineError("'\(name)' has the element type \(typeName), which is not supported") }
        guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= bytes else { throw EngineError("the bytes of '\(name)' lie outside the file") }
        // As if they were float64: what is made of narrow types is wider.
        guard try Tensor.count(of: shape, .float64) * size == offsets[1] - offsets[0] else {
            throw EngineError("'\(name)' has \(offsets[1] - offsets[0]) bytes, which do not fill \(typeName) [\(Tensor.list(shape))]")
        }
        return (typeName, shape, offsets[0]..<offsets[1])
    }

    private static func integers(_ value: Any?) -> [Int]? {
        guard let list = value as? [NSNumber] else { return nil }
        let result = list.compactMap { Int(exactly: $0.doubleValue) }
        return result.count == list.count ? result : nil
    }

    /// The JSON parser recurses; a header is an object of objects of lists.
    private static func isShallow(_ header: Data) -> Bool {
        var depth = 0
        var inString = false
        var escaped = false
        for byte in header {
            if escaped { escaped = false; continue }
            switch byte {
            case UInt8(ascii: "\\") where inString: escaped = true
            case UInt8(ascii: "\""): inString.toggle()
            case UInt8(ascii: "{"), UInt8(ascii: "["): if !inString { depth += 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): if !inString { depth -= 1 }
            default: break
            }
            if depth > 8 { return false }
        }
        return true
    }

    // MARK: - Writing

    /// Writes tensors in the given order, through a temporary file.
    public static func write(_ tensors: [(String, Tensor)], metadata: [String: String] = [:], to path: String) throws {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var offset = 0
        for (name, tensor) in tensors {
            guard header[name] == nil, let type = types.first(where: { $0.value == tensor.dtype })?.key else { throw EngineError("two tensors are named '\(name)'") }
            header[name] = ["dtype": type, "shape": tensor.shape, "data_offsets": [offset, offset + tensor.byteCount]] as [String: Any]
            offset += tensor.byteCount
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }  // keeps the tensors aligned
        try AtomicFile.write(to: path) { file in
            var length = UInt64(json.count).littleEndian
            try file.write(contentsOf: Data(bytes: &length, count: 8))
            try file.write(contentsOf: json)
            for (_, tensor) in tensors {
                try tensor.withBytes { bytes in
                    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
                    try file.write(contentsOf: Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none))
                }
            }
        }
    }
}
