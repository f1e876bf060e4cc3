import Engine
import XCTest

final class RandomTests: XCTestCase {
    /// First outputs of xoshiro256** from the state 1, 2, 3, 4, as in the authors' reference program.
    func testReferenceOutputs() {
        let stream = RandomStream(seed: 0)
        stream.restore((1, 2, 3, 4))
        XCTAssertEqual((0..<5).map { _ in stream.next() }, [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360])
    }

    func testChooseDrawsWithoutReplacementAndEvenly() {
        let stream = RandomStream(seed: 1)
        var counts = [Int](repeating: 0, count: 100)
        for _ in 0..<2000 {
            let drawn = stream.choose(5, of: 100)
            XCTAssertEqual(Set(drawn).count, 5)
            for index in drawn { counts[index] += 1 }
        }
        XCTAssertTrue(counts.allSatisfy { (60...145).contains($0) }, "\(counts)")
        XCTAssertEqual(stream.choose(10, of: 4).sorted(), [0, 1, 2, 3])
        XCTAssertEqual(stream.choose(-1, of: 4), [])
        XCTAssertEqual(stream.permutation(50).sorted(), Array(0..<50))
    }

    func testStreamsAreIndependentAndRestorable() {
        let a = RandomStreams(seed: 3)
        let b = RandomStreams(seed: 3)
        _ = b.stream("other").next()
        XCTAssertEqual(a.stream("data").next(), b.stream("data").next())
        let states = a.states
        let next = a.stream("data").next()
        a.states = states
        XCTAssertEqual(a.stream("data").next(), next)
        XCTAssertNotEqual(RandomStreams(seed: 4).stream("data").next(), RandomStreams(seed: 3).stream("data").next())
    }

    func testMoments() {
        let values = RandomStream(seed: 9).normal(20_000)
        let mean = values.reduce(0, +) / 20_000
        XCTAssertEqual(mean, 0, accuracy: 0.03)
        XCTAssertEqual(values.map { $0 * $0 }.reduce(0, +) / 20_000, 1, accuracy: 0.05)
    }
}
