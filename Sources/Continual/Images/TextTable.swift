import Foundation

/// The lines of a text file with their numbers, for lists that come with images. Every complaint names file and line.
struct TextTable {
    struct Line {
        let number: Int
        let text: Substring
    }

    let path: String
    /// Lines that are not empty.
    let lines: [Line]

    private static let largest = 256 << 20

    init(_ path: String, in folder: String) throws {
        self.path = "\(folder)/\(path)"
        var status = stat()
        guard stat(self.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw DataError("there is no '\(path)' in '\(folder)'", remedy: "unpack the data set again, or name its folder with path") }
        guard status.st_size <= Self.largest else { throw DataError("'\(self.path)' has \(status.st_size) bytes: it is no list of images") }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: self.path)) else { throw DataError("'\(self.path)' can't be read") }
        guard let text = String(validating: data, as: UTF8.self), !data.contains(0) else {
            throw DataError("'\(self.path)', line \(Self.badLine(data)), is no text in UTF-8")
        }
        var lines: [Line] = []
        // A line may end as on Windows; to Swift "\r\n" is one character, so that it is split by scalars.
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = Substring(line)
            if line.hasSuffix("\r") { line = Substring(line.unicodeScalars.dropLast()) }
            if index == 0, line.unicodeScalars.first == "\u{FEFF}" { line = Substring(line.unicodeScalars.dropFirst()) }
            if line.contains(where: { !$0.isWhitespace }) { lines.append(Line(number: index + 1, text: line)) }
        }
        guard !lines.isEmpty else { throw DataError("'\(self.path)' is empty") }
        self.lines = lines
    }

    /// The first line that is not valid.
    private static func badLine(_ data: Data) -> Int {
        for (index, line) in data.split(separator: 10, omittingEmptySubsequences: false).enumerated() where line.contains(0) || String(validating: line, as: UTF8.self) == nil { return index + 1 }
        return 1
    }

    func wrong(_ line: Line, _ why: String) -> DataError { DataError("'\(path)', line \(line.number): \(why)") }
    func place(_ line: Line) -> String { "line \(line.number) of '\(path)'" }

    /// Each line as an id, counting from 1, and the rest. Ids must be there once.
    func byID() throws -> [Int: (value: String, line: Line)] {
        var result: [Int: (value: String, line: Line)] = [:]
        for line in lines {
            let parts = line.text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            guard parts.count == 2, let id = Int(parts[0]), id >= 1 else { throw wrong(line, "it should be a number from 1 on and a value, not '\(line.text.prefix(60))'") }
            if let other = result[id] { throw wrong(line, "\(id) was already on line \(other.line.number)") }
            result[id] = (parts[1].trimmingCharacters(in: .whitespaces), line)
        }
        return result
    }
}

/// A path from a list, which must stay below the folder of the list.
func isInside(_ path: String) -> Bool { !path.isEmpty && !path.hasPrefix("/") && !path.split(separator: "/").contains("..") && !path.contains("\0") }
