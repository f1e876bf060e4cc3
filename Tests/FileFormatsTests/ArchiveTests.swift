@testable import FileFormats
import XCTest

final class ArchiveTests: XCTestCase {
    private func contents(_ tar: [UInt8], _ name: String = "t.tar") throws -> [String: [UInt8]] {
        let reader = TarReader(try Packing.stream(MemorySource(tar, name: name)))
        var result: [String: [UInt8]] = [:]
        while let (member, content) = try reader.next() { result[member.name] = try content.take(member.size + 1) }
        return result
    }

    // MARK: - Tar

    func testTar() throws {
        let big = [UInt8](repeating: 7, count: 5000)
        let archive = Fixtures.tar([.init(name: "./a/", content: [], kind: "5"), .init(name: "./a/x.bin", content: big), .init(name: "link", content: [], kind: "2"), .init(name: "y", content: [1])])
        XCTAssertEqual(try contents(archive), ["a/x.bin": big, "y": [1]])
        XCTAssertEqual(try contents(Fixtures.deflated(archive)), ["a/x.bin": big, "y": [1]])
        XCTAssertEqual(try contents(Fixtures.xz(archive)), ["a/x.bin": big, "y": [1]])
        XCTAssertTrue(TarReader.matches(Array(archive.prefix(512))))
        // Members that are not read are passed over.
        let reader = TarReader(SourceStream(MemorySource(archive, name: "t")))
        XCTAssertEqual(try reader.next()?.member.name, "a/x.bin")
        XCTAssertEqual(try reader.next()?.member.name, "y")
        XCTAssertNil(try reader.next())
    }

    func testLongNames() throws {
        let long = String(repeating: "deep/", count: 40) + "x"
        let gnu = Fixtures.tar([.init(name: "././@LongLink", content: Array(long.utf8) + [0], kind: "L"), .init(name: "cut", content: [1])])
        XCTAssertEqual(try contents(gnu), [long: [1]])
        let record = "path=\(long)\n"
        let pax = Fixtures.tar([.init(name: "PaxHeaders/x", content: Array("\(record.utf8.count + 4) \(record)".utf8), kind: "x"), .init(name: "cut", content: [2])])
        XCTAssertEqual(try contents(pax), [long: [2]])
    }

    func testRealTar() throws {
        let folder = NSTemporaryDirectory() + "bclsh-tar-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The old formats have room for 100 bytes of a name, ustar for 155 more of its folders.
        for (format, packing, length) in [("gnu", "z", 120), ("pax", "z", 120), ("ustar", "", 90), ("v7", "", 40)] {
            let name = "\(String(repeating: "d", count: 50))/\(String(repeating: "n", count: length))"
            try FileManager.default.createDirectory(atPath: "\(folder)/\(format)/\(name)", withIntermediateDirectories: true)
            try Data(count: 1_234_567).write(to: URL(fileURLWithPath: "\(folder)/\(format)/\(name)/x"))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/tar")
            process.arguments = ["-C", "\(folder)/\(format)", "--format=\(format)", "-c\(packing)f", "\(folder)/t", "./\(name)"]
            try process.run()
            process.waitUntilExit()
            let found = try contents([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/t"))))
            XCTAssertEqual(found.values.map(\.count), [1_234_567], format)
            XCTAssertEqual(found.keys.first, "\(name)/x", format)
        }
    }

    func testHostileTar() {
        for name in ["../x", "a/../../x", "/etc/passwd", "..", "a/.."] {
            XCTAssertTrue(problem { _ = try contents(Fixtures.tar([.init(name: name, content: [1])])) }.contains("leads out of the archive"), name)
            XCTAssertTrue(problem { _ = try contents(Fixtures.tar([.init(name: name, content: [], kind: "2")])) }.contains("leads out of the archive"), name)
        }
        let good = Fixtures.tar([.init(name: "x", content: [UInt8](repeating: 1, count: 3000))])
        XCTAssertTrue(problem { _ = try contents(Array(good[..<1000])) }.contains("'t.tar: x' is cut off"))
        XCTAssertTrue(problem { _ = try contents(Array(good[..<300])) }.contains("cut off"))
        var broken = good
        broken[5] ^= 1
        XCTAssertTrue(problem { _ = try contents(broken) }.contains("is no tar archive"))
        broken = Fixtures.tar([.init(name: "x", content: [1]), .init(name: "y", content: [2])])
        broken[1024 + 130] ^= 1
        XCTAssertTrue(problem { _ = try contents(broken) }.contains("the tar header at byte 1024 has a wrong checksum"))
        XCTAssertTrue(problem { _ = try contents(Array("nonsense".utf8)) }.contains("cut off"))
        // A size that is not there costs nothing.
        XCTAssertTrue(problem { _ = try contents(Fixtures.tar([.init(name: "x", content: [1], size: 0o7777777777)])) }.contains("'t.tar: x' is cut off"))
        XCTAssertTrue(problem { _ = try contents(Fixtures.tar([.init(name: "x", content: [1], kind: "L", size: 0o7777777777)])) }.contains("a name or extended header of"))
        XCTAssertTrue(problem { _ = try contents(Fixtures.tar([.init(name: "p", content: Array("99 path=x\n".utf8), kind: "x")])) }.contains("a pax header"))
    }

    // MARK: - Zip

    private func archive(_ bytes: [UInt8]) throws -> ZipArchive { try ZipArchive(MemorySource(bytes, name: "z.zip")) }
    private func content(_ entry: Fixtures.Entry, most: Int = 1 << 20) throws -> [UInt8] {
        let zip = try archive(Fixtures.zip([entry]))
        let content = try zip.content(zip.entries[0], most: most)
        return try content.bytes(at: 0, count: content.count)
    }

    func testZip() throws {
        let text = [UInt8](repeating: 65, count: 10_000)
        XCTAssertEqual(try content(.init(name: "a", content: text)), text)
        XCTAssertEqual(try content(.init(name: "a/b", content: text, isDeflated: true)), text)
        XCTAssertEqual(try archive(Fixtures.zip([])).entries.count, 0)
        XCTAssertNotNil(try archive(Fixtures.zip([.init(name: "a", content: []), .init(name: "b", content: [1])]))["b"])
    }

    func testHostileZip() {
        let text = [UInt8](repeating: 65, count: 10_000)
        // What is announced is checked before it is unpacked, what is unpacked against what was announced.
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, isDeflated: true), most: 9999) }.contains("more than 9999"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, isDeflated: true, size: 2_000_000_000), most: .max) }.contains("which is no honest size"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, isDeflated: true, size: 5000)) }.contains("unpacks to more than the 5000 bytes"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, isDeflated: true, size: 10_001)) }.contains("unpacks to 10000 bytes instead of 10001"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, size: 5)) }.contains("stored in 10000 bytes, but announces 5"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, checksum: 1)) }.contains("'z.zip: a' is damaged: its checksum is wrong"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, method: 93)) }.contains("packed by method 93"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: text, place: 4000)) }.contains("lies outside of the archive"))
        XCTAssertTrue(problem { _ = try content(.init(name: "a", content: [1], place: 3)) }.contains("there is no zip entry at byte 3"))
        for name in ["../x", "/x", "a/../b", ""] { XCTAssertNotEqual(problem { _ = try content(.init(name: name, content: [1])) }, "no error", name) }
        XCTAssertTrue(problem { _ = try archive(Fixtures.zip([.init(name: "a", content: []), .init(name: "a", content: [1])])) }.contains("two entries 'a'"))
        XCTAssertTrue(problem { _ = try archive(Fixtures.zip([.init(name: "a", content: [])], count: 60_000)) }.contains("does not fit"))
        let good = Fixtures.zip([.init(name: "a", content: text)])
        for cut in [0, 1, 21, 100, good.count - 1] { XCTAssertTrue(problem { _ = try archive(Array(good[..<cut])) }.contains("'z.zip' is cut off, or no zip archive"), "\(cut)") }
    }
}
