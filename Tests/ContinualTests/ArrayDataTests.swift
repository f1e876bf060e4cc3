@testable import Continual
import Engine
import XCTest

final class ArrayDataTests: DataTestCase {
    private func fixture(_ name: String) -> String { "\(Self.fixtures)/\(name)" }

    func testPlainArchive() throws {
        let data = try ArrayData.npz(fixture("shapes.npz"))
        XCTAssertEqual(data.imageShape, [1, 4, 4])
        XCTAssertEqual(data.classes, 3)
        XCTAssertEqual(data.train.images.dtype, .uint8)
        XCTAssertEqual(try data.train.images.bytes(), (0..<96).map { UInt8(Self.grey($0)) })
        XCTAssertEqual(try data.test.labels.ints(), [0, 1, 2])
        XCTAssertEqual(data.name, "shapes.npz")
    }

    /// Floats that are k / 255 are kept as uint8, channels last become channels first.
    func testColours() throws {
        let data = try ArrayData.npz(fixture("colours.npz"))
        XCTAssertEqual(data.imageShape, [3, 4, 4])
        XCTAssertEqual(data.train.images.dtype, .uint8)
        let pixels = try data.train.images.bytes()
        for (row, channel, place) in [(0, 0, 0), (0, 1, 0), (2, 2, 7), (5, 0, 15)] { XCTAssertEqual(pixels[row * 48 + channel * 16 + place], UInt8(Self.grey(row * 48 + place * 3 + channel))) }
    }

    /// Fortran order, big-endian doubles and shorts, one-hot labels, channels first.
    func testFortranOrder() throws {
        let data = try ArrayData.npz(fixture("fortran.npz"))
        XCTAssertEqual(data.imageShape, [3, 4, 4])
        XCTAssertEqual(try data.train.images.bytes(), (0..<288).map { UInt8(Self.grey($0)) })
        XCTAssertEqual(try data.test.images.bytes(), (0..<144).map { UInt8(Self.grey($0)) })
        XCTAssertEqual(try data.train.labels.ints(), [0, 1, 2, 0, 1, 2])
    }

    func testNamesByPlaceAndTwoFiles() throws {
        XCTAssertEqual(try ArrayData.npz(fixture("places.npz")).imageShape, [1, 4, 4])
        let half = try ArrayData.npz(fixture("half.npz"), test: fixture("half.npz"))
        XCTAssertEqual(half.train.images.dtype, .float32)
        XCTAssertEqual(try half.train.images.floats()[..<3], [-2, -1.9003906, -1.7998047])
        XCTAssertTrue(problem { _ = try ArrayData.npz(fixture("half.npz")) }.contains("no array of test images; it has 'x', 'y'"))
        XCTAssertTrue(problem { _ = try ArrayData.npz(fixture("places.npz"), options: .init(image: [2, 3, 4])) }.contains("images of 16 values, which are not 2 x 3 x 4"))
        XCTAssertEqual(try ArrayData.npz(fixture("places.npz"), options: .init(image: [1, 2, 8])).imageShape, [1, 2, 8])
        XCTAssertTrue(problem { _ = try ArrayData.npz(fixture("colours.npz"), test: fixture("places.npz")) }.contains("(channels, height, width)"))
    }

    /// Float images go to the network as they are, to the bit; uint8 ones come back to the very floats that they were.
    func testNoPixelChanges() throws {
        let data = try ArrayData.npz(fixture("half.npz"), test: fixture("half.npz"))
        let bench = try Benchmark.permuted(data, tasks: 1, perTask: nil, seed: 1)
        XCTAssertEqual(try bench.tasks[0].train.minibatch(0, 6).x.floats().sorted(), try data.train.images.floats().sorted())
        let greys = try Tensor.from((0...255).map { UInt8($0) }, shape: [1, 256])
        let set = SampleSet(images: greys, labels: try Tensor.from([0]))
        XCTAssertEqual(try set.scaled(greys).floats(), (0...255).map { Float($0) / 255 })
    }

    func testTorchDatasets() throws {
        for suffix in ["", "-legacy"] {
            guard case .dataset(let data) = try TorchData.load(fixture("raw\(suffix).pt")) else { return XCTFail("no dataset") }
            XCTAssertEqual(data.imageShape, [1, 4, 4])
            XCTAssertEqual(try data.train.images.bytes(), (0..<96).map { UInt8(Self.grey($0)) })
            guard case .dataset(let parts) = try TorchData.load(fixture("raw-train\(suffix).pt"), test: fixture("raw-test\(suffix).pt")) else { return XCTFail("no dataset") }
            XCTAssertTrue(try parts.train.images.equalsBitwise(data.train.images))
            XCTAssertTrue(try parts.test.labels.equalsBitwise(data.test.labels))
            guard case .dataset(let named) = try TorchData.load(fixture("named\(suffix).pt")) else { return XCTFail("no dataset") }
            XCTAssertEqual(named.train.images.dtype, .float32)
            XCTAssertTrue(problem { _ = try TorchData.load(fixture("raw-train\(suffix).pt")) }.contains("no array of test images"))
        }
    }

    func testGuessedShapes() {
        XCTAssertEqual(ImageArray.guess(784), [1, 28, 28])
        XCTAssertEqual(ImageArray.guess(3072), [3, 32, 32])
        XCTAssertEqual(ImageArray.guess(3 * 84 * 84), [3, 84, 84])
        XCTAssertEqual(ImageArray.guess(10), [1, 1, 10])
    }
}
