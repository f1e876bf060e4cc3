@testable import Continual
import Engine
import XCTest

final class CIFARTests: DataTestCase {
    /// Record i: labels, then pixels i, i + 1, ...
    private func records(_ labels: [[UInt8]], from first: Int = 0) -> [UInt8] {
        var result: [UInt8] = []
        for (index, bytes) in labels.enumerated() {
            result += bytes
            for pixel in 0..<3072 { result.append(UInt8(truncatingIfNeeded: first + index + pixel)) }
        }
        return result
    }

    private func check(_ data: Dataset, train: [Int], test: [Int], _ line: UInt = #line) throws {
        XCTAssertEqual(data.imageShape, [3, 32, 32], line: line)
        XCTAssertEqual(try data.train.labels.ints(), train, line: line)
        XCTAssertEqual(try data.test.labels.ints(), test, line: line)
        let pixels = try data.train.images.bytes()
        XCTAssertEqual(pixels.count, train.count * 3072, line: line)
        for row in 0..<train.count {
            XCTAssertEqual(pixels[row * 3072], UInt8(row), line: line)
            XCTAssertEqual(pixels[row * 3072 + 3071], UInt8(truncatingIfNeeded: row + 3071), line: line)
        }
    }

    private let ten: [UInt8] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]

    private func writeTen(_ pack: (String, [UInt8]) throws -> Void) throws {
        for part in 0..<5 { try pack("data_batch_\(part + 1).bin", records([[ten[2 * part]], [ten[2 * part + 1]]], from: 2 * part)) }
        try pack("test_batch.bin", records([[7]]))
    }

    func testTenBinary() throws {
        try writeTen { try write("plain/cifar-10-batches-bin/\($0)", $1) }
        try check(try CIFAR.ten.load(path: "\(folder)/plain"), train: ten.map(Int.init), test: [7])
        try check(try CIFAR.ten.load(path: "\(folder)/plain/cifar-10-batches-bin"), train: ten.map(Int.init), test: [7])
        try tar("cifar-10-binary.tar.gz", ["-z", "-C", "\(folder)/plain", "cifar-10-batches-bin"])
        let data = try CIFAR.ten.load(path: "\(folder)/cifar-10-binary.tar.gz")
        try check(data, train: ten.map(Int.init), test: [7])
        XCTAssertEqual(data.classNames[3], "cat")
        try FileManager.default.removeItem(atPath: "\(folder)/plain")
        try check(try CIFAR.ten.load(path: folder), train: ten.map(Int.init), test: [7])
    }

    func testHundredInRecords() throws {
        for part in 0..<5 { try write("x/train_\(part + 1).bin.xz", xz(records((0..<part + 1).map { [UInt8($0), UInt8(10 * part + $0)] }, from: part * (part + 1) / 2))) }
        try write("x/test.bin.xz", xz(records([[19, 99]])))
        let fine = [0, 10, 11, 20, 21, 22, 30, 31, 32, 33, 40, 41, 42, 43, 44]
        let data = try CIFAR.hundred.load(path: "\(folder)/x")
        try check(data, train: fine, test: [99])
        XCTAssertEqual(data.classNames[99], "worm")
        let coarse = try CIFAR.hundred.load(path: "\(folder)/x", labels: .coarse)
        try check(coarse, train: [0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4], test: [19])
        XCTAssertEqual([coarse.classes, coarse.classNames.count], [20, 20])
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: folder, labels: .coarse) }.contains("no coarse labels"))
        try write("y/train.bin.gz", gzip(records([[1, 2], [3, 4]])))
        try write("y/test.bin", records([[19, 99]]))
        try check(try CIFAR.hundred.load(path: "\(folder)/y"), train: [2, 4], test: [99])
    }

    /// Pickles as Python 2 wrote them (the published archives) and as Python 3 does.
    func testPythonVersion() throws {
        func pickle(_ labels: [(key: String, values: [Int])], _ first: Int, _ count: Int) -> [UInt8] {
            func short(_ text: String) -> [UInt8] { Array("U".utf8) + [UInt8(text.utf8.count)] + Array(text.utf8) }
            func int(_ value: Int) -> [UInt8] { Array("M".utf8) + [UInt8(value & 255), UInt8(value >> 8)] }
            let pixels = records((0..<count).map { _ in [] }, from: first)
            var bytes: [UInt8] = [0x80, 2] + Array("}(".utf8) + short("data") + Array("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n".utf8) + Array("K".utf8) + [0, 0x85]
            bytes += short("b") + [0x87] + Array("R(K\u{1}".utf8) + int(count) + int(3072) + [0x86] + Array("cnumpy\ndtype\nU\u{2}u1K".utf8) + [0] + Array("K\u{1}".utf8) + [0x87]
            bytes += Array("R(K\u{3}U\u{1}|NNNJ".utf8) + [255, 255, 255, 255] + Array("J".utf8) + [255, 255, 255, 255] + Array("K".utf8) + [0] + Array("tb".utf8) + [0x89]
            bytes += Array("T".utf8) + (0..<4).map { UInt8(pixels.count >> (8 * $0) & 255) } + pixels + Array("tb".utf8)
            for (key, values) in labels { bytes += short(key) + Array("](".utf8) + values.flatMap(int) + Array("e".utf8) }
            return bytes + Array("u.".utf8)
        }
        try write("p/cifar-100-python/train", pickle([("fine_labels", [5, 99]), ("coarse_labels", [1, 19])], 0, 2))
        try write("p/cifar-100-python/test", pickle([("fine_labels", [0]), ("coarse_labels", [0])], 0, 1))
        try check(try CIFAR.hundred.load(path: "\(folder)/p"), train: [5, 99], test: [0])
        try check(try CIFAR.hundred.load(path: "\(folder)/p", labels: .coarse), train: [1, 19], test: [0])
        try tar("cifar-100-python.tar.gz", ["-z", "-C", "\(folder)/p", "cifar-100-python"])
        try check(try CIFAR.hundred.load(path: "\(folder)/cifar-100-python.tar.gz"), train: [5, 99], test: [0])
        for part in 0..<5 { try write("q/data_batch_\(part + 1)", pickle([("labels", [part])], part, 1)) }
        try write("q/test_batch", pickle([("labels", [9])], 0, 1))
        try check(try CIFAR.ten.load(path: "\(folder)/q"), train: [0, 1, 2, 3, 4], test: [9])

        try write("q/data_batch_3", pickle([("labels", [1, 2])], 0, 1))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/q") }.contains("data_batch_3' has 1 images, but 2 labels"))
        try write("q/data_batch_3", pickle([("labels", [1, 2])], 0, 2))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/q") }.contains("data_batch_3' has 2 images, the other training files 1"))
        try write("q/data_batch_3", pickle([("labels", [10])], 0, 1))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/q") }.contains("the label 10 for image 0; cifar10's are 0 to 9"))
        try write("q/data_batch_3", pickle([("fine_labels", [1])], 0, 1))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/q") }.contains("no list 'labels'"))
        try write("q/data_batch_3", Array("(lp0\n.".utf8))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/q") }.contains("holds a list of 0, not a dict"))
    }

    func testBadFiles() throws {
        func message() -> String { problem { _ = try CIFAR.hundred.load(path: "\(folder)/b") } }
        try write("b/train.bin", records([[1, 2], [3, 4]]))
        XCTAssertTrue(message().contains("does not hold cifar100"))
        try write("b/test.bin", Array(records([[1, 2]]).dropLast()))
        XCTAssertTrue(message().contains("test.bin' has 3073 bytes, which are no whole records of 3074"), message())
        try write("b/test.bin", records([[1, 100]]))
        XCTAssertTrue(message().contains("test.bin' has the label 100 in record 0; cifar100's are 0 to 99"), message())
        try write("b/test.bin", records([[20, 1]]))
        XCTAssertTrue(message().contains("the label 20"), message())
        try write("b/test.bin", [])
        XCTAssertTrue(message().contains("has 0 bytes"), message())
        try FileManager.default.removeItem(atPath: "\(folder)/b/test.bin")
        let packed = xz(records([[1, 2]]))
        try write("b/test.bin.xz", Array(packed.dropLast(20)))
        XCTAssertTrue(message().contains("test.bin.xz' is"), message())
        var broken = packed
        broken[packed.count / 2] ^= 1
        try write("b/test.bin.xz", broken)
        XCTAssertTrue(message().contains("test.bin.xz' is damaged"), message())
        // A trailer of gzip that announces other sizes.
        try FileManager.default.removeItem(atPath: "\(folder)/b/test.bin.xz")
        var liar = gzip(records([[1, 2], [1, 2]]))
        liar.replaceSubrange(liar.count - 4..<liar.count, with: [0x02, 0x0C, 0, 0])
        try write("b/test.bin.gz", liar)
        XCTAssertTrue(message().contains("test.bin.gz'"), message())
        liar.replaceSubrange(liar.count - 4..<liar.count, with: (0..<4).map { UInt8(truncatingIfNeeded: (3074 * 400_000) >> (8 * $0)) })
        try write("b/test.bin.gz", liar)
        XCTAssertTrue(message().contains("absurd"), message())
        for part in [1, 2, 4, 5] { try write("c/train_\(part).bin", records([[1, 2]])) }
        try write("c/test.bin", records([[1, 2]]))
        XCTAssertTrue(problem { _ = try CIFAR.hundred.load(path: "\(folder)/c") }.contains("there is no 'train_3.bin' in"))
    }

    func testBadArchives() throws {
        try writeTen { try write("d/\($0)", $1) }
        try FileManager.default.removeItem(atPath: "\(folder)/d/data_batch_4.bin")
        try tar("a.tar.gz", ["-z", "d"])
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/a.tar.gz") }.contains("a.tar.gz' has no member 'data_batch_4.bin'"))
        XCTAssertTrue(problem { _ = try CIFAR.hundred.load(path: "\(folder)/a.tar.gz") }.contains("holds none of the files of cifar100"))
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.tar.gz")))
        try write("a.tar.gz", Array(whole[..<(whole.count / 2)]))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/a.tar.gz") }.contains("is cut off"))
        try tar("b.tar", ["--absolute-names", "--transform=s|^d|../d|", "d"])
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/b.tar") }.contains("leads out of the archive"))
        XCTAssertTrue(problem { _ = try CIFAR.ten.load(path: "\(folder)/none") }.contains("there is no file or folder"))
    }

    func testRealFiles() throws {
        let real = "\(Self.shared)/cifar-100"
        try XCTSkipUnless(FileManager.default.fileExists(atPath: real), "the real CIFAR-100 files are not here")
        let names = try String(contentsOfFile: "\(real)/fine_label_names.txt", encoding: .utf8).split(separator: "\n").map(String.init)
        XCTAssertEqual(CIFARNames.fine, names)
        XCTAssertEqual(CIFARNames.coarse, try String(contentsOfFile: "\(real)/coarse_label_names.txt", encoding: .utf8).split(separator: "\n").map(String.init))
    }
}
