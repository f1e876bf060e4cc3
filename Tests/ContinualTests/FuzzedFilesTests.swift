import XCTest

/// What the fuzzer found once, and the seeds it starts from: no reader traps on any of it.
final class FuzzedFilesTests: DataTestCase {
    func testFoundInputs() throws {
        let root = "\(Self.fixtures)/../Fuzz/Files"
        for folder in ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted() {
            let reader = try XCTUnwrap(FileReaders(rawValue: folder), "\(folder) is no reader")
            for file in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted() {
                reader.read([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(folder)/\(file)"))))
            }
        }
    }

    /// Every reader on every file of every form, and on its beginnings.
    func testEveryReaderOnEveryFile() throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures).sorted() {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/\(file)")))
            for reader in FileReaders.allCases {
                for end in [bytes.count, bytes.count / 2, bytes.count * 9 / 10] { reader.read(Array(bytes[..<end])) }
            }
        }
    }
}
