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

    /// Nothing is left of a violated constraint but what the raised diagonal leaves: 1e-3 of its dual variable. A margin leaves nothing where nothing opposes it.
    func testNoNegativeInnerProductRemains() throws {
        let random = RandomStream(seed: 2)
        var violated = 0
        for trial in 0..<60 {
            let (n, width) = (1 + random.nextInt(below: 40), 2 + random.nextInt(below: 60))
            let size = pow(10, Double(random.nextInt(below: 5)) - 2)
            let memories = try (0..<n).map { _ in try Tensor.from(random.normal(width).map { $0 * size }) }
            let g = try Tensor.from(random.normal(width))
            let margin = [0, 0.5][trial % 2]
            violated += try memories.filter { try $0.dot(g).item() < 0 }.count
            let x = try GradientProjection.project(g, against: memories, margin: margin)
            let rows = try Tensor.stack(memories)
            let p = try rows.matmul(try rows.transpose(0, 1)).add(try Tensor.eye(n, dtype: .float64).mul(1e-3)).doubles()
            let dual = try BoundedQuadraticProgram.solve(p: p, q: try rows.matmul(g).doubles(), bound: margin)
            for (memory, v) in zip(memories, dual) {
                XCTAssertGreaterThanOrEqual(try memory.dot(x).item() + 1e-3 * v, -1e-9 * max(1, try memory.norm().item() * x.norm().item()), "trial \(trial)")
            }
        }
        XCTAssertGreaterThan(violated, 300)
    }

    /// Without the raised diagonal no inner product is negative, however small the gradients of the memories, and where they depend on each other.
    func testWithoutDiagonalNothingIsViolated() throws {
        let random = RandomStream(seed: 6)
        XCTAssertEqual(try GradientProjection.project(try Tensor.from([1.0, -1.0]), against: [try Tensor.from([0.0, 0.001])], margin: 0, diagonal: 0).doubles()[1], 0, accuracy: 1e-9)
        for trial in 0..<40 {
            let (n, width) = (1 + random.nextInt(below: 30), 20 + random.nextInt(below: 60))
            let size = pow(10, -Double(trial % 5))
            var memories = try (0..<n).map { _ in try Tensor.from(random.normal(width).map { $0 * size }) }
            if trial % 3 == 0 { memories.append(try memories[0].mul(2)) }
            if trial % 4 == 1 { memories = try memories.map { try $0.to(.float32) } }
            let g = try Tensor.from(random.normal(width)).to(memories[0].dtype)
            let x = try GradientProjection.project(g, against: memories, margin: [0, 0.5][trial % 2], diagonal: 0)
            for memory in memories {
                let cosine = try memory.dot(x).item() / max(1e-30, memory.norm().item() * x.norm().item())
                XCTAssertGreaterThan(cosine, memory.dtype == .float32 ? -1e-5 : -1e-7, "trial \(trial)")
            }
        }
        XCTAssertThrowsError(try GradientProjection.project(try Tensor.from([1.0]), against: [try Tensor.from([-1.0])], margin: 0, diagonal: -1))
    }

    private struct Problem: Decodable {
        let kind: String, margin: Double, gradient: [Double], memories: [[Double]], dual: [Double], projected: [Double]
    }

    /// What quadprog makes of plain, dependent, duplicate, opposite, zero and differently scaled gradients (Tests/Projection/record.py).
    func testRecordedSolutionsOfQuadprog() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Projection/problems.json")
        let problems = try JSONDecoder().decode([Problem].self, from: try Data(contentsOf: file))
        XCTAssertGreaterThanOrEqual(problems.count, 40)
        func distance(_ a: [Double], _ b: [Double]) -> Double { sqrt(zip(a, b).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)) / max(1, sqrt(b.map { $0 * $0 }.reduce(0, +))) }
        for (number, problem) in problems.enumerated() {
            let (n, width) = (problem.memories.count, problem.gradient.count)
            let rows = try Tensor.from(problem.memories.flatMap { $0 }, shape: [n, width])
            let g = try Tensor.from(problem.gradient)
            let p = try rows.matmul(try rows.transpose(0, 1)).add(try Tensor.eye(n, dtype: .float64).mul(1e-3)).doubles()
            XCTAssertLessThan(distance(try BoundedQuadraticProgram.solve(p: p, q: try rows.matmul(g).doubles(), bound: problem.margin), problem.dual), 1e-6, "dual of problem \(number), \(problem.kind)")
            let x = try GradientProjection.project(g, against: try problem.memories.map { try Tensor.from($0) }, margin: problem.margin)
            XCTAssertLessThan(distance(try x.doubles(), problem.projected), 1e-6, "problem \(number), \(problem.kind)")
        }
    }

    /// Rounding neither keeps the solver turning nor stops it short, however large or small the numbers are.
    func testExtremeScales() throws {
        let random = RandomStream(seed: 3)
        for exponent in stride(from: -12.0, through: 12, by: 1.5) {
            for n in [1, 7, 40] {
                let size = pow(10, exponent)
                let base = random.normal(5)
                let memories = try (0..<n).map { i in try Tensor.from(i % 3 == 0 ? base.map { $0 * size } : random.normal(5).map { $0 * size }) }
                let g = try Tensor.from(base.map { -$0 })
                for margin in [0, 0.5] {
                    let x = try GradientProjection.project(g, against: memories, margin: margin)
                    XCTAssertTrue(try x.doubles().allSatisfy(\.isFinite))
                    if exponent >= 0, margin == 0 { XCTAssertGreaterThan(try memories[0].dot(x).item() / size, -0.01, "size \(size), \(n)") }
                }
            }
        }
    }

    /// With and without copies in float64: the same vectors.
    func testInOnePass() throws {
        defer { FusedPasses.areOff = false }
        let random = RandomStream(seed: 9)
        for (n, size) in [(1, 1), (2, 15), (3, 16), (5, 3001)] {
            for margin in [0, 0.5] {
                let g = try Tensor.from(random.normal(size)).to(.float32)
                let memories = try (0..<n).map { i in i == 0 ? try g.mul(-1) : try Tensor.from(random.normal(size)).to(.float32) }
                let fused = try GradientProjection.project(g, against: memories, margin: margin)
                FusedPasses.areOff = true
                let plain = try GradientProjection.project(g, against: memories, margin: margin)
                FusedPasses.areOff = false
                XCTAssertNotEqual(try fused.doubles(), try g.doubles())
                for (a, b) in zip(try fused.doubles(), try plain.doubles()) { XCTAssertEqual(a, b, accuracy: 1e-5 * max(1, abs(b))) }
            }
        }
        let diverged = try Tensor.from([Double.nan, 1]).to(.float32)
        let left = try GradientProjection.project(diverged, against: [try Tensor.from([-1.0, -1]).to(.float32)], margin: 0).doubles()
        XCTAssertTrue(left[0].isNaN && left[1] == 1)
    }

    func testUntouchedWhereNothingIsViolated() throws {
        let g = try Tensor.from([1.0, 2.0])
        XCTAssertEqual(try GradientProjection.project(g, against: [g], margin: 0.5).doubles(), [1, 2])
        XCTAssertThrowsError(try GradientProjection.project(g, against: [try Tensor.from([1.0])], margin: 0.5))
        XCTAssertThrowsError(try BoundedQuadraticProgram.solve(p: [-1], q: [-1], bound: 0))
        XCTAssertThrowsError(try BoundedQuadraticProgram.solve(p: [1], q: [.nan], bound: 0))
    }
}
