@testable import Continual
import CZlib
import Engine
import XCTest

final class DataTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws {
        folder = NSTemporaryDirectory() + "bclsh-data-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

    private func big(_ values: [Int]) -> [UInt8] { values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } } }
    private func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }

    /// Four small files as MNIST's: 3 training and 2 test images of 2x2.
    private func writeSet(trainLabels: [UInt8] = [1, 2, 3], trainImages: [UInt8]? = nil) throws {
        try write("train-images-idx3-ubyte", trainImages ?? big([2051, 3, 2, 2]) + Array(0..<12))
        try write("train-labels-idx1-ubyte", big([2049, trainLabels.count]) + trainLabels)
        try write("t10k-images-idx3-ubyte", big([2051, 2, 2, 2]) + Array(20..<28))
        try write("t10k-labels-idx1-ubyte", big([2049, 2]) + [0, 9])
    }

    private func message() -> String {
        do { _ = try MNIST.load(path: folder) } catch { return "\(error)" }
        return "no error"
    }

    func testReadsPlainFiles() throws {
        try writeSet()
        let data = try MNIST.load(path: folder)
        XCTAssertEqual(data.imageShape, [1, 2, 2])
        XCTAssertEqual(try data.train.images.bytes(), Array(0..<12))
        XCTAssertEqual(try data.test.labels.ints(), [0, 9])
    }

    func testBadFiles() throws {
        XCTAssertTrue(message().contains("there is no 'train-images-idx3-ubyte.gz'"))
        try writeSet(trainLabels: [1, 2])
        XCTAssertTrue(message().contains("has 3 images") && message().contains("has 2 labels"), message())
        try writeSet(trainLabels: [1, 2, 77])
        XCTAssertTrue(message().contains("the label 77"), message())
        try writeSet(trainImages: big([2049, 3]) + [1, 2, 3])
        XCTAssertTrue(message().contains("magic number is 2049 instead of 2051"), message())
        try writeSet(trainImages: big([2051, 3, 2, 2]) + Array(0..<5))
        XCTAssertTrue(message().contains("cut off: it holds 5 of 12 bytes"), message())
        try writeSet(trainImages: big([2051, 3, 2, 2]) + Array(0..<13))
        XCTAssertTrue(message().contains("1 bytes more"), message())
        try writeSet(trainImages: big([2051, 0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF]))
        XCTAssertTrue(message().contains("absurd"), message())
        try writeSet(trainImages: big([2051, 3]))
        XCTAssertTrue(message().contains("cut off in its header"), message())
        try writeSet(trainImages: [])
        XCTAssertTrue(message().contains("shorter than a header"), message())
        try writeSet(trainImages: big([2051, 3, 0, 2]))
        XCTAssertTrue(message().contains("0 x 2"), message())
    }

    private func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        XCTAssertEqual(deflateInit2_(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)), Z_OK)
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1000)
        let count = output.count
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(count)
                XCTAssertEqual(deflate(&stream, Z_FINISH), Z_STREAM_END)
            }
        }
        deflateEnd(&stream)
        return Array(output.prefix(count - Int(stream.avail_out)))
    }

    func testPackedFiles() throws {
        try writeSet()
        let packed = gzip(big([2051, 3, 2, 2]) + Array(0..<12))
        try write("train-images-idx3-ubyte.gz", packed)
        XCTAssertEqual(try MNIST.load(path: folder).train.images.bytes(), Array(0..<12))
        try write("train-images-idx3-ubyte.gz", Array(packed.dropLast(9)))
        XCTAssertTrue(message().contains("cut off") || message().contains("damaged"), message())
        // Unpacks to far more than the header announces.
        try write("train-images-idx3-ubyte.gz", gzip(big([2051, 3, 2, 2]) + [UInt8](repeating: 0, count: 50_000_000)))
        XCTAssertTrue(message().contains("unpacks to more than the 28 bytes"), message())
        var broken = packed
        for index in 12..<20 { broken[index] ^= 0x5A }
        try write("train-images-idx3-ubyte.gz", broken)
        XCTAssertNotEqual(message(), "no error")
    }

    func testDigits() throws {
        let data = try Digits.load()
        XCTAssertEqual(data.train.count + data.test.count, 1797)
        XCTAssertEqual(data.test.count, 355)
        XCTAssertEqual(try data.train.images.max().itemInt(), 255)
        for label in 0..<10 { XCTAssertGreaterThanOrEqual(try data.test.labels.eq(.int(label)).sum().itemInt(), 34) }
    }

    func testRealMNIST() throws {
        let real = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data/mnist").path
        try XCTSkipUnless(FileManager.default.fileExists(atPath: real), "the real MNIST files are not here")
        let data = try MNIST.load(path: real)
        XCTAssertEqual([data.train.count, data.test.count], [60_000, 10_000])
        XCTAssertEqual(try data.train.images.to(.float64).mean().item() / 255, 0.1307, accuracy: 1e-4)
        let counts = try (0..<10).map { try data.train.labels.eq(.int($0)).sum().itemInt() }
        XCTAssertEqual(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    }
}
