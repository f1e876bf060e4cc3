@testable import FileFormats
import XCTest

final class ByteTests: XCTestCase {
    private let text = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }

    private func unpack(_ packed: [UInt8], most: Int = 1 << 20) throws -> [UInt8] { try Packing.stream(MemorySource(packed, name: "f")).take(most) }

    func testUnpacks() throws {
        XCTAssertEqual(try unpack(text), text)
        XCTAssertEqual(try unpack(Fixtures.deflated(text)), text)
        XCTAssertEqual(try unpack(Fixtures.xz(text)), text)
        // Joined files are one.
        XCTAssertEqual(try unpack(Fixtures.deflated(Array(text[..<1000])) + Fixtures.deflated(Array(text[1000...]))), text)
        XCTAssertEqual(try unpack(Fixtures.xz(Array(text[..<1000])) + Fixtures.xz(Array(text[1000...]))), text)
        XCTAssertEqual(try GzipStream(MemorySource(Fixtures.deflated(text, window: 15), name: "z"), format: .zlib).take(1 << 20), text)
        XCTAssertEqual(try unpack(Fixtures.deflated([])), [])
        XCTAssertEqual(try XZStream.announcedSize(MemorySource(Fixtures.xz(text), name: "f")), text.count)
        XCTAssertEqual(try XZStream.announcedSize(MemorySource(Fixtures.xz(text) + Fixtures.xz(text), name: "f")), 2 * text.count)
    }

    func testDamagedPackingIsSeen() {
        for (packed, kind) in [(Fixtures.deflated(text), "gzip"), (Fixtures.xz(text), "xz")] {
            for cut in [7, 20, packed.count / 2, packed.count - 1] {
                let message = problem { _ = try unpack(Array(packed[..<cut])) }
                XCTAssertTrue(message.contains("'f' is cut off"), "\(kind) \(cut): \(message)")
            }
            // Any flipped byte is seen, at the latest by the checksum.
            for place in [8 + packed.count / 3, packed.count / 2, packed.count - 6] {
                var broken = packed
                broken[place] ^= 0x40
                XCTAssertNotEqual(problem { _ = try unpack(broken) }, "no error", "\(kind) \(place)")
            }
        }
        let xz = Fixtures.xz(text)
        XCTAssertTrue(problem { _ = try XZStream.announcedSize(MemorySource(Array(xz.dropLast(5)), name: "f")) }.contains("'f' is"))
        XCTAssertTrue(problem { _ = try XZStream.announcedSize(MemorySource([1, 2, 3], name: "f")) }.contains("'f' is"))
    }

    func testSourcesStayInBounds() throws {
        let source = MemorySource([1, 2, 3, 4], name: "m")
        XCTAssertEqual(try source.slice(at: 1, count: 2).bytes(at: 0, count: 2), [2, 3])
        XCTAssertTrue(problem { _ = try source.slice(at: 3, count: 2) }.contains("'m' is cut off: 2 bytes at byte 3"))
        XCTAssertTrue(problem { _ = try source.bytes(at: -1, count: 1) }.contains("cut off"))
        XCTAssertTrue(problem { _ = try source.bytes(at: 1, count: .max) }.contains("cut off"))
        XCTAssertTrue(problem { _ = try FileSource("/nonexistent/x") }.contains("there is no file '/nonexistent/x'"))
        XCTAssertTrue(problem { _ = try FileSource("/tmp") }.contains("is a folder"))
        XCTAssertTrue(problem { _ = try FileSource("/dev/null") }.contains("is no regular file"))
    }

    func testFileThatShrinksIsAnError() throws {
        let path = NSTemporaryDirectory() + "bclsh-shrinks-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(count: 100_000).write(to: URL(fileURLWithPath: path))
        let source = try FileSource(path)
        XCTAssertEqual(truncate(path, 10), 0)
        XCTAssertTrue(problem { _ = try source.bytes(at: 0, count: 100_000) }.contains("was cut short while it was read"))
    }

    func testCursor() throws {
        let cursor = ByteCursor(MemorySource(Array("ab\ncd".utf8) + [1, 2, 3, 4], name: "c"), buffer: 2)
        XCTAssertEqual(try cursor.line(most: 9), Array("ab".utf8))
        XCTAssertEqual(try cursor.bytes(2), Array("cd".utf8))
        XCTAssertEqual(try cursor.number(2), 0x201)
        XCTAssertEqual(cursor.position, 7)
        XCTAssertEqual(cursor.left, 2)
        XCTAssertTrue(problem { _ = try cursor.bytes(3) }.contains("'c' is cut off: 3 bytes should follow byte 7"))
        XCTAssertEqual(try cursor.stored(2).bytes(at: 0, count: 2), [3, 4])
        XCTAssertTrue(problem { _ = try cursor.byte() }.contains("'c' is cut off: 1 byte should follow byte 9"))
        XCTAssertTrue(problem { _ = try cursor.skip(1) }.contains("cut off"))
    }
}
