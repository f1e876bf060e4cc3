import BCLScript

/// How large a single value of the language may become: a slip must end in a message, not in a machine without memory.
public enum Limits {
    /// Elements of one list.
    nonisolated(unsafe) public static var mostElements = 50_000_000
    /// UTF-8 bytes of one string.
    nonisolated(unsafe) public static var longestText = 256 << 20

    /// UTF-8 bytes of the text of a list or record; the rest is left out.
    nonisolated(unsafe) public static var longestDescription = 16 << 20

    static func tooManyElements(_ count: Int) -> Failure { Failure(.outOfMemory, "a list of \(count) elements would be too large", hint: "a list holds at most \(mostElements) elements; tensors hold more") }
    static func tooLongText(_ count: Int) -> Failure { Failure(.outOfMemory, "a string of \(count) bytes would be too large", hint: "a string holds at most \(longestText) bytes") }

    static func checkElements(_ count: Int) throws { if count > mostElements { throw tooManyElements(count) } }
    static func checkText(_ count: Int) throws { if count > longestText { throw tooLongText(count) } }
}
