@testable import Continual
import Engine
import XCTest

/// Rotations against Pillow's, as recorded by Tests/Images/record.py.
final class RotationTests: XCTestCase {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Images")

    func testAsPillowToWithinOneGreyLevel() throws {
        let recorded = try Safetensors.read(Self.folder.appendingPathComponent("rotations.safetensors").path)
        var (pictures, compared, differing) = (0, 0, 0)
        for name in recorded.names where name.contains(" ") {
            let parts = name.split(separator: " ")
            let image = try XCTUnwrap(recorded[String(parts[0])])
            let resampling = try XCTUnwrap(Rotation.Resampling(rawValue: String(parts[1])))
            let rotation = Rotation(angle: try XCTUnwrap(Double(parts[2])), imageShape: image.shape, resampling: resampling)
            let ours = try rotation.apply(try image.reshape([1, -1])).ints()
            let theirs = try XCTUnwrap(recorded[name]).ints()
            XCTAssertEqual(ours.count, theirs.count)
            let distance = zip(ours, theirs).map { abs($0 - $1) }
            XCTAssertLessThanOrEqual(distance.max() ?? 0, resampling == .bilinear ? 1 : 0, name)
            pictures += 1
            compared += distance.count
            differing += distance.filter { $0 > 0 }.count
        }
        XCTAssertGreaterThan(pictures, 150)
        // To within one level, and nearly always the same level.
        XCTAssertLessThan(Double(differing) / Double(compared), 0.001)
    }

    func testWholeMinibatchesAndNothingIsKept() throws {
        let data = try Digits.load()
        let bench = try Benchmark.rotated(.data(data), tasks: 3, angles: .list([0, 90, 33]), seed: 1)
        let plain = try bench.tasks[0].test.pixels(0, 20)
        XCTAssertTrue(try plain.equalsBitwise(try data.test.images.narrow(0, 0, 20)))
        // By 90 degrees counter-clockwise: the last column becomes the first row.
        let turned = try bench.tasks[1].test.pixels(0, 20).reshape([20, 8, 8])
        XCTAssertEqual(try turned.select(0, 5).select(0, 0).ints(), try plain.reshape([20, 8, 8]).select(0, 5).select(1, 7).ints())
        let batch = try bench.tasks[2].train.minibatch(10, 10)
        XCTAssertEqual(batch.x.dtype, .float32)
        XCTAssertEqual(batch.x.shape, [10, 64])
        XCTAssertLessThanOrEqual(try batch.x.max().item(), 1)
        let pixels = try bench.tasks[2].train.pixels(10, 10)
        XCTAssertEqual(pixels.dtype, .uint8)
        XCTAssertTrue(try pixels.to(.float32).div(255).equalsBitwise(batch.x))
    }

    /// As GEM's script draws them: one angle from each of T equal parts.
    func testAnglesComeFromTheirParts() throws {
        let data = try Digits.load()
        func angles(_ angles: Benchmark.Angles, _ tasks: Int, seed: UInt64 = 4) throws -> [Double] {
            try Benchmark.rotated(.data(data), tasks: tasks, angles: angles, seed: seed).tasks.map { Double($0.name.split(separator: " ")[2])! }
        }
        let drawn = try angles(.drawn(min: 0, max: 180), 20)
        for (task, angle) in drawn.enumerated() { XCTAssertTrue(angle >= Double(task) * 9 - 0.06 && angle <= Double(task + 1) * 9 + 0.06, "\(task): \(angle)") }
        XCTAssertNotEqual(drawn, try angles(.drawn(min: 0, max: 180), 20, seed: 5))
        XCTAssertEqual(drawn, try angles(.drawn(min: 0, max: 180), 20))
        XCTAssertEqual(try angles(.even(min: -30, max: 60), 4), [-30, 0, 30, 60])
        XCTAssertThrowsError(try angles(.list([1, 2]), 3))
    }
}
