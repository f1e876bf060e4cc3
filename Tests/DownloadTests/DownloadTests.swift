@testable import Downloads
import FilePaths
import XCTest

/// What needs no server; the rest is tested on the built binary (Tests/CommandLine/test_data.py).
final class DownloadTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-data-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

    func testChecksumsOfKnownTexts() throws {
        // RFC 1321 and FIPS 180-2.
        FileManager.default.createFile(atPath: folder + "/abc", contents: Data("abc".utf8))
        XCTAssertEqual(try Checksum.of(folder + "/abc", .md5).digest, "900150983cd24fb0d6963f7d28e17f72")
        XCTAssertEqual(try Checksum.of(folder + "/abc", .sha256).digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        FileManager.default.createFile(atPath: folder + "/a", contents: Data(repeating: UInt8(ascii: "a"), count: 1_000_000))
        XCTAssertEqual(try Checksum.of(folder + "/a", .sha256).digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        XCTAssertThrowsError(try Checksum.of(folder + "/none", .md5))
    }

    func testCatalogIsWellFormed() {
        XCTAssertEqual(Set(Catalog.all.map(\.name)).count, Catalog.all.count)
        for entry in Catalog.all {
            XCTAssertFalse(entry.terms.isEmpty || entry.citation.isEmpty || entry.title.isEmpty, entry.name)
            let files: [DataSetEntry.File]
            switch entry.source {
            case .files(let some): files = some
            case .archive(let file, _): files = [file]
            case .byHand(let words, _):
                XCTAssertGreaterThan(words.count, 40)
                continue
            }
            for file in files {
                XCTAssertTrue(file.checksum.isWellFormed, file.name)
                XCTAssertGreaterThan(file.size, 1000)
                for url in file.urls { XCTAssertTrue(url.hasPrefix("http") && url.contains(file.name), url) }
            }
        }
    }

    func testWhereDataLives() {
        XCTAssertEqual(DataStore.root(["HOME": "/home/a"]), "/home/a/.local/share/bclsh/data")
        XCTAssertEqual(DataStore.root(["HOME": "/home/a", "XDG_DATA_HOME": "/x"]), "/x/bclsh/data")
        XCTAssertEqual(DataStore.root(["HOME": "/home/a", "XDG_DATA_HOME": "/x", "BCL_DATA": "/d"]), "/d")
        XCTAssertEqual(DataStore.root(["HOME": "/home/a", "XDG_DATA_HOME": "", "BCL_DATA": ""]), "/home/a/.local/share/bclsh/data")
    }

    func testStates() throws {
        let store = DataStore(["BCL_DATA": folder])
        let mnist = try store.entry("mnist")
        XCTAssertEqual(store.state(mnist), .absent)
        try FileManager.default.createDirectory(atPath: folder + "/mnist", withIntermediateDirectories: true)
        FileManager.default.createFile(atPath: folder + "/mnist/train-images-idx3-ubyte.gz.part", contents: Data(count: 500))
        XCTAssertEqual(store.state(mnist), .partial(bytes: 500))
        XCTAssertEqual(try store.remove(mnist), 500)
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/mnist"))
        // What is not its own stays.
        try FileManager.default.createDirectory(atPath: folder + "/mnist", withIntermediateDirectories: true)
        FileManager.default.createFile(atPath: folder + "/mnist/notes.txt", contents: Data("mine".utf8))
        XCTAssertEqual(try store.remove(mnist), 0)
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/mnist/notes.txt"))
    }

    func testOneAtATime() throws {
        let lock = try FileLock.ofInstallation(folder + "/.lock", of: "mnist")
        XCTAssertThrowsError(try FileLock.ofInstallation(folder + "/.lock", of: "mnist"))
        lock.release()
        XCTAssertNoThrow(try FileLock.ofInstallation(folder + "/.lock", of: "mnist"))
    }

    func testSettings() {
        let plain = DownloadSettings([:])
        XCTAssertEqual([plain.stall, plain.tries], [30, 5])
        let set = DownloadSettings(["BCL_DOWNLOAD_TIMEOUT": "3", "BCL_DOWNLOAD_TRIES": "0", "BCL_DATA_URL": "http://a/b/"])
        XCTAssertEqual([set.stall, set.tries], [3, 5])
        XCTAssertEqual(set.base, "http://a/b")
    }
}
