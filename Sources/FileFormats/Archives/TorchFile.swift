/// What `torch.save` writes: a zip archive since PyTorch 1.6; before, a row of pickles followed by the storages. No code is run.
public enum TorchFile {
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    /// A pickle of names and shapes; more than this describes something else.
    private static let mostDescription = 256 << 20
    private static let protocolVersion = 1001

    /// The object that was saved, with the bytes of its tensors.
    public static func read(_ source: any ByteSource) throws -> PickleDocument {
        let start = try source.prefix(512)
        if ZipArchive.matches(start) { return try readZip(source) }
        if start.first == 0x80 { return try readLegacy(source) }
        if TarReader.matches(start) {
            throw FormatError("'\(source.name)' was written by PyTorch before 0.1.10, as a tar archive", remedy: "load it there, or with a newer torch.load, and save it anew")
        }
        throw FormatError("'\(source.name)' is no file of torch.save: it starts with other bytes")
    }

    // MARK: - Zip

    private static func readZip(_ source: any ByteSource) throws -> PickleDocument {
        let archive = try ZipArchive(source)
        guard let main = archive.entries.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }) else {
            throw FormatError("'\(source.name)' is a zip archive, but not of torch.save: it has no data.pkl")
        }
        let folder = String(main.name.dropLast("data.pkl".count))
        guard archive["\(folder)constants.pkl"] == nil else {
            throw FormatError("'\(source.name)' holds a TorchScript program, not data", remedy: "save lists of tensors with torch.save")
        }
        guard main.size <= mostDescription else { throw FormatError("'\(source.name)' describes its tensors in \(main.size) bytes, which is absurd") }
        var document = try PickleReader.read(ByteCursor(try archive.content(main, most: mostDescription)))
        if let entry = archive["\(folder)byteorder"] {
            let order = String(decoding: try archive.content(entry, most: 100).prefix(100), as: UTF8.self)
            guard order == "little" || order == "big" else { throw FormatError("'\(source.name)' has the byte order '\(order.prefix(20))'") }
            document.storagesAreBigEndian = order == "big"
        }
        var contents: [String: any ByteSource] = [:]
        for storage in document.storages where contents[storage.key] == nil {
            guard let entry = archive["\(folder)data/\(storage.key)"] else { throw FormatError("'\(source.name)' lacks the entry data/\(storage.key), which a tensor needs", remedy: FormatError.again) }
            contents[storage.key] = try archive.content(entry, most: 8 << 30)
        }
        try assign(contents, to: &document)
        return document
    }

    // MARK: - Before 1.6

    private static func readLegacy(_ source: any ByteSource) throws -> PickleDocument {
        let cursor = ByteCursor(source)
        let first = try PickleReader.read(cursor)
        guard case .long(let slice) = first.root, first.bytes(slice).elementsEqual(magic) else {
            throw FormatError("'\(source.name)' is a pickle, but not of torch.save: it does not start with PyTorch's number", remedy: "write it with torch.save, not with pickle.dump")
        }
        let version = try PickleReader.read(cursor)
        guard version.int(version.root) == protocolVersion else { throw FormatError("'\(source.name)' has the version \(version.describe(version.root)) of torch.save's format; \(protocolVersion) can be read") }
        _ = try PickleReader.read(cursor)  // sizes of C types: storages are little-endian on every machine
        var document = try PickleReader.read(cursor)
        let keyList = try PickleReader.read(cursor)
        guard let keys = keyList.items(keyList.root)?.map({ keyList.text($0) }) else { throw cursor.error("the list of storages is missing") }
        var types: [String: ElementType] = [:]
        for storage in document.storages { types[storage.key] = storage.type }
        var contents: [String: any ByteSource] = [:]
        for key in keys {
            guard let key, let type = types[key], contents[key] == nil else { throw cursor.error("a storage that no tensor has") }
            let count = try cursor.count(8)
            guard let left = cursor.left, count <= left / type.byteSize else { throw FormatError("'\(source.name)' is cut off: a storage of \(count) \(type.rawValue) should follow byte \(cursor.position)", remedy: FormatError.again) }
            contents[key] = try source.slice(at: cursor.position, count: count * type.byteSize)
            try cursor.skip(count * type.byteSize)
        }
        try assign(contents, to: &document)
        return document
    }

    /// Gives every storage its bytes, and checks that there are as many as the tensors were told.
    private static func assign(_ contents: [String: any ByteSource], to document: inout PickleDocument) throws {
        for storage in document.storages {
            guard let content = contents[storage.key] else { throw FormatError("'\(document.name)' lacks the storage \(storage.key)", remedy: FormatError.again) }
            guard content.count % storage.type.byteSize == 0, content.count / storage.type.byteSize == storage.count else {
                throw FormatError("'\(document.name)' is damaged: the storage \(storage.key) has \(content.count) bytes instead of \(storage.count) \(storage.type.rawValue)")
            }
            if let view = storage.view {
                document.storageBytes.append(try content.slice(at: view.offset * storage.type.byteSize, count: view.count * storage.type.byteSize))
            } else {
                document.storageBytes.append(content)
            }
        }
    }
}
