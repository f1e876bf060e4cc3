@testable import FileFormats
import XCTest

final class PickleTests: XCTestCase {
    private func read(_ bytes: [UInt8]) throws -> PickleDocument { try PickleReader.read(ByteCursor(MemorySource(bytes, name: "p"))) }
    private func read(_ text: String) throws -> PickleDocument { try read(Array(text.utf8)) }

    func testEveryProtocolOfPython() throws {
        for number in 0...5 {
            for isStream in [false, true] {
                let source = try Fixtures.source("batch\(number).pickle")
                let document = try PickleReader.read(isStream ? ByteCursor(SourceStream(source) as any ByteStream) : ByteCursor(source))
                let root = document.root
                XCTAssertEqual(document.entry("batch_label", of: root).flatMap { document.text($0) }, "part 1")
                XCTAssertEqual(document.items(try XCTUnwrap(document.entry("labels", of: root)))?.compactMap { document.int($0) }, [3, 9])
                XCTAssertEqual(document.items(try XCTUnwrap(document.entry("filenames", of: root)))?.compactMap { document.text($0) }, ["a.png", "ü.png"])
                let data = try XCTUnwrap(document.array(try XCTUnwrap(document.entry("data", of: root))))
                XCTAssertEqual(data.summary, "uint8 [2, 3072]", "protocol \(number)")
                XCTAssertEqual(try data.integers(), (0..<6144).map(Fixtures.grey), "protocol \(number)")
            }
        }
    }

    /// The opcodes by which Python 2 wrote CIFAR's files.
    func testPython2() throws {
        var bytes: [UInt8] = [0x80, 2] + Array("}q\u{1}(U\u{4}dataq\u{2}cnumpy.core.multiarray\n_reconstruct\nq\u{3}cnumpy\nndarray\nq\u{4}K".utf8) + [0, 0x85]
        bytes += Array("U\u{1}b".utf8) + [0x87] + Array("R(K\u{1}K\u{2}K\u{2}".utf8) + [0x86] + Array("cnumpy\ndtype\nU\u{2}u1K".utf8) + [0] + Array("K\u{1}".utf8) + [0x87]
        bytes += Array("R(K\u{3}U\u{1}|NNNJ".utf8) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("J".utf8) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("K".utf8) + [0] + Array("tb".utf8) + [0x89] + Array("T".utf8) + [4, 0, 0, 0, 9, 8, 7, 6]
        bytes += Array("tbU\u{6}labels](K\u{5}K\u{6}eu.".utf8)
        let document = try read(bytes)
        XCTAssertEqual(try document.array(try XCTUnwrap(document.entry("data", of: document.root)))?.integers(), [9, 8, 7, 6])
        XCTAssertEqual(document.items(try XCTUnwrap(document.entry("labels", of: document.root)))?.compactMap { document.int($0) }, [5, 6])
    }

    func testNumbersAndStrings() throws {
        let values = try read("(I42\nI01\nL-7L\nF2.5\nS'a\\x41\\n\\''\nVb\\u00fc\nNt.")
        let items = try XCTUnwrap(values.items(values.root))
        XCTAssertEqual(items.count, 7)
        XCTAssertEqual(items.prefix(3).compactMap { values.int($0) }, [42, 1, -7])
        XCTAssertEqual(values.double(items[3]), 2.5)
        XCTAssertEqual(values.text(items[4]), "aA\n'")
        XCTAssertEqual(values.text(items[5]), "bü")
    }

    /// os.system, and the other ways to make a pickle do something. Each is refused by name and place.
    func testNothingRuns() {
        let cases: [([UInt8], String)] = [
            (Array("cos\nsystem\n(S'touch /tmp/owned'\ntR.".utf8), "refers to os.system at byte 0"),
            (Array("cposix\nsystem\n(S'x'\ntR.".utf8), "posix.system"), (Array("c__builtin__\neval\n(S'1'\ntR.".utf8), "__builtin__.eval"),
            (Array("cbuiltins\nexec\n(S'1'\ntR.".utf8), "builtins.exec"), (Array("ctorch.hub\nload\n(S'1'\ntR.".utf8), "torch.hub.load"),
            (Array("ctorch\nload\n(S'1'\ntR.".utf8), "torch.load"), (Array("ctorch._utils\n_rebuild_wrapper\n.".utf8), "_rebuild_wrapper"),
            ([0x80, 4, 0x8C, 2] + Array("os".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93, 0x2E], "refers to os.system at byte 14"),
            (Array("(S'x'\nios\nsystem\n.".utf8), "the opcode INST at byte 6"), (Array("(cnumpy\nndarray\no.".utf8), "OBJ"),
            ([0x80, 2] + Array("ccollections\nOrderedDict\n)".utf8) + [0x81, 0x2E], "NEWOBJ at byte"), ([0x80, 2, 0x82, 1, 0x2E], "EXT1 at byte 2"),
            ([0x80, 4, 0x8F, 0x2E], "EMPTY_SET"), ([0x80, 5, 0x97, 0x2E], "NEXT_BUFFER"), (Array("P123\n.".utf8), "persistent id"),
            (Array("S'x'\n(tR.".utf8), "would call"), (Array("cnumpy\nndarray\n(tR.".utf8), "an array is described"), (Array("](K\u{1}K\u{2}eN".utf8) + Array("b.".utf8), "a state is set on a list"),
        ]
        for (bytes, wanted) in cases {
            let message = problem { _ = try read(bytes) }
            XCTAssertTrue(message.contains("'p'") && message.contains(wanted), "\(wanted): \(message)")
        }
        XCTAssertTrue(problem { _ = try TorchFile.read(try Fixtures.source("module.pt")) }.contains("refers to torch.nn.modules.linear.Linear"))
    }

    func testDamagedPickles() {
        let cases: [([UInt8], String)] = [
            ([], "is cut off: 1 byte should follow byte 0"), ([0x80, 9], "pickle protocol 9"), ([0xFF], "is no pickle: byte 0 is 0xff"), (Array(".".utf8), "a value is missing"),
            (Array("(.".utf8), "a value is missing"), (Array("N(.".utf8), "a value is missing"), (Array("t.".utf8), "a mark is missing"), (Array("h\u{5}.".utf8), "the value 5 is used before"),
            (Array("]NN.".utf8), "values left over"), (Array("(Nd.".utf8), "a key without a value"), (Array("NNa.".utf8), "appended to None"), (Array("NNNs.".utf8), "keys are set in None"),
            (Array("Iabc\n.".utf8), "the number 'abc'"), (Array("L99999999999999999999L\n.".utf8), "no integer of 64 bits"), (Array("Sabc\n.".utf8), "without quotes"),
            (Array("T".utf8) + [255, 255, 255, 255, 1], "is cut off: 4294967295 bytes"), ([0x8E] + [UInt8](repeating: 255, count: 8), "the length 18446744073709551615"),
            ([0x8B, 255, 255, 0, 0], "an integer of 65535 bytes"), (Array("Fx\n.".utf8), "the number 'x'"), (Array("S'\\q'\n.".utf8), "an escape"), (Array("g-1\n.".utf8), "a key that is no number"),
        ]
        for (bytes, wanted) in cases {
            let message = problem { _ = try read(bytes) }
            XCTAssertTrue(message.contains("'p'") && message.contains(wanted), "\(wanted): \(message)")
        }
    }

    /// What one opcode makes is bounded, and nests are freed without recursion.
    func testBombs() throws {
        let deep = try read([UInt8](repeating: UInt8(ascii: "]"), count: 100_000) + [UInt8](repeating: UInt8(ascii: "a"), count: 99_999) + Array(".".utf8))
        XCTAssertEqual(deep.items(deep.root)?.count, 1)
        let cycle = try read("]q\u{1}h\u{1}a.")
        XCTAssertEqual(cycle.items(cycle.root)?.count, 1)
        XCTAssertTrue(problem { _ = try read([UInt8](repeating: UInt8(ascii: "N"), count: PickleReader.mostValues + 1)) }.contains("more than 4000000 values"))
        // Ten lists, each of ten of the one before: 10^10 values for who expands them; here 100.
        var laughs = Array("](NNNNNNNNNNe".utf8)
        for level in 1...10 { laughs += Array("q".utf8) + [UInt8(level)] + Array("0](".utf8) + (0..<10).flatMap { _ in Array("h".utf8) + [UInt8(level)] } + Array("e".utf8) }
        XCTAssertEqual(try { try $0.items($0.root)?.count }(read(laughs + Array(".".utf8))), 10)
        // The same string becomes many arrays.
        let block = [UInt8](repeating: 7, count: 60_000)
        var copies = Array("B".utf8) + [0x60, 0xEA, 0, 0] + block + Array("q\u{1}0cnumpy\ndtype\n(U\u{2}u1tRq\u{2}0(K\u{1}tq\u{3}0U\u{1}Cq\u{4}0cnumpy.core.numeric\n_frombuffer\nq\u{5}0".utf8)
        for _ in 0..<20_000 { copies += Array("h\u{5}(h\u{1}h\u{2}h\u{3}h\u{4}tR0".utf8) }
        XCTAssertTrue(problem { _ = try read(copies + Array("N.".utf8)) }.contains("strings of more than 512 MB"))
    }

    func testWriterIsRead() throws {
        var writer = PickleWriter()
        writer.list { writer in
            writer.text("ü")
            writer.tuple {
                $0.int(-3)
                $0.int(1 << 40)
                $0.float(0.1)
            }
        }
        let document = try read(writer.finished())
        let items = try XCTUnwrap(document.items(document.root))
        XCTAssertEqual(document.text(items[0]), "ü")
        let numbers = try XCTUnwrap(document.items(items[1]))
        XCTAssertEqual(document.int(numbers[0]), -3)
        XCTAssertEqual(document.int(numbers[1]), 1 << 40)
        XCTAssertEqual(document.double(numbers[2]), 0.1)
    }
}
