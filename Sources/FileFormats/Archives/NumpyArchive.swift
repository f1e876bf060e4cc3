/// An .npz file: a zip archive of .npy files, stored or deflated.
public struct NumpyArchive {
    public let names: [String]
    private let archive: ZipArchive

    public init(_ source: any ByteSource) throws {
        archive = try ZipArchive(source)
        names = archive.entries.compactMap { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : nil }
        guard !names.isEmpty else { throw FormatError("'\(source.name)' holds no numpy arrays", remedy: "it should be written by numpy.savez") }
    }

    /// An array that is deflated is unpacked into memory.
    /// - Parameter most: bytes that it may then take.
    public func array(_ name: String, most: Int = 8 << 30) throws -> StoredArray {
        guard let entry = archive["\(name).npy"] else { throw FormatError("'\(archive.source.name)' has no array '\(name)'") }
        return try NumpyFile.read(try archive.content(entry, most: most))
    }
}
