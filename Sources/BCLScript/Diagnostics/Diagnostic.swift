/// One message about a program: what is wrong, where, and what would be right.
public struct Diagnostic: Error, Sendable {
    public enum Severity: String, Sendable { case error, warning }

    /// A second place that explains the first ("declared here").
    public struct Note: Sendable {
        public let message: String
        public let location: Location?

        public init(_ message: String, at location: Location? = nil) {
            self.message = message
            self.location = location
        }
    }

    public let code: DiagnosticCode
    public let severity: Severity
    public let message: String
    public let location: Location?
    /// What to do about it, where that is known.
    public var hint: String?
    public var notes: [Note]

    public init(
        _ code: DiagnosticCode, _ message: String, at location: Location?, hint: String? = nil,
        severity: Severity = .error, notes: [Note] = []
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.location = location
        self.hint = hint
        self.notes = notes
    }
}
