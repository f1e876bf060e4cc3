/// One hash of several texts, which tells them from any other several texts.
public enum Fingerprint {
    public static func of(_ texts: [String]) -> String { Digest.sha256(Array(texts.flatMap { Array("\($0.utf8.count):".utf8) + Array($0.utf8) })) }
}
