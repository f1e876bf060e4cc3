import Foundation

/// Messages of the base protocol: a header with Content-Length, an empty line, then JSON.
final class MessageStream {
    enum Incoming {
        case message(JSON)
        /// A body that is no JSON.
        case unreadable
    }

    /// A header line or a body longer than this is no message.
    private static let longestLine = 4096
    private static let longestBody = 256 << 20

    private let input: Int32
    private let output: FileHandle
    private var buffer: [UInt8] = []
    private var position = 0

    init(input: Int32, output: FileHandle) {
        self.input = input
        self.output = output
    }

    /// The next message; nil at the end of the input, or where no header can be made out any more.
    func read() -> Incoming? {
        var length: Int?
        while true {
            guard let line = readLine() else { return nil }
            if line.isEmpty {
                if length == nil { continue }
                break
            }
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "content-length" { length = Int(parts[1].trimmingCharacters(in: .whitespaces)) }
        }
        guard let length, length >= 0, length <= Self.longestBody, let body = readBytes(length) else { return nil }
        guard let message = try? JSONDecoder().decode(JSON.self, from: Data(body)) else { return .unreadable }
        return .message(message)
    }

    func write(_ message: JSON) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(message) else { return }
        output.write(Data("Content-Length: \(body.count)\r\n\r\n".utf8) + body)
    }

    // MARK: - Bytes

    private func fill() -> Bool {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(input, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += chunk[0..<count]
            return true
        }
    }

    /// Up to the line end, which is left out.
    private func readLine() -> String? {
        var searched = 0
        while true {
            if let end = buffer[(position + searched)...].firstIndex(of: 0x0A) {
                var line = buffer[position..<end]
                position = end + 1
                if line.last == 0x0D { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            searched = buffer.count - position
            guard searched <= Self.longestLine, fill() else { return nil }
        }
    }

    private func readBytes(_ count: Int) -> ArraySlice<UInt8>? {
        while buffer.count - position < count { guard fill() else { return nil } }
        defer { position += count }
        return buffer[position..<position + count]
    }
}
