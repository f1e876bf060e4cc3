import Engine

/// min over v of 1/2 v'Pv + q'v with v >= bound in every component: the dual problem of GEM's projection, of at most a few dozen variables.
public enum BoundedQuadraticProgram {
    /// Solved by an active set (Lawson and Hanson 1974, for P instead of A'A): exact up to rounding after finitely many steps.
    /// - Parameters:
    ///   - p: symmetric and positive definite, n x n, row by row.
    ///   - q: n
    /// - Throws: where P is not positive definite.
    public static func solve(p: [Double], q: [Double], bound: Double) throws -> [Double] {
        let n = q.count
        guard p.count == n * n else { throw DataError("a quadratic program of \(n) variables needs \(n * n) coefficients, not \(p.count)") }
        guard p.allSatisfy(\.isFinite), q.allSatisfy(\.isFinite), bound.isFinite else { throw DataError("the gradients to project are not finite") }
        // With u = v - bound: min 1/2 u'Pu + r'u, u >= 0.
        let r = (0..<n).map { i in q[i] + bound * (0..<n).reduce(0) { $0 + p[i * n + $1] } }
        let scale = r.map(abs).max() ?? 0
        var u = [Double](repeating: 0, count: n)
        var free = [Bool](repeating: false, count: n)
        // Variables whose release moved nothing, but for rounding: others come first.
        var idle = [Bool](repeating: false, count: n)
        for _ in 0..<(10 * n + 10) {
            // The bound variable whose release lowers the value fastest.
            let slopes = (0..<n).map { i in -r[i] - (0..<n).reduce(0) { $0 + p[i * n + $1] * u[$1] } }
            guard let best = (0..<n).filter({ !free[$0] && !idle[$0] }).max(by: { slopes[$0] < slopes[$1] }), slopes[best] > 1e-12 * scale else { break }
            free[best] = true
            idle[best] = true
            while true {
                let indices = (0..<n).filter { free[$0] }
                let target = try minimise(p, r, indices, n)
                // Of the variables that would pass their bound, the one that meets it first.
                let meeting = indices.indices.filter { target[$0] <= 0 }
                    .map { (place: $0, step: u[indices[$0]] > 0 ? u[indices[$0]] / (u[indices[$0]] - target[$0]) : 0) }.min { $0.step < $1.step }
                guard let meeting else {
                    for (i, z) in zip(indices, target) { u[i] = z }
                    if free[best] { idle = [Bool](repeating: false, count: n) }
                    break
                }
                // Only so much of the way: it stays there, whatever rounding makes of it, so that each turn has fewer free variables.
                for (place, (i, z)) in zip(indices, target).enumerated() {
                    u[i] = max(u[i] + meeting.step * (z - u[i]), 0)
                    if place == meeting.place || (z <= 0 && u[i] == 0) {
                        u[i] = 0
                        free[i] = false
                    }
                }
                if !free.contains(true) { break }
            }
        }
        return u.map { $0 + bound }
    }

    /// The minimum over the free variables alone: P_ff z = -r_f, by Cholesky.
    private static func minimise(_ p: [Double], _ r: [Double], _ indices: [Int], _ n: Int) throws -> [Double] {
        let m = indices.count
        var factor = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
            for j in 0...i {
                var sum = p[indices[i] * n + indices[j]]
                for k in 0..<j { sum -= factor[i * m + k] * factor[j * m + k] }
                if i == j {
                    guard sum > 0 else { throw DataError("the gradients to project are too nearly dependent") }
                    factor[i * m + i] = sum.squareRoot()
                } else {
                    factor[i * m + j] = sum / factor[j * m + j]
                }
            }
        }
        var z = indices.map { -r[$0] }
        for i in 0..<m {
            for k in 0..<i { z[i] -= factor[i * m + k] * z[k] }
            z[i] /= factor[i * m + i]
        }
        for i in stride(from: m - 1, through: 0, by: -1) {
            for k in (i + 1)..<max(m, i + 1) { z[i] -= factor[k * m + i] * z[k] }
            z[i] /= factor[i * m + i]
        }
        return z
    }
}

/// Gradient episodic memory's projection (Lopez-Paz and Ranzato 2017, equation 11).
public enum GradientProjection {
    /// The vector nearest to the gradient g [P] that has no negative inner product with any of the memories' gradients; g itself where it has none.
    /// As in GEM's code the dual variables are at least `margin`, which favours the memories, and the diagonal of the dual problem is raised by `diagonal`:
    /// memories whose gradients are not much longer than its square root then get only a part of what is theirs. Without it, by as little as rounding needs.
    public static func project(_ gradient: Tensor, against memories: [Tensor], margin: Double, diagonal: Double = publishedDiagonal) throws -> Tensor {
        let projected = try gradient.detach().clone()
        try projectInPlace(projected, against: memories, margin: margin, diagonal: diagonal)
        return projected
    }

    /// That of GEM's code.
    public static let publishedDiagonal = 1e-3

    /// The same, where the gradient is.
    public static func projectInPlace(_ gradient: Tensor, against memories: [Tensor], margin: Double, diagonal: Double = publishedDiagonal) throws {
        guard !memories.isEmpty else { return }
        guard diagonal >= 0, diagonal.isFinite else { throw DataError("the diagonal of a projection is raised by a number from 0 on, not \(diagonal)") }
        guard memories.count <= 1000, gradient.rank == 1, memories.allSatisfy({ $0.shape == gradient.shape }) else {
            throw DataError("a gradient [P] is projected against vectors of the same length, not \(memories.first { $0.shape != gradient.shape }?.summary ?? "\(memories.count) vectors") for \(gradient.summary)")
        }
        if FusedPasses.areKernels, gradient.isFlatVector, memories.allSatisfy(\.isFlatVector) { return try projectFlat(gradient, memories, margin, diagonal) }
        try withoutGradients {
            let stacked = try Tensor.stack(memories)
            guard try stacked.matmul(gradient).min().item() < 0 else { return }
            let rows = try stacked.to(.float64)
            let g = try gradient.to(.float64)
            let gram = try rows.matmul(try rows.transpose(0, 1))
            let n = memories.count
            // One copy from a GPU for both.
            let both = try Tensor.cat([try gram.add(try gram.transpose(0, 1)).mul(0.5).flatten(), try rows.matmul(g)]).doubles()
            let v = try solve(Array(both.prefix(n * n)), Array(both.suffix(n)), margin, diagonal)
            try gradient.copyInPlace(from: try Tensor.from(v, device: gradient.device).matmul(rows).add(g))
        }
    }

    /// The same, with a pass over memory for each inner product instead of copies in float64.
    private static func projectFlat(_ gradient: Tensor, _ memories: [Tensor], _ margin: Double, _ diagonal: Double) throws {
        let products = try gradient.inner(memories)
        guard products.contains(where: { $0 < 0 }), !products.contains(where: \.isNaN) else { return }
        let n = memories.count
        var p = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for (j, product) in zip(i..., try memories[i].inner(Array(memories[i...]))) { (p[i * n + j], p[j * n + i]) = (product, product) }
        }
        try gradient.combineInPlace(memories, try solve(p, products, margin, diagonal))
    }

    /// - Parameters:
    ///   - p: inner products of the memories' gradients, n x n.
    ///   - q: theirs with the gradient, n.
    private static func solve(_ p: [Double], _ q: [Double], _ margin: Double, _ diagonal: Double) throws -> [Double] {
        var p = p
        let places = q.indices.map { $0 * (q.count + 1) }
        let ridge = max(diagonal, 1e-10 * (places.map { p[$0] }.max() ?? 0))
        for place in places { p[place] += ridge }
        return try BoundedQuadraticProgram.solve(p: p, q: q, bound: margin)
    }
}
