/// The members of a tar archive (POSIX ustar and pax, GNU), one after the other. Nothing is written anywhere: names are only compared.
public final class TarReader {
    public struct Member {
        /// As in the archive, without a leading "./".
        public let name: String
        public let size: Int
    }

    private static let blockSize = 512
    /// More than the names and pax records of one member have.
    private static let mostHeaderBytes = 1 << 20

    private let cursor: ByteCursor
    private var current: MemberStream?
    private var paddingOfCurrent = 0
    private var members = 0

    public init(_ stream: any ByteStream) { cursor = ByteCursor(stream) }

    /// Whether a file, unpacked, starts like a tar archive.
    public static func matches(_ start: [UInt8]) -> Bool { start.count >= blockSize && checksumFits(start) }

    /// The next regular file; links, folders and devices are passed over, except that a member whose name leads out of the archive is an error.
    public func next() throws -> (member: Member, content: any ByteStream)? {
        try finishCurrent()
        var longName: String?
        var paxSize: Int?
        while let header = try nextHeader() {
            let kind = header[156]
            let size = try number(header, 124, 12, "size")
            switch kind {
            case UInt8(ascii: "L"):
                longName = text(try small(size)[...])
            case UInt8(ascii: "x"):
                let record = try paxRecords(try small(size))
                longName = record["path"] ?? longName
                if let given = record["size"] {
                    guard let value = Int(given), value >= 0 else { throw cursor.error("the size '\(given.prefix(40))' in a pax header") }
                    paxSize = value
                }
            case UInt8(ascii: "g"), UInt8(ascii: "K"):
                _ = try small(size)
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
                let name = try checked(longName ?? ustarName(header))
                let content = paxSize ?? size
                members += 1
                guard members <= 1_000_000 else { throw cursor.error("more than a million members") }
                // Old archives mark folders by a slash only.
                if name.hasSuffix("/"), content == 0 { (longName, paxSize) = (nil, nil); continue }
                let stream = MemberStream(cursor, count: content, name: "\(cursor.name): \(name)")
                current = stream
                paddingOfCurrent = padding(content)
                return (Member(name: name, size: content), stream)
            case UInt8(ascii: "1")...UInt8(ascii: "6"):
                _ = try checked(longName ?? ustarName(header))
                // Only hard links of some old writers carry content.
                if kind == UInt8(ascii: "1") { try cursor.skip(size + padding(size)) }
                (longName, paxSize) = (nil, nil)
            default:
                try cursor.skip(size)
                try cursor.skip(padding(size))
                (longName, paxSize) = (nil, nil)
            }
        }
        return nil
    }

    private func padding(_ size: Int) -> Int { (Self.blockSize - size % Self.blockSize) % Self.blockSize }

    private func finishCurrent() throws {
        guard let stream = current else { return }
        current = nil
        try cursor.skip(stream.left)
        // The archive's last member may lack its padding.
        if paddingOfCurrent > 0, try cursor.peek() != nil { try cursor.skip(paddingOfCurrent) }
    }

    private func nextHeader() throws -> [UInt8]? {
        guard try cursor.peek() != nil else { return nil }
        let place = cursor.position
        let header = try cursor.bytes(Self.blockSize)
        if header.allSatisfy({ $0 == 0 }) { return nil }
        guard Self.checksumFits(header) else {
            throw FormatError(place == 0 ? "'\(cursor.name)' is no tar archive" : "'\(cursor.name)' is damaged: the tar header at byte \(place) has a wrong checksum", remedy: FormatError.again)
        }
        return header
    }

    /// Sum of all bytes, the checksum's own taken as blanks; some old writers added them as signed numbers.
    private static func checksumFits(_ header: [UInt8]) -> Bool {
        var unsigned = 0
        var signed = 0
        for (index, byte) in header.prefix(blockSize).enumerated() {
            let value = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        var stored = 0
        var hasDigits = false
        for byte in header[148..<156] {
            if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) {
                stored = stored * 8 + Int(byte - UInt8(ascii: "0"))
                hasDigits = true
            } else if hasDigits { break }
        }
        return hasDigits && (stored == unsigned || stored == signed)
    }

    /// Octal digits, or where the first bit is set GNU's big-endian binary.
    private func number(_ header: [UInt8], _ start: Int, _ length: Int, _ what: String) throws -> Int {
        let field = header[start..<start + length]
        var result = 0
        if header[start] & 0x80 != 0 {
            for (index, byte) in field.enumerated() {
                let digit = Int(index == 0 ? byte & 0x7F : byte)
                guard result < 1 << 52 else { throw cursor.error("a member's \(what) is absurd") }
                result = result << 8 | digit
            }
        } else {
            for byte in field.drop(while: { $0 == UInt8(ascii: " ") }).prefix(while: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { throw cursor.error("a member's \(what) is no octal number") }
                result = result * 8 + Int(byte - UInt8(ascii: "0"))
            }
        }
        guard result <= 1 << 50 else { throw cursor.error("a member's \(what) is absurd: \(result) bytes") }
        return result
    }

    private func small(_ size: Int) throws -> [UInt8] {
        guard size <= Self.mostHeaderBytes else { throw cursor.error("a name or extended header of \(size) bytes") }
        let content = try cursor.bytes(size)
        try cursor.skip(padding(size))
        return content
    }

    /// Lines of "LENGTH KEY=VALUE\n".
    private func paxRecords(_ content: [UInt8]) throws -> [String: String] {
        var records: [String: String] = [:]
        var rest = content[...]
        while !rest.isEmpty {
            guard let blank = rest.firstIndex(of: UInt8(ascii: " ")), let length = Int(text(rest[..<blank])), length > blank - rest.startIndex + 1, length <= rest.count else {
                throw cursor.error("a pax header that can't be read")
            }
            let line = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) { records[text(line[..<equals])] = text(line[(equals + 1)...]) }
            rest = rest[(rest.startIndex + length)...]
        }
        return records
    }

    private func ustarName(_ header: [UInt8]) -> String {
        let name = text(header[0..<100])
        let isUstar = header[257..<262].elementsEqual(Array("ustar".utf8)) && header[262] == 0
        let prefix = isUstar ? text(header[345..<500]) : ""
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

    private func checked(_ name: String) throws -> String {
        try MemberName.check(name, in: cursor.name)
        return name.hasPrefix("./") ? String(name.dropFirst(2)) : name
    }

    /// The content of one member.
    private final class MemberStream: ByteStream {
        let name: String
        private let cursor: ByteCursor
        private(set) var left: Int

        init(_ cursor: ByteCursor, count: Int, name: String) {
            self.cursor = cursor
            self.name = name
            left = count
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let wanted = min(left, buffer.count)
            guard wanted > 0 else { return 0 }
            let got = try cursor.some(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            guard got > 0 else { throw FormatError("'\(name)' is cut off: \(left) bytes are missing", remedy: FormatError.again) }
            left -= got
            return got
        }
    }
}

/// Names of an archive's members are not trusted, even where nothing is written by them.
enum MemberName {
    static func check(_ name: String, in archive: String) throws {
        guard !name.isEmpty else { throw FormatError("'\(archive)' has a member without a name") }
        guard !name.hasPrefix("/"), !name.utf8.contains(0), !name.split(separator: "/", omittingEmptySubsequences: false).contains("..") else {
            throw FormatError("'\(archive)' has a member '\(name.prefix(200))', which leads out of the archive", remedy: "don't use it: such archives are made to overwrite files")
        }
    }
}
