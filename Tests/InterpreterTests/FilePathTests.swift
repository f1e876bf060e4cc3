import FilePaths
import XCTest

final class FilePathTests: XCTestCase {
    func testPartsAreThoseOfDirnameAndBasename() {
        for (path, folder, name) in [("", "", ""), ("/", "/", "/"), ("a", "", "a"), ("a/", "", "a"), ("/a", "/", "a"), ("a/b", "a", "b"), ("a//b//", "a", "b"), ("/x/y.bcl", "/x", "y.bcl"), ("é/ü", "é", "ü")] {
            XCTAssertEqual(FilePath.folder(path), folder, path)
            XCTAssertEqual(FilePath.name(path), name, path)
        }
    }

    func testStandardPaths() {
        for (path, standard) in [("a", "a"), ("./a", "a"), ("a/../b", "b"), ("../../b", "../../b"), ("/../a//b/.", "/a/b"), ("a/b/../../c", "c")] {
            XCTAssertEqual(FilePath.standard(path), standard)
        }
    }
}
