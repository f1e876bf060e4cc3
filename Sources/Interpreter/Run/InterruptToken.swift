/// A request to stop, safe to raise from a signal handler: one word of memory that the evaluator polls before each statement.
public final class InterruptToken: @unchecked Sendable {
    /// Low bits: 0: go on; 1: stop at the next minibatch or statement; 2: stop at once, even inside a minibatch.
    /// `watched` is added while every statement is to be polled anyway.
    /// The second byte asks the run to step out where it can come back to: a byte of its own, as other threads set it.
    let level: UnsafeMutablePointer<Int32>
    static let watched: Int32 = 4
    static let pause: Int32 = 1 << 8

    public init() {
        level = .allocate(capacity: 1)
        level.initialize(to: 0)
    }

    deinit { level.deallocate() }

    public func request() { if level.pointee & 3 < 2 { level.pointee += 1 } }
    public func clear() { level.pointee &= Self.watched | Self.pause }
    public var isRequested: Bool { level.pointee & 3 != 0 }
    /// For a signal handler, which may not touch Swift objects.
    public var address: UnsafeMutablePointer<Int32> { level }

    func watch(_ on: Bool) { level.pointee = on ? level.pointee | Self.watched : level.pointee & ~Self.watched }

    /// The byte to set from anywhere, a signal handler included.
    public var pauseByte: UnsafeMutablePointer<UInt8> { UnsafeMutableRawPointer(level).advanced(by: Self.pause.littleEndian == Self.pause ? 1 : 2).assumingMemoryBound(to: UInt8.self) }
    public var isPauseRequested: Bool { level.pointee & Self.pause != 0 }
    public func requestPause(_ on: Bool = true) { pauseByte.pointee = on ? 1 : 0 }
}
