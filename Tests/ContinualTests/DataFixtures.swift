@testable import Continual
import CLzma
import CZlib
import Engine
import FileFormats
import XCTest

/// A folder for a test's files, and files as programs write them.
class DataTestCase: XCTestCase {
    private(set) var folder = ""

    override func setUpWithError() throws {
        folder = NSTemporaryDirectory() + "bclsh-data-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

    /// Files of Tests/Data: written by scripts/data/make_test_files.py with torch and numpy.
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Data").path
    static let shared = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data").path
    /// Element i of their images.
    static func grey(_ index: Int) -> Int { 7 * index % 256 }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// The message of the error that a body throws.
    func problem(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "no error"
    }

    /// - Parameter window: 31 for gzip, 15 for zlib, -15 for deflate.
    func gzip(_ bytes: [UInt8], window: Int32 = 31) -> [UInt8] {
        var stream = z_stream()
        precondition(deflateInit2_(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { deflateEnd(&stream) }
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count + bytes.count / 100 + 1000) { output, used in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
                used = output.count - Int(stream.avail_out)
            }
        }
    }

    func xz(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: lzma_stream_buffer_bound(bytes.count)) { output, used in
            precondition(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nil, bytes, bytes.count, output.baseAddress, &used, output.count) == LZMA_OK)
        }
    }

    /// Runs tar on files of the folder.
    func tar(_ name: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/tar")
        process.arguments = ["-C", folder, "-cf", "\(folder)/\(name)"] + arguments
        try process.run()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
    }

    /// The Python of the torch wheel; nil where torch came otherwise.
    static let torchPython: String? = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "")/.cache"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: "\(cache)/bclsh")) ?? []).filter { $0.hasPrefix("torch-") }.sorted()
        return versions.map { "\(cache)/bclsh/\($0)/bin/python3" }.last(where: FileManager.default.isExecutableFile(atPath:))
    }()

    /// Runs a program in the folder and returns what it prints.
    func python(_ program: String) throws -> String {
        guard let path = Self.torchPython else { throw XCTSkip("torch's own Python is not here") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-W", "ignore", "-c", program]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0, text)
        return text
    }
}
