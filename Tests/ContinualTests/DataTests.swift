@testable import Continual
import Engine
import XCTest

final class DataTests: DataTestCase {
    private func big(_ values: [Int]) -> [UInt8] { values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } } }
    /// Four small files as MNIST's: 3 training and 2 test images of 2x2.
    private func writeSet(trainLabels: [UInt8] = [1, 2, 3], trainImages: [UInt8]? = nil) throws {
        try write("train-images-idx3-ubyte", trainImages ?? big([2051, 3, 2, 2]) + Array(0..<12))
        try write("train-labels-idx1-ubyte", big([2049, trainLabels.count]) + trainLabels)
        try write("t10k-images-idx3-ubyte", big([2051, 2, 2, 2]) + Array(20..<28))
        try write("t10k-labels-idx1-ubyte", big([2049, 2]) + [0, 9])
    }

    private func message() -> String { problem { _ = try MNIST.digits.load(path: folder) } }

    func testReadsPlainFiles() throws {
        try writeSet()
        let data = try MNIST.digits.load(path: folder)
        XCTAssertEqual(data.imageShape, [1, 2, 2])
        XCTAssertEqual(try data.train.images.bytes(), Array(0..<12))
        XCTAssertEqual(try data.test.labels.ints(), [0, 9])
    }

    func testBadFiles() throws {
        XCTAssertTrue(message().contains("does not hold mnist"))
        try writeSet(trainLabels: [1, 2])
        XCTAssertTrue(message().contains("has 3 images") && message().contains("has 2 labels"), message())
        try writeSet(trainLabels: [1, 2, 77])
        XCTAssertTrue(message().contains("the label 77"), message())
        try writeSet(trainImages: big([2049, 3]) + [1, 2, 3])
        XCTAssertTrue(message().contains("magic number is 2049 instead of 2051"), message())
        try writeSet(trainImages: big([2051, 3, 2, 2]) + Array(0..<5))
        XCTAssertTrue(message().contains("cut off: it holds 5 of 12 bytes"), message())
        try writeSet(trainImages: big([2051, 3, 2, 2]) + Array(0..<13))
        XCTAssertTrue(message().contains("holds more bytes than the 12"), message())
        try writeSet(trainImages: big([2051, 0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF]))
        XCTAssertTrue(message().contains("absurd"), message())
        try writeSet(trainImages: big([2051, 3]))
        XCTAssertTrue(message().contains("cut off in its header"), message())
        try writeSet(trainImages: [])
        XCTAssertTrue(message().contains("shorter than a header"), message())
        try writeSet(trainImages: big([2051, 3, 0, 2]))
        XCTAssertTrue(message().contains("0 x 2"), message())
    }

    func testPackedFiles() throws {
        try writeSet()
        try FileManager.default.removeItem(atPath: "\(folder)/train-images-idx3-ubyte")
        let packed = gzip(big([2051, 3, 2, 2]) + Array(0..<12))
        try write("train-images-idx3-ubyte.gz", packed)
        XCTAssertEqual(try MNIST.digits.load(path: folder).train.images.bytes(), Array(0..<12))
        try write("train-images-idx3-ubyte.gz", Array(packed.dropLast(9)))
        XCTAssertTrue(message().contains("cut off") || message().contains("damaged"), message())
        // Unpacks to far more than the header announces.
        try write("train-images-idx3-ubyte.gz", gzip(big([2051, 3, 2, 2]) + [UInt8](repeating: 0, count: 50_000_000)))
        XCTAssertTrue(message().contains("holds more bytes than the 12"), message())
        var broken = packed
        for index in 12..<20 { broken[index] ^= 0x5A }
        try write("train-images-idx3-ubyte.gz", broken)
        XCTAssertNotEqual(message(), "no error")
    }

    func testRelatives() throws {
        try writeSet()
        XCTAssertEqual(try MNIST.fashion.load(path: folder).classNames[9], "Ankle boot")
        XCTAssertEqual(try MNIST.letters.load(path: folder).classNames[3], "D")
        // Some copies have a dot in the names.
        try FileManager.default.moveItem(atPath: "\(folder)/t10k-labels-idx1-ubyte", toPath: "\(folder)/t10k-labels.idx1-ubyte")
        XCTAssertEqual(try MNIST.digits.load(path: folder).test.labels.ints(), [0, 9])
        // BCL_DATA may be MNIST's own folder, but not that of another set with files of the same names.
        setenv("BCL_DATA", folder, 1)
        defer { unsetenv("BCL_DATA") }
        XCTAssertEqual(try MNIST.digits.load().train.count, 3)
        XCTAssertTrue(problem { _ = try MNIST.fashion.load() }.contains("the files of fashion_mnist are in none of '\(folder)/fashion_mnist'"))
        try FileManager.default.createDirectory(atPath: "\(folder)/FashionMNIST", withIntermediateDirectories: true)
        for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"] { try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(folder)/FashionMNIST/\(name)") }
        XCTAssertTrue(problem { _ = try MNIST.fashion.load() }.contains("there is no 't10k-labels-idx1-ubyte.gz' in '\(folder)/FashionMNIST'"))
        try FileManager.default.moveItem(atPath: "\(folder)/t10k-labels.idx1-ubyte", toPath: "\(folder)/FashionMNIST/t10k-labels-idx1-ubyte")
        XCTAssertEqual(try MNIST.fashion.load().test.count, 2)
    }

    func testDigits() throws {
        let data = try Digits.load()
        XCTAssertEqual(data.train.count + data.test.count, 1797)
        XCTAssertEqual(data.test.count, 355)
        XCTAssertEqual(try data.train.images.max().itemInt(), 255)
        for label in 0..<10 { XCTAssertGreaterThanOrEqual(try data.test.labels.eq(.int(label)).sum().itemInt(), 34) }
    }

    func testRealMNIST() throws {
        let real = "\(Self.shared)/mnist"
        try XCTSkipUnless(FileManager.default.fileExists(atPath: real), "the real MNIST files are not here")
        let data = try MNIST.digits.load(path: real)
        XCTAssertEqual([data.train.count, data.test.count], [60_000, 10_000])
        XCTAssertEqual(try data.train.images.to(.float64).mean().item() / 255, 0.1307, accuracy: 1e-4)
        let counts = try (0..<10).map { try data.train.labels.eq(.int($0)).sum().itemInt() }
        XCTAssertEqual(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    }
}
