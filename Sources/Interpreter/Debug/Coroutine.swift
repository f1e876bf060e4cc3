import Foundation

/// A body with a stack of its own that can pause in the middle and be resumed: how an update is stopped between two statements.
/// Only one of the two sides runs at any time.
final class Coroutine: @unchecked Sendable {
    private let resumed = DispatchSemaphore(value: 0)
    private let paused = DispatchSemaphore(value: 0)
    private(set) var isFinished = false

    /// - Parameter body: starts with the first `resume`.
    init(_ body: @escaping () -> Void) {
        let thread = Thread { [self] in
            resumed.wait()
            body()
            isFinished = true
            paused.signal()
        }
        thread.stackSize = EvaluationThread.stackSize
        thread.name = "bclsh step"
        thread.start()
    }

    /// From outside: runs the body up to its next pause or its end.
    func resume() {
        guard !isFinished else { return }
        resumed.signal()
        paused.wait()
    }

    /// From the body: gives control back to whoever resumed it.
    func pause() {
        paused.signal()
        resumed.wait()
    }
}
