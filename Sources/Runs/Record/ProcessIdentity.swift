import Foundation

/// A process that can be told from a later one with the same number.
public struct ProcessIdentity: Codable, Equatable, Sendable {
    public let host: String
    /// Of the machine's start and the process namespace: numbers mean something only there.
    public let place: String
    public let number: Int
    /// Clock ticks from the machine's start to the process's.
    public let started: Int

    public init(host: String, place: String, number: Int, started: Int) { (self.host, self.place, self.number, self.started) = (host, place, number, started) }

    public static let own = ProcessIdentity(host: hostName, place: placeNow, number: Int(getpid()), started: startTime(Int(getpid())) ?? 0)

    static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(cString: buffer)
    }()

    static let placeNow: String = {
        let boot = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + space
    }()

    /// Whether it is known to be gone. What runs elsewhere is not known.
    public var isGone: Bool {
        guard host == Self.hostName else { return false }
        // The machine was started anew; in another namespace of the same start nothing is known.
        guard place == Self.placeNow else { return place.split(separator: " ").first != Self.placeNow.split(separator: " ").first }
        return Self.startTime(number) != started
    }

    /// nil where there is no such process, or only its exit status is left of it.
    private static func startTime(_ number: Int) -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(number)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name stands in brackets and may hold anything, brackets too.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int(fields[19])
    }
}
