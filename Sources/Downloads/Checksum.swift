import CCrypto
import Foundation

/// What the publisher says a file's digest is.
public struct Checksum: Equatable, Sendable, CustomStringConvertible {
    public enum Algorithm: String, Sendable {
        case md5 = "MD5", sha256 = "SHA-256"
    }

    public let algorithm: Algorithm
    /// Lower-case hexadecimal.
    public let digest: String

    public static func md5(_ digest: String) -> Checksum { Checksum(algorithm: .md5, digest: digest) }
    public static func sha256(_ digest: String) -> Checksum { Checksum(algorithm: .sha256, digest: digest) }

    public var description: String { "\(algorithm.rawValue) \(digest)" }

    /// The checksum of a file's content.
    /// - Parameter isStopped: asked now and then; true ends the work with `DownloadError.Kind.interrupted`.
    public static func of(_ path: String, _ algorithm: Algorithm, isStopped: () -> Bool = { false }) throws -> Checksum {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DownloadError(.file, "'\(path)' can't be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let sum = try Digest(algorithm)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            if isStopped() { throw DownloadError(.interrupted, "interrupted") }
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw DownloadError(.file, "'\(path)' can't be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            buffer.withUnsafeBytes { sum.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return sum.value
    }

    /// The checksum of bytes in memory.
    public static func of(_ bytes: UnsafeRawBufferPointer, _ algorithm: Algorithm) throws -> Checksum {
        let sum = try Digest(algorithm)
        sum.add(bytes)
        return sum.value
    }

    /// OpenSSL's context of a digest that is being computed.
    private final class Digest {
        private let algorithm: Algorithm
        private let context: OpaquePointer

        init(_ algorithm: Algorithm) throws {
            guard let context = EVP_MD_CTX_new() else { throw DownloadError(.file, "OpenSSL could not be started") }
            (self.algorithm, self.context) = (algorithm, context)
            guard EVP_DigestInit_ex(context, algorithm == .md5 ? EVP_md5() : EVP_sha256(), nil) == 1 else {
                throw DownloadError(.file, "this system's OpenSSL has no \(algorithm.rawValue)")
            }
        }

        deinit { EVP_MD_CTX_free(context) }

        func add(_ bytes: UnsafeRawBufferPointer) { if !bytes.isEmpty { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) } }

        var value: Checksum {
            var digest = [UInt8](repeating: 0, count: 64)
            var length: UInt32 = 0
            EVP_DigestFinal_ex(context, &digest, &length)
            return Checksum(algorithm: algorithm, digest: digest.prefix(Int(length)).map { String(format: "%02x", $0) }.joined())
        }
    }
}

/// Why a data set could not be installed: one sentence, and what to do about it.
public struct DownloadError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// There is no data set of that name, or it can't be had by download.
        case unknown
        /// The servers did not give it.
        case network
        /// The disk did not take it.
        case file
        case interrupted
    }

    public let kind: Kind
    public let message: String
    public let remedy: String?
    public var description: String { message }

    init(_ kind: Kind, _ message: String, remedy: String? = nil) { (self.kind, self.message, self.remedy) = (kind, message, remedy) }
}
