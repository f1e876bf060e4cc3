@testable import FileFormats
import XCTest

final class ArrayTests: XCTestCase {
    private func read(_ bytes: [UInt8]) throws -> StoredArray { try NumpyFile.read(MemorySource(bytes, name: "a.npy")) }
    private func floats(_ array: StoredArray) throws -> [Float] {
        var result: [Float] = []
        try array.floats { result += $1; return true }
        return result
    }

    func testNumpyVersions() throws {
        for version in 1...3 {
            let array = try NumpyFile.read(try Fixtures.source("version\(version).npy"))
            XCTAssertEqual(array.summary, "uint32 [2, 5]")
            XCTAssertEqual(try array.integers(), (0..<10).map(Fixtures.grey))
        }
    }

    func testNumpyArchives() throws {
        let plain = try NumpyArchive(try Fixtures.source("shapes.npz"))
        XCTAssertEqual(Set(plain.names), ["x_train", "y_train", "x_test", "y_test"])
        XCTAssertEqual(try plain.array("x_train").integers(), (0..<96).map(Fixtures.grey))
        let packed = try NumpyArchive(try Fixtures.source("colours.npz"))
        XCTAssertEqual(try floats(packed.array("train_images")), (0..<288).map { Float(Fixtures.grey($0)) / 255 })
        let fortran = try NumpyArchive(try Fixtures.source("fortran.npz"))
        XCTAssertEqual(try fortran.array("X_train").shape, [6, 3, 4, 4])
        XCTAssertEqual(try floats(fortran.array("X_train")), (0..<288).map { Float(Double(Fixtures.grey($0)) / 255) })
        XCTAssertEqual(try fortran.array("X_test").integers(), (0..<144).map(Fixtures.grey))
        XCTAssertEqual(try floats(NumpyArchive(try Fixtures.source("half.npz")).array("x"))[..<3], [-2, -1.9003906, -1.7998047])
    }

    func testHalfPrecision() {
        for (bits, value) in [(0x0000, 0), (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0001, 0x1p-24), (0x03FF, 0x3FFp-24), (0x3555, 0.33325195)] as [(UInt16, Float)] {
            XCTAssertEqual(StoredArray.half(bits), value)
        }
        XCTAssertTrue(StoredArray.half(0x7E00).isNaN)
        XCTAssertEqual(StoredArray.half(0xFC00), -.infinity)
    }

    func testHostileNumpy() {
        let good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }"
        XCTAssertEqual(problem { _ = try read(Fixtures.npy(good, [1, 2, 3, 4])) }, "no error")
        let cases: [([UInt8], String)] = [
            ([], "is no numpy array"), (Array("PK".utf8), "is no numpy array"), (Fixtures.npy(good, [1, 2, 3, 4], version: 9), "version 9.0"),
            (Fixtures.npy(good, [1, 2, 3]), "needs 4 bytes, but has 3"),
            (Fixtures.npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 1000000000000)}", []), "which is absurd"),
            (Fixtures.npy("{'descr': '|u1', 'fortran_order': True, 'shape': (99999999999999999999,)}", []), "an absurd size"),
            (Fixtures.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000,)}", [1]), "needs 32000000000 bytes, but has 1"),
            (Fixtures.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", [1]), "Python objects"),
            (Fixtures.npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", [1]), "elements of type '<c8'"),
            (Fixtures.npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", [1]), "structured"),
            (Fixtures.npy("{'descr': __import__('os'), }", [1]), "records"), (Fixtures.npy("{'x': 1}", [1]), "an unknown key 'x'"),
            (Fixtures.npy("{'descr': '<f4'}", [1]), "fortran_order or shape is missing"), (Fixtures.npy("{'descr': '<f4", [1]), "a string has no end"),
            (Fixtures.npy("{'descr': '<f4', 'shape': (-1,)}", [1]), "a size is missing"), (Fixtures.npy("", [1]), "'{' is missing"),
            (Array(Fixtures.npy(good, []).prefix(30)), "is cut off"), (NumpyFile.magic + [2, 0, 255, 255, 255, 255], "a header of 4294967295 bytes"),
        ]
        for (bytes, wanted) in cases {
            let message = problem { _ = try read(bytes) }
            XCTAssertTrue(message.contains("'a.npy'") && message.contains(wanted), "\(wanted): \(message)")
        }
        let empty = problem { XCTAssertEqual(try read(Fixtures.npy("{'descr': '|u1', 'fortran_order': True, 'shape': (0, 9223372036854775, 999999999999)}", [])).integers(), []) }
        XCTAssertEqual(empty, "no error")
        XCTAssertTrue(problem { _ = try NumpyFile.read(try Fixtures.source("objects.npy")) }.contains("Python objects"))
        XCTAssertTrue(problem { _ = try NumpyArchive(MemorySource(Fixtures.zip([.init(name: "x.txt", content: [])]), name: "n.npz")) }.contains("holds no numpy arrays"))
    }

    func testViewsStayInTheirBytes() throws {
        let bytes = MemorySource(Array(0..<24), name: "b")
        func make(_ shape: [Int], _ strides: [Int], _ offset: Int = 0) throws -> [Int] { try StoredArray(.uint8, shape: shape, strides: strides, offset: offset, bytes: bytes).integers() }
        XCTAssertEqual(try make([2, 3], [1, 2]), [0, 2, 4, 1, 3, 5])
        XCTAssertEqual(try make([2, 2], [0, 1], 22), [22, 23, 22, 23])
        for (shape, strides, offset) in [([2, 3], [12, 6], 1), ([1], [1], 24), ([2], [Int.max], 1), ([2], [-1], 1), ([1], [1], -1), ([2, 2], [1], 0), ([-1], [1], 0)] {
            XCTAssertTrue(problem { _ = try make(shape, strides, offset) }.contains("'b' has an array"), "\(shape) \(strides)")
        }
        XCTAssertTrue(problem { _ = try make([1 << 30], [0]) }.contains("which repeats its 24 bytes to 1073741824"))
        XCTAssertTrue(problem { _ = try make([1 << 41], [0]) }.contains("which is absurd"))
    }

    func testIDX() throws {
        func big(_ values: [Int]) -> [UInt8] { values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } } }
        let plain = big([2051, 2, 2, 3]) + Array(0..<12)
        for bytes in [plain, Fixtures.deflated(plain), Fixtures.xz(plain)] {
            let file = try IDXFile(MemorySource(bytes, name: "i"), dimensions: 3)
            XCTAssertEqual(file.sizes, [2, 2, 3])
            var content = [UInt8](repeating: 0, count: 12)
            try content.withUnsafeMutableBytes { try file.read(into: $0) }
            XCTAssertEqual(content, Array(0..<12))
        }
        // Announces 4 GB: refused before it is allocated.
        XCTAssertTrue(problem { _ = try IDXFile(MemorySource(Fixtures.deflated(big([2051, 1 << 16, 1 << 8, 1 << 8])), name: "i"), dimensions: 3) }.contains("its header is wrong"))
    }
}
