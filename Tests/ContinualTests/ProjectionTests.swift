import Continual
import Engine
import XCTest

final class ProjectionTests: XCTestCase {
    /// The conditions of Karush, Kuhn and Tucker: they hold at the minimum of a convex program and nowhere else.
    func testOptimalityOnRandomPrograms() throws {
        let random = RandomStream(seed: 1)
        for trial in 0..<300 {
            let n = 1 + random.nextInt(below: 25)
            let columns = 1 + random.nextInt(below: 40)
            let rows = try Tensor.from(random.normal(n * columns), shape: [n, columns])
            let p = try rows.matmul(try rows.transpose(0, 1)).add(try Tensor.eye(n, dtype: .float64).mul(1e-3)).doubles()
            let q = random.normal(n).map { $0 * 10 }
            let bound = trial % 3 == 0 ? 0 : random.nextUniform()
            let v = try BoundedQuadraticProgram.solve(p: p, q: q, bound: bound)
            let size = max(1, q.map(abs).max()!, p.map(abs).max()!)
            for i in 0..<n {
                let slope = q[i] + (0..<n).reduce(0) { $0 + p[i * n + $1] * v[$1] }
                XCTAssertGreaterThanOrEqual(v[i], bound - 1e-12)
                XCTAssertGreaterThanOrEqual(slope, -1e-8 * size)
                XCTAssertEqual(slope * (v[i] - bound), 0, accuracy: 1e-7 * size)
            }
        }
    }

    func testOneConstraintByHand() throws {
        // g = (1, -1) against m = (0, 1): the nearest vector with m.x >= 0 is (1, 0), but for the raised diagonal.
        let x = try GradientProjection.project(try Tensor.from([1.0, -1.0]), against: [try Tensor.from([0.0, 1.0])], margin: 0)
        XCTAssertEqual(try x.doubles()[0], 1, accuracy: 1e-12)
        XCTAssertEqual(try x.doubles()[1], -1 + 1 / 1.001, accuracy: 1e-12)
    }

    func testNoNegativeInnerProductRemains() throws {
        let random = RandomStream(seed: 2)
        for _ in 0..<50 {
            let memories = try (0..<8).map { _ in try Tensor.from(random.normal(200)) }
            let g = try Tensor.from(random.normal(200))
            let x = try GradientProjection.project(g, against: memories, margin: 0.5)
            for memory in memories { XCTAssertGreaterThan(try memory.dot(x).item(), -0.01) }
        }
    }

    func testUntouchedWhereNothingIsViolated() throws {
        let g = try Tensor.from([1.0, 2.0])
        XCTAssertTrue(try GradientProjection.project(g, against: [g], margin: 0.5) === g)
        XCTAssertThrowsError(try GradientProjection.project(g, against: [try Tensor.from([1.0])], margin: 0.5))
        XCTAssertThrowsError(try BoundedQuadraticProgram.solve(p: [-1], q: [-1], bound: 0))
        XCTAssertThrowsError(try BoundedQuadraticProgram.solve(p: [1], q: [.nan], bound: 0))
    }
}
