/// A text as one word of bash.
enum ShellWord {
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+-@%")

    /// Always on one line: control characters are written as `$'\n'`.
    static func quoted(_ text: String) -> String {
        if !text.isEmpty, text.allSatisfy(plain.contains) { return text }
        if text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) { return "'" + text.replacing("'", with: "'\\''") + "'" }
        let parts = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\\", "'": "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "$'" + parts.joined() + "'"
    }
}
