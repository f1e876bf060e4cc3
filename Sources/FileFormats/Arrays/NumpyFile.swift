/// The .npy format of numpy, versions 1.0 to 3.0: magic, version, length of a header that is a Python dict literal, then the elements.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public enum NumpyFile {
    public static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Headers describe a few numbers; numpy itself refuses more than 10,000 bytes.
    private static let longestHeader = 1 << 16

    public static func read(_ source: any ByteSource) throws -> StoredArray {
        let cursor = ByteCursor(source)
        guard source.count >= 10, try cursor.bytes(6) == magic else { throw FormatError("'\(source.name)' is no numpy array: it does not start with \\x93NUMPY") }
        let (major, minor) = (try cursor.byte(), try cursor.byte())
        guard (1...3).contains(major) else { throw FormatError("'\(source.name)' is a numpy array of version \(major).\(minor); 1.0 to 3.0 can be read") }
        let length = try cursor.count(major == 1 ? 2 : 4)
        guard length <= longestHeader else { throw cursor.error("a header of \(length) bytes") }
        var header = NumpyHeader(try cursor.bytes(length), name: source.name)
        let (code, isFortran, shape) = try header.parse()
        let (type, isBigEndian) = try elementType(code, source.name)
        let body = try source.slice(at: cursor.position, count: source.count - cursor.position)
        return try StoredArray(type, shape: shape, strides: isFortran ? StoredArray.columnMajor(shape) : nil, isBigEndian: isBigEndian, bytes: body)
    }

    static func elementType(_ code: String, _ name: String) throws -> (ElementType, isBigEndian: Bool) {
        let order = code.first.flatMap { "<>|=".contains($0) ? $0 : nil }
        guard let type = ElementType(numpy: String(order == nil ? code[...] : code.dropFirst())) else {
            let why = code.contains("O") ? "Python objects, which only running code could make" : "elements of type '\(code.prefix(40))'"
            throw FormatError("'\(name)' holds \(why)", remedy: "save numbers: bool, int, uint or float arrays")
        }
        return (type, order == ">")
    }
}

/// {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
private struct NumpyHeader {
    private let bytes: [UInt8]
    private let name: String
    private var place = 0

    init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    private func error(_ what: String) -> FormatError { FormatError("'\(name)' has a numpy header that can't be read: \(what) at byte \(place) of the header") }

    mutating func parse() throws -> (code: String, isFortran: Bool, shape: [Int]) {
        var code: String?
        var isFortran: Bool?
        var shape: [Int]?
        try expect("{")
        while peek() != UInt8(ascii: "}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr":
                guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
                    throw FormatError("'\(name)' holds records (a structured numpy array)", remedy: "save each field as an array of its own")
                }
                code = try string()
            case "fortran_order": isFortran = try boolean()
            case "shape": shape = try tuple()
            default: throw error("an unknown key '\(key.prefix(40))'")
            }
            guard accept(",") else { break }
        }
        try expect("}")
        guard let code, let isFortran, let shape else { throw error("descr, fortran_order or shape is missing") }
        return (code, isFortran, shape)
    }

    private mutating func peek() -> UInt8? {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        return place < bytes.count ? bytes[place] : nil
    }
    private mutating func accept(_ symbol: Character) -> Bool {
        guard peek() == symbol.asciiValue else { return false }
        place += 1
        return true
    }
    private mutating func expect(_ symbol: Character) throws { guard accept(symbol) else { throw error("'\(symbol)' is missing") } }

    private mutating func string() throws -> String {
        guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw error("a string is missing") }
        place += 1
        guard let end = bytes[place...].firstIndex(of: quote) else { throw error("a string has no end") }
        defer { place = end + 1 }
        return String(decoding: bytes[place..<end], as: UTF8.self)
    }

    private mutating func boolean() throws -> Bool {
        _ = peek()
        for (word, value) in [("True", true), ("False", false)] where bytes[place...].starts(with: Array(word.utf8)) {
            place += word.utf8.count
            return value
        }
        throw error("True or False is missing")
    }

    private mutating func tuple() throws -> [Int] {
        var sizes: [Int] = []
        try expect("(")
        while peek() != UInt8(ascii: ")") {
            var value = 0
            let start = place
            while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
                guard value < 1 << 56 else { throw error("an absurd size") }
                value = value * 10 + Int(bytes[place] - UInt8(ascii: "0"))
                place += 1
            }
            guard place > start else { throw error("a size is missing") }
            _ = accept("L")  // Python 2 wrote long integers so
            sizes.append(value)
            guard sizes.count <= 32 else { throw error("too many dimensions") }
            guard accept(",") else { break }
        }
        try expect(")")
        return sizes
    }
}
