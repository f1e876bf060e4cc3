import CCrypto
import Foundation

/// A name that no other run anywhere has: 48 bits of milliseconds and 80 random bits in Crockford's base 32, so that names sort by time (ULID, in lower case).
public enum RunID {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")

    public static func make(_ now: Date = Date()) -> String {
        var random = SystemRandomNumberGenerator()
        let time = UInt64(max(0, now.timeIntervalSince1970 * 1000))
        let head = (0..<10).reversed().map { digits[Int(time >> UInt64($0 * 5) & 31)] }
        return String(head + (0..<16).map { _ in digits[Int.random(in: 0..<32, using: &random)] })
    }

    public static func isValid(_ text: String) -> Bool { text.count == 26 && text.allSatisfy(digits.contains) }
}

enum Digest {
    /// In lower-case hexadecimal.
    static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        return digest.prefix(Int(length)).map { String(format: "%02x", $0) }.joined()
    }
}
