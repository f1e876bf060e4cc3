/// A request to stop, safe to raise from a signal handler: one word of memory that the evaluator polls.
public final class InterruptToken: @unchecked Sendable {
    /// 0: go on; 1: stop at the next minibatch or statement; 2: stop at once, even inside a minibatch.
    let level: UnsafeMutablePointer<Int32>

    public init() {
        level = .allocate(capacity: 1)
        level.initialize(to: 0)
    }

    deinit { level.deallocate() }

    public func request() { if level.pointee < 2 { level.pointee += 1 } }
    public func clear() { level.pointee = 0 }
    public var isRequested: Bool { level.pointee != 0 }
    /// For a signal handler, which may not touch Swift objects.
    public var address: UnsafeMutablePointer<Int32> { level }
}
