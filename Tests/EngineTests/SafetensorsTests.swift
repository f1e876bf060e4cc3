import Engine
import XCTest

final class SafetensorsTests: XCTestCase {
    private var path = ""

    override func setUp() { path = NSTemporaryDirectory() + "bclsh-\(UUID().uuidString).safetensors" }
    override func tearDown() { try? FileManager.default.removeItem(atPath: path) }

    func testRoundTrip() throws {
        let tensors: [(String, Tensor)] = [
            ("a", try Tensor.from([1.5, -2] as [Float], shape: [2, 1])), ("b", try Tensor.from([1, 2, 3])), ("c", try Tensor.from([7, 8] as [UInt8])),
            ("d", try Tensor.from([true, false])), ("e", try Tensor.scalar(3, dtype: .float64)), ("empty", try Tensor.zeros([0, 4])),
        ]
        try Safetensors.write(tensors, metadata: ["k": "v/ü"], to: path)
        let file = try Safetensors.read(path)
        XCTAssertEqual(file.metadata, ["k": "v/ü"])
        for (name, tensor) in tensors { XCTAssertTrue(try tensor.equalsBitwise(try XCTUnwrap(file[name])), name) }
    }

    /// Types that bclsh has no tensors of are widened.
    func testNarrowTypes() throws {
        let header = "{\"h\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[8,12]},\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[12,16]},\"s\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[16,18]},\"c\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[18,20]}}"
        var size = UInt64(header.utf8.count).littleEndian
        // 1, -2, the largest half, the smallest above zero; 1, -3.140625; -5; 300; -1, 7
        let body: [UInt8] = [0x00, 0x3C, 0x00, 0xC0, 0xFF, 0x7B, 0x01, 0x00, 0x80, 0x3F, 0x49, 0xC0, 0xFB, 0xFF, 0xFF, 0xFF, 0x2C, 0x01, 0xFF, 0x07]
        let file = try Safetensors.parse(Data(bytes: &size, count: 8) + Data(header.utf8) + Data(body))
        XCTAssertEqual(try XCTUnwrap(file["h"]).doubles(), [1, -2, 65504, 0x1p-24])
        XCTAssertEqual(try XCTUnwrap(file["h"]).shape, [2, 2])
        XCTAssertEqual(try XCTUnwrap(file["b"]).doubles(), [1, -3.140625])
        XCTAssertEqual(try XCTUnwrap(file["b"]).dtype, .float32)
        XCTAssertEqual(try ["i", "s", "c"].map { try XCTUnwrap(file[$0]).ints() }, [[-5], [300], [-1, 7]])
    }

    func testHostileFiles() throws {
        func file(_ header: String, _ body: [UInt8] = [], length: UInt64? = nil) -> Data {
            var size = (length ?? UInt64(header.utf8.count)).littleEndian
            return Data(bytes: &size, count: 8) + Data(header.utf8) + Data(body)
        }
        let entry = { (dtype: String, shape: String, offsets: String) in "{\"a\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}" }
        let bad: [Data] = [
            Data(), Data([1, 2, 3]), file("{}", length: UInt64.max), file("{}", length: 100), file("nonsense"), file("[1]"), file("{\"a\":1}"),
            file(entry("F32", "[1]", "[0,4]"), [0, 0]), file(entry("F32", "[2]", "[0,4]"), [0, 0, 0, 0]), file(entry("F99", "[1]", "[0,4]"), [0, 0, 0, 0]),
            file(entry("F32", "[-1]", "[0,4]"), [0, 0, 0, 0]), file(entry("F32", "[1]", "[4,0]"), [0, 0, 0, 0]), file(entry("F32", "[1]", "[-4,0]"), [0, 0, 0, 0]),
            file(entry("F32", "[4611686018427387904,4611686018427387904]", "[0,4]"), [0, 0, 0, 0]), file(entry("F32", "[1e300]", "[0,4]"), [0, 0, 0, 0]),
            file(entry("U8", "[1]", "[1,2]"), [0, 0]), file(entry("U8", "[1]", "[0,1]"), [0, 0]), file("{\"__metadata__\":{\"a\":1}}"),
            file("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", [0, 0, 0]),
            file(String(repeating: "[", count: 100_000)), file("{\"a\":" + String(repeating: "{\"a\":", count: 50_000)),
        ]
        for (index, data) in bad.enumerated() {
            try data.write(to: URL(fileURLWithPath: path))
            XCTAssertThrowsError(try Safetensors.read(path), "file \(index)") { XCTAssertTrue("\($0)".contains(self.path), "\($0)") }
        }
        XCTAssertThrowsError(try Safetensors.read(path + "/missing/file"))
    }

    func testLoadChangesNothingOnError() throws {
        let net = try MLP(widths: [4, 3], random: RandomStream(seed: 1))
        let before = try net.weights.clone()
        var state = Dictionary(uniqueKeysWithValues: try net.stateDict())
        state["net.0.weight"] = try Tensor.zeros([3, 4])
        state["net.0.bias"] = try Tensor.zeros([2])
        XCTAssertThrowsError(try net.load(state)) { XCTAssertTrue("\($0)".contains("'net.0.bias' is [2] instead of [3]")) }
        state["net.0.bias"] = try Tensor.zeros([3], dtype: .int64)
        XCTAssertThrowsError(try net.load(state)) { XCTAssertTrue("\($0)".contains("'net.0.bias' is int64, not floats")) }
        XCTAssertTrue(try net.weights.equalsBitwise(before))
    }

    func testWriteIsAllOrNothing() throws {
        try "old".write(toFile: path, atomically: true, encoding: .utf8)
        XCTAssertThrowsError(try AtomicFile.write(to: path) { _ in throw EngineError("disk full") })
        XCTAssertEqual(try String(contentsOfFile: path, encoding: .utf8), "old")
        XCTAssertThrowsError(try AtomicFile.write("x", to: path + "-missing/file"))
        // An error that is not about the file comes through as it is, and the file stays.
        struct Interrupt: Error {}
        XCTAssertThrowsError(try AtomicFile.write(to: path) { _ in throw Interrupt() }) { XCTAssertTrue($0 is Interrupt) }
        XCTAssertEqual(try String(contentsOfFile: path, encoding: .utf8), "old")
    }
}
