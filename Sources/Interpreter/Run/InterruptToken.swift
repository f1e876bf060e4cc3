/// A request to stop, safe to raise from a signal handler: one word of memory that the evaluator polls before each statement.
public final class InterruptToken: @unchecked Sendable {
    /// Low bits: 0: go on; 1: stop at the next minibatch or statement; 2: stop at once, even inside a minibatch.
    /// `watched` is added while every statement is to be polled anyway.
    let level: UnsafeMutablePointer<Int32>
    static let watched: Int32 = 4

    public init() {
        level = .allocate(capacity: 1)
        level.initialize(to: 0)
    }

    deinit { level.deallocate() }

    public func request() { if level.pointee & 3 < 2 { level.pointee += 1 } }
    public func clear() { level.pointee &= Self.watched }
    public var isRequested: Bool { level.pointee & 3 != 0 }
    /// For a signal handler, which may not touch Swift objects.
    public var address: UnsafeMutablePointer<Int32> { level }

    func watch(_ on: Bool) { level.pointee = on ? level.pointee | Self.watched : level.pointee & 3 }
}
