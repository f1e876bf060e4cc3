/// What a run printed: all of it, or its beginning and its end where it is long.
struct RunLog {
    private static let head = 64 << 10
    private static let tail = 192 << 10
    private var first = ""
    private var last: [String] = []
    private var lastBytes = 0
    private var leftOut = 0

    init() {}

    /// With what the run had printed before it was resumed.
    init(beginning text: String) { if !text.isEmpty { add(text.hasSuffix("\n") ? String(text.dropLast()) : text) } }

    mutating func add(_ text: String) {
        let line = text + "\n"
        if last.isEmpty, leftOut == 0, first.utf8.count + line.utf8.count <= Self.head {
            first += line
            return
        }
        last.append(line)
        lastBytes += line.utf8.count
        // Trimmed now and then, so that a line costs no more than its own length.
        guard lastBytes > 2 * Self.tail else { return }
        trim()
    }

    private mutating func trim() {
        var count = 0
        while count < last.count - 1, lastBytes > Self.tail {
            lastBytes -= last[count].utf8.count
            leftOut += last[count].utf8.count
            count += 1
        }
        last.removeFirst(count)
        // A single line beyond all bounds loses its start.
        if lastBytes > Self.tail, let line = last.first {
            let kept = String(decoding: line.utf8.suffix(Self.tail), as: UTF8.self)
            leftOut += line.utf8.count - kept.utf8.count
            (last, lastBytes) = ([kept], kept.utf8.count)
        }
    }

    var text: String {
        var log = self
        if log.lastBytes > Self.tail { log.trim() }
        return log.first + (log.leftOut > 0 ? "[... \(log.leftOut) bytes are left out ...]\n" : "") + log.last.joined()
    }
}
