import XCTest

@testable import Sweeps

final class SlurmTests: XCTestCase {
    func testArrayIndices() {
        XCTAssertEqual(ArrayIndices.text([0, 1, 2, 5, 7, 8]), "0-2,5,7-8")
        XCTAssertEqual(ArrayIndices.text([]), "")
        XCTAssertEqual(ArrayIndices.numbers("0-2,5,7-8%3"), [0, 1, 2, 5, 7, 8])
        XCTAssertEqual(ArrayIndices.numbers("[3-4]"), [3, 4])
        XCTAssertEqual(ArrayIndices.numbers("N/A"), [])
        XCTAssertEqual(ArrayIndices.numbers("4-1,x"), [])
    }

    func testRunsAreSharedOutToArrays() {
        let chunks = SlurmSweep.chunks([0, 3, 4, 9, 10], 4)
        XCTAssertEqual(chunks.map(\.first), [0, 4, 8])
        XCTAssertEqual(chunks.map(\.numbers), [[0, 3], [4], [9, 10]])
    }

    func testTimes() {
        for (text, seconds) in [("90", 5400), ("1:30", 90), ("2:00:00", 7200), ("1-12", 129_600), ("1-0:30", 88_200), ("1-0:0:5", 86_405)] { XCTAssertEqual(SlurmTime.seconds(text), seconds, text) }
        for text in ["", "x", "1:2:3:4", "1-", "-5", "UNLIMITED", "99999999999999999999"] { XCTAssertNil(SlurmTime.seconds(text), text) }
        XCTAssertEqual(SlurmJobScript.notice("3"), 36)
        XCTAssertEqual(SlurmJobScript.notice("1-0"), 120)
        XCTAssertEqual(SlurmJobScript.notice("1"), 30)
    }

    /// bash reads back what was quoted.
    func testShellWords() throws {
        for text in ["plain", "", "a b", "it's", "$HOME `x` \"y\"", "line\nline\t'\\", "ä €"] {
            let word = ShellWord.quoted(text)
            XCTAssertFalse(word.contains("\n"))
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "eval \"words=($(cat))\"; printf %s \"${words[@]}\""]
            let input = Pipe()
            (process.standardInput, process.standardOutput) = (input, pipe)
            try process.run()
            input.fileHandleForWriting.write(Data((word + "\n").utf8))
            try input.fileHandleForWriting.close()
            XCTAssertEqual(String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self), text)
        }
    }
}
