import Foundation

/// A stream of random numbers: xoshiro256** (Blackman and Vigna 2018), started from a seed through SplitMix64.
/// The same on every machine and device; its four words of state can be saved and restored.
public final class RandomStream: RandomNumberGenerator {
    public private(set) var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var z = mixer
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        state = (next(), next(), next(), next())
    }

    public func restore(_ state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

    public func next() -> UInt64 {
        func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
        let result = rotate(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    /// In [0, 1), with 53 random bits.
    public func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    public func uniform(_ count: Int, from low: Double, to high: Double) -> [Double] {
        (0..<max(0, count)).map { _ in low + (high - low) * nextUniform() }
    }

    /// Standard normal numbers (Box and Muller).
    public func normal(_ count: Int) -> [Double] {
        (0..<max(0, count)).map { _ in nextNormal() }
    }

    public func nextNormal() -> Double {
        let radius = sqrt(-2 * log(1 - nextUniform()))
        return radius * cos(2 * .pi * nextUniform())
    }

    /// From 0 up to, not including, the bound, without bias (Lemire 2019). The bound must be positive; 0 counts as 1.
    public func nextInt(below bound: Int) -> Int {
        let range = UInt64(max(1, bound))
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// 0 up to n - 1 in random order (Fisher and Yates).
    public func permutation(_ n: Int) -> [Int] { choose(n, of: n) }

    /// k different numbers from 0 up to n - 1, in random order; all of them where k is n or more.
    public func choose(_ k: Int, of n: Int) -> [Int] {
        let taken = min(max(0, k), max(0, n))
        if taken * 8 < n { return chooseFew(taken, of: n) }
        var pool = Array(0..<max(0, n))
        for index in 0..<taken {
            pool.swapAt(index, index + nextInt(below: n - index))
        }
        return Array(pool.prefix(taken))
    }

    /// The same draw as from a full pool, remembering only the places that were swapped.
    private func chooseFew(_ k: Int, of n: Int) -> [Int] {
        var moved: [Int: Int] = [:]
        return (0..<k).map { index in
            let other = index + nextInt(below: n - index)
            let result = moved[other] ?? other
            moved[other] = moved[index] ?? index
            return result
        }
    }
}

/// The session's streams, by name: what one part draws does not shift what another gets.
public final class RandomStreams {
    public private(set) var seed: UInt64
    private var streams: [String: RandomStream] = [:]

    public init(seed: UInt64 = 0) { self.seed = seed }

    /// Starts all streams anew. Streams that are held by others go on as restarted ones.
    public func reseed(_ seed: UInt64) {
        self.seed = seed
        for (name, stream) in streams { stream.restore(RandomStream(seed: Self.start(seed, name)).state) }
    }

    /// The stream of a name, made on first use.
    public func stream(_ name: String) -> RandomStream {
        if let known = streams[name] { return known }
        let stream = RandomStream(seed: Self.start(seed, name))
        streams[name] = stream
        return stream
    }

    /// The states of all streams, also of those that nothing was drawn from yet: these would start from another seed, or not go back.
    public var allStates: [String: (UInt64, UInt64, UInt64, UInt64)] {
        for name in ["init", "memory", "data"] { _ = stream(name) }
        return states
    }

    public var states: [String: (UInt64, UInt64, UInt64, UInt64)] {
        get { streams.mapValues(\.state) }
        set { for (name, state) in newValue { stream(name).restore(state) } }
    }

    /// FNV-1a of the name, mixed with the seed: the same in every run, which Swift's own hashing is not.
    static func start(_ seed: UInt64, _ name: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ (seed &* 0x9E37_79B9_7F4A_7C15)
    }
}
