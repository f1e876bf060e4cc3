@testable import FileFormats
import XCTest

final class TorchFileTests: XCTestCase {
    private func read(_ bytes: [UInt8]) throws -> PickleDocument { try TorchFile.read(MemorySource(bytes, name: "t.pt")) }

    /// Both formats describe the same tensors: slices, transposed and expanded ones, in storages that they share.
    func testViewsOfSharedStorages() throws {
        for name in ["views.pt", "views-legacy.pt"] {
            let document = try TorchFile.read(try Fixtures.source(name))
            func x(_ part: Int, _ task: Int) throws -> StoredArray {
                let tasks = try XCTUnwrap(document.items(try XCTUnwrap(document.items(document.root))[part]))
                return try XCTUnwrap(document.array(try XCTUnwrap(document.items(tasks[task]))[1]))
            }
            func rows(_ array: StoredArray) throws -> [[Int]] {
                var values: [Int] = []
                try array.floats { values += $1.map { Int(($0 * 255).rounded()) }; return true }
                return stride(from: 0, to: values.count, by: array.shape[1]).map { Array(values[$0..<$0 + array.shape[1]]) }
            }
            func base(_ row: Int, _ column: Int) -> Int { Fixtures.grey(row * 16 + column) }
            XCTAssertEqual(try rows(x(0, 0)), (0..<4).map { row in (0..<16).map { base(2 * row, $0) } }, name)
            XCTAssertEqual(try rows(x(0, 1)), (0..<4).map { row in (0..<8).map { base($0, 4 * row) } }, name)
            XCTAssertEqual(try rows(x(1, 0)), (0..<4).map { _ in (0..<16).map { base(2, $0) } }, name)
            XCTAssertEqual(try rows(x(1, 1)), (0..<4).map { row in (0..<8).map { base(row, $0) } }, name)
            XCTAssertLessThanOrEqual(document.storages.filter { $0.type == .float32 }.count, 1, "one storage is enough")
        }
    }

    func testBigEndian() throws {
        // torch writes so on big-endian machines: the same archive with the other byte order, and the bytes turned.
        var writer = PickleWriter()
        writer.tensor(key: "0", storageType: "LongStorage", shape: [2])
        let bytes = Fixtures.zip([.init(name: "a/data.pkl", content: writer.finished()), .init(name: "a/byteorder", content: Array("big".utf8)),
                                  .init(name: "a/data/0", content: [0, 0, 0, 0, 0, 0, 1, 2, 255, 255, 255, 255, 255, 255, 255, 254])])
        let document = try read(bytes)
        XCTAssertEqual(try document.array(document.root)?.integers(), [258, -2])
    }

    func testDamagedFiles() throws {
        for name in ["permutations.pt", "permutations-legacy.pt"] {
            let bytes = try Fixtures.bytes(name)
            for cut in stride(from: 0, to: bytes.count - 1, by: 97) { XCTAssertNotEqual(problem { _ = try read(Array(bytes[..<cut])) }, "no error", "\(name) \(cut)") }
        }
        let zip = try Fixtures.bytes("permutations.pt")
        // A flipped bit of a pixel is seen by the checksum.
        let place = try XCTUnwrap((0..<zip.count).first { zip[$0...].starts(with: Array("permutations/data/0".utf8)) }) + 200
        var broken = zip
        broken[place] ^= 1
        XCTAssertTrue(problem { _ = try read(broken) }.contains("its checksum is wrong"))

        func archive(_ write: (inout PickleWriter) -> Void, _ entries: [Fixtures.Entry]) -> [UInt8] {
            var writer = PickleWriter()
            write(&writer)
            return Fixtures.zip([.init(name: "a/data.pkl", content: writer.finished())] + entries)
        }
        let tensor = { (writer: inout PickleWriter) in writer.tensor(key: "0", storageType: "FloatStorage", shape: [2, 2]) }
        XCTAssertEqual(problem { _ = try read(archive(tensor, [.init(name: "a/data/0", content: [UInt8](repeating: 0, count: 16))])) }, "no error")
        let cases: [([UInt8], String)] = [
            (archive(tensor, []), "lacks the entry data/0"), (archive(tensor, [.init(name: "a/data/0", content: [1, 2, 3, 4])]), "has 4 bytes instead of 4 float32"),
            (archive(tensor, [.init(name: "a/data/0", content: [1, 2, 3])]), "has 3 bytes"), (archive(tensor, [.init(name: "a/byteorder", content: Array("mixed".utf8))]), "the byte order 'mixed'"),
            (archive(tensor, [.init(name: "a/constants.pkl", content: [])]), "TorchScript"), (Fixtures.zip([.init(name: "x", content: [])]), "no data.pkl"),
            (Fixtures.tar([.init(name: "storages", content: [])]), "before 0.1.10"), ([1, 2, 3], "no file of torch.save"), ([], "no file of torch.save"),
            (try Fixtures.bytes("batch2.pickle"), "not of torch.save"),
        ]
        for (bytes, wanted) in cases {
            let message = problem { _ = try read(bytes) }
            XCTAssertTrue(message.contains("'t.pt") && message.contains(wanted), "\(wanted): \(message)")
        }
        // A storage type that does not exist, and strides out of the storage.
        XCTAssertTrue(problem { _ = try read(archive({ $0.tensor(key: "0", storageType: "QUInt8Storage", shape: [1]) }, [])) }.contains("torch.QUInt8Storage"))
    }
}
