@testable import Continual
import Engine
import XCTest

/// Decoding and resizing against Pillow's, as recorded by Tests/Images/record.py.
final class ImageFileTests: XCTestCase {
    private let folder = RotationTests.folder
    private var scratch = ""

    override func setUpWithError() throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-images-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    }
    override func tearDown() { try? FileManager.default.removeItem(atPath: scratch) }

    private func path(_ name: String) -> String { folder.appendingPathComponent("modes/\(name)").path }

    private func distance(_ ours: Tensor, _ theirs: Tensor) throws -> Int {
        XCTAssertEqual(ours.shape, theirs.shape)
        return try ours.to(.int64).sub(try theirs.to(.int64)).abs().max().itemInt()
    }

    func testEveryModeIsAsPillowConvertsIt() throws {
        let recorded = try Safetensors.read(folder.appendingPathComponent("modes.safetensors").path)
        XCTAssertGreaterThan(recorded.names.count, 25)
        for name in recorded.names {
            let isGrey = name.hasSuffix(" grey")
            let file = isGrey ? String(name.dropLast(5)) : name
            let ours = try ImageFile(path: path(file)).pixels(ImageForm(size: .original, isGrey: isGrey))
            // JPEG decoders of different versions may round differently.
            XCTAssertLessThanOrEqual(try distance(ours, try XCTUnwrap(recorded[name])), file.hasSuffix(".jpg") ? 1 : 0, name)
        }
    }

    func testResizingIsAsPillowsToWithinOneGreyLevel() throws {
        let recorded = try Safetensors.read(folder.appendingPathComponent("resized.safetensors").path)
        XCTAssertEqual(recorded.names.count, 25)
        for name in recorded.names {
            let parts = name.split(separator: " ")
            let size: ImageForm.Size = parts[1] == "square" ? .square(Int(parts[2])!) : .exact(height: Int(parts[2])!, width: Int(parts[3])!)
            let ours = try ImageFile(path: path("\(parts[0]).png")).pixels(ImageForm(size: size))
            XCTAssertLessThanOrEqual(try distance(ours, try XCTUnwrap(recorded[name])), 1, name)
        }
    }

    private func message(_ name: String) -> String {
        do {
            _ = try ImageFile(path: "\(scratch)/\(name)").pixels(ImageForm(size: .square(8)))
            return "no error"
        } catch { return (error as? DataError)?.message ?? "\(error)" }
    }

    func testEveryCutIsAnErrorThatNamesTheFile() throws {
        for name in ["rgb.png", "palette.png", "interlaced.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg", "grey16.png"] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: path(name)))
            // The end mark of a PNG (12 bytes) and of a JPEG (2) are not needed to see all pixels.
            for length in stride(from: 0, to: whole.count - 14, by: max(1, whole.count / 25)) {
                try whole.prefix(length).write(to: URL(fileURLWithPath: "\(scratch)/\(name)"))
                let message = message(name)
                XCTAssertTrue(message.contains("'\(scratch)/\(name)'"), "\(name) cut to \(length) bytes: \(message)")
            }
        }
    }

    /// Damage inside gives an error or an image, never a crash; an error names the file.
    func testDamagedBytesNeverCrash() throws {
        let random = RandomStream(seed: 7)
        for name in ["rgb.png", "palette_clear.png", "interlaced.png", "rgb.jpg", "progressive.jpg", "subsampled.jpg", "cmyk.jpg", "rgba16.png"] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: path(name)))
            for _ in 0..<40 {
                var data = whole
                for _ in 0...random.nextInt(below: 4) { data[random.nextInt(below: data.count)] = UInt8(random.nextInt(below: 256)) }
                try data.write(to: URL(fileURLWithPath: "\(scratch)/\(name)"))
                let message = message(name)
                XCTAssertTrue(message == "no error" || message.contains("'\(scratch)/\(name)'"), message)
            }
        }
    }

    func testAbsurdSizesAreRefusedBeforeAllocation() throws {
        // The width and height of a JPEG are in its SOF segment, those of a PNG in its first chunk (whose checksum is set right).
        var jpeg = try Data(contentsOf: URL(fileURLWithPath: path("rgb.jpg")))
        let start = try XCTUnwrap(jpeg.range(of: Data([0xFF, 0xC0]))?.upperBound)
        jpeg.replaceSubrange((start + 3)..<(start + 7), with: [0xFF, 0x00, 0xFF, 0x00])
        try jpeg.write(to: URL(fileURLWithPath: "\(scratch)/bomb.jpg"))
        XCTAssertTrue(message("bomb.jpg").contains("announces 65280 x 65280 pixels"), message("bomb.jpg"))
        // 100,000 x 100,000, grey; made by Python's zlib.crc32.
        let header: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0, 8, 0, 0, 0, 0]
        var checksum: UInt32 = 0xFFFF_FFFF
        for byte in header[12...] {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xEDB8_8320 : checksum >> 1 }
        }
        let end = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ~checksum >> $0) }
        let content = try Data(contentsOf: URL(fileURLWithPath: path("grey.png"))).dropFirst(33)
        try (Data(header + end) + content).write(to: URL(fileURLWithPath: "\(scratch)/bomb.png"))
        XCTAssertTrue(message("bomb.png").contains("announces 100000 x 100000 pixels"), message("bomb.png"))
    }

    func testWhatIsNoImage() throws {
        try Data("GIF89a".utf8).write(to: URL(fileURLWithPath: "\(scratch)/a.png"))
        XCTAssertEqual(message("a.png"), "'\(scratch)/a.png' is neither a JPEG nor a PNG image")
        try Data().write(to: URL(fileURLWithPath: "\(scratch)/b.jpg"))
        XCTAssertEqual(message("b.jpg"), "the image '\(scratch)/b.jpg' is an empty file")
        XCTAssertEqual(message("c.jpg"), "there is no image '\(scratch)/c.jpg'")
        try FileManager.default.createDirectory(atPath: "\(scratch)/d.jpg", withIntermediateDirectories: true)
        XCTAssertEqual(message("d.jpg"), "'\(scratch)/d.jpg' is no file, so no image")
    }
}
