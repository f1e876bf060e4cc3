/// What is wrong with a file: one sentence that names the file and the place in it.
public struct FormatError: Error, CustomStringConvertible, Sendable {
    public let message: String
    /// What to do about it.
    public let remedy: String?
    public var description: String { message }

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    static let again = "get it again"
}
