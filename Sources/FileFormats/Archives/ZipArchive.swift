import CZlib

/// A zip archive, read by its central directory: entries as they are stored, or deflated; also of more than 4 GB (zip64).
/// A stored entry is a part of the file and never copied, which is what tensors of some gigabytes need.
public final class ZipArchive {
    public struct Entry {
        public let name: String
        /// Unpacked. What the archive says; `content` checks it.
        public let size: Int
        fileprivate let packedSize: Int
        fileprivate let method: Int
        fileprivate let checksum: UInt32
        fileprivate let headerPlace: Int
    }

    public let source: any ByteSource
    public private(set) var entries: [Entry] = []
    private var indices: [String: Int] = [:]

    public static func matches(_ start: [UInt8]) -> Bool { start.starts(with: [0x50, 0x4B, 3, 4]) || start.starts(with: [0x50, 0x4B, 5, 6]) }

    public init(_ source: any ByteSource) throws {
        self.source = source
        let directory = try Self.findDirectory(source)
        let cursor = ByteCursor(try source.slice(at: directory.place, count: directory.size, name: "\(source.name): its directory"))
        for _ in 0..<directory.count {
            let entry = try readEntry(cursor, before: directory.place)
            try MemberName.check(entry.name, in: source.name)
            guard indices.updateValue(entries.count, forKey: entry.name) == nil else { throw FormatError("'\(source.name)' has two entries '\(entry.name)'") }
            entries.append(entry)
        }
    }

    public subscript(_ name: String) -> Entry? { indices[name].map { entries[$0] } }

    // MARK: - The directory

    private static func findDirectory(_ source: any ByteSource) throws -> (place: Int, size: Int, count: Int) {
        let endSize = 22
        let tail = try source.bytes(at: max(0, source.count - endSize - 0xFFFF), count: min(source.count, endSize + 0xFFFF))
        func at(_ place: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(tail[place + $1]) << (8 * $1) } }
        guard tail.count >= endSize, let end = stride(from: tail.count - endSize, through: 0, by: -1).first(where: {
            at($0, 4) == 0x0605_4B50 && $0 + endSize + at($0 + 20, 2) == tail.count
        }) else { throw FormatError("'\(source.name)' is cut off, or no zip archive: its directory is missing", remedy: FormatError.again) }
        var (count, size, place) = (at(end + 10, 2), at(end + 12, 4), at(end + 16, 4))
        if count == 0xFFFF || size == 0xFFFF_FFFF || place == 0xFFFF_FFFF, end >= 20, at(end - 20, 4) == 0x0706_4B50 {
            let cursor = ByteCursor(try source.slice(at: try exact(tail, end - 12, source.name), count: 56, name: "\(source.name): its zip64 directory"))
            guard try cursor.number(4) == 0x0606_4B50 else { throw cursor.error("no zip64 directory") }
            try cursor.skip(28)
            (count, size, place) = (try cursor.count(8), try cursor.count(8), try cursor.count(8))
        }
        // The smallest entry of a directory has 47 bytes.
        guard size <= source.count, place <= source.count - size, count <= size / 46 else {
            throw FormatError("'\(source.name)' is damaged: a directory of \(count) entries in \(size) bytes at byte \(place) does not fit into \(source.count) bytes", remedy: FormatError.again)
        }
        return (place, size, count)
    }

    private static func exact(_ bytes: [UInt8], _ place: Int, _ name: String) throws -> Int {
        let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
        guard let result = Int(exactly: value) else { throw FormatError("'\(name)' is damaged: its zip64 directory would be at byte \(value)") }
        return result
    }

    private func readEntry(_ cursor: ByteCursor, before directory: Int) throws -> Entry {
        guard try cursor.number(4) == 0x0201_4B50 else { throw cursor.error("no entry of a zip directory") }
        try cursor.skip(4)
        let flags = try cursor.number(2)
        let method = Int(try cursor.number(2))
        try cursor.skip(4)
        let checksum = UInt32(truncatingIfNeeded: try cursor.number(4))
        var (packed, size) = (try cursor.count(4), try cursor.count(4))
        let (nameLength, extraLength, commentLength) = (try cursor.count(2), try cursor.count(2), try cursor.count(2))
        try cursor.skip(8)
        var place = try cursor.count(4)
        let name = String(decoding: try cursor.bytes(nameLength), as: UTF8.self)
        let extra = ByteCursor(MemorySource(try cursor.bytes(extraLength), name: cursor.name))
        try cursor.skip(commentLength)
        while let left = extra.left, left >= 4 {
            let (tag, length) = (try extra.number(2), try extra.count(2))
            guard tag == 1 else { try extra.skip(length); continue }
            let start = extra.position
            if size == 0xFFFF_FFFF { size = try extra.count(8) }
            if packed == 0xFFFF_FFFF { packed = try extra.count(8) }
            if place == 0xFFFF_FFFF { place = try extra.count(8) }
            try extra.skip(max(0, length - (extra.position - start)))
        }
        guard flags & 1 == 0 else { throw FormatError("'\(name)' in '\(source.name)' is encrypted") }
        guard packed <= directory, place <= directory - packed else { throw cursor.error("the entry '\(name)' of \(packed) bytes at byte \(place) lies outside of the archive") }
        return Entry(name: name, size: size, packedSize: packed, method: method, checksum: checksum, headerPlace: place)
    }

    // MARK: - Content

    /// An entry's bytes, with their checksum checked.
    /// - Parameter most: an entry that is deflated, and so would be unpacked into memory, may have this many bytes.
    public func content(_ entry: Entry, most: Int) throws -> any ByteSource {
        let label = "\(source.name): \(entry.name)"
        let header = ByteCursor(try source.slice(at: entry.headerPlace, count: min(30, source.count - entry.headerPlace), name: label))
        guard try header.number(4) == 0x0403_4B50 else { throw FormatError("'\(label)' is damaged: there is no zip entry at byte \(entry.headerPlace)", remedy: FormatError.again) }
        try header.skip(22)
        let (nameLength, extraLength) = (try header.count(2), try header.count(2))
        let packed = try source.slice(at: entry.headerPlace + 30 + nameLength + extraLength, count: entry.packedSize, name: label)
        switch entry.method {
        case 0:
            guard entry.size == entry.packedSize else { throw FormatError("'\(label)' is damaged: it is stored in \(entry.packedSize) bytes, but announces \(entry.size)") }
            try check(packed, entry)
            return packed
        case 8:
            guard entry.size <= most, Packing.isPlausible(unpacked: entry.size, packed: entry.packedSize) else {
                throw FormatError("'\(label)' announces \(entry.size) bytes from \(entry.packedSize) packed ones, which is \(entry.size > most ? "more than \(most)" : "no honest size")")
            }
            let stream = try GzipStream(packed, format: .deflate)
            let content = try stream.take(entry.size)
            guard content.count == entry.size else { throw FormatError("'\(label)' is damaged: it unpacks to \(content.count) bytes instead of \(entry.size)", remedy: FormatError.again) }
            guard try stream.skip(1) == 0 else { throw FormatError("'\(label)' unpacks to more than the \(entry.size) bytes that it announces") }
            let result = MemorySource(content, name: label)
            try check(result, entry)
            return result
        default: throw FormatError("'\(label)' is packed by method \(entry.method); stored and deflated entries can be read", remedy: "pack it anew, as zip does by itself")
        }
    }

    private func check(_ content: any ByteSource, _ entry: Entry) throws {
        var sum = crc32(0, nil, 0)
        var buffer = [UInt8](repeating: 0, count: min(1 << 18, max(1, content.count)))
        var place = 0
        while place < content.count {
            let count = min(buffer.count, content.count - place)
            try buffer.withUnsafeMutableBytes { try content.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
            sum = buffer.withUnsafeBufferPointer { crc32(sum, $0.baseAddress, UInt32(count)) }
            place += count
        }
        guard UInt32(truncatingIfNeeded: sum) == entry.checksum else { throw FormatError("'\(content.name)' is damaged: its checksum is wrong", remedy: FormatError.again) }
    }
}
