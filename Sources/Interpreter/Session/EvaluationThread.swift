import Foundation

/// The one thread that scripts run on. Its stack is large, so that deep recursion meets the call limit and not the end of the stack;
/// and libtorch keeps its mode and its thread count for each thread.
public final class EvaluationThread: @unchecked Sendable {
    public static let stackSize = 256 << 20

    private let thread: Thread
    private let queue = Queue()

    private final class Queue: @unchecked Sendable {
        let condition = NSCondition()
        var jobs: [() -> Void] = []
        var isClosed = false
    }

    public init() {
        let queue = self.queue
        thread = Thread {
            while true {
                queue.condition.lock()
                while queue.jobs.isEmpty, !queue.isClosed { queue.condition.wait() }
                guard !queue.jobs.isEmpty else {
                    queue.condition.unlock()
                    return
                }
                let job = queue.jobs.removeFirst()
                queue.condition.unlock()
                job()
            }
        }
        thread.stackSize = Self.stackSize
        thread.name = "bclsh evaluation"
        thread.start()
    }

    deinit {
        queue.condition.lock()
        queue.isClosed = true
        queue.condition.signal()
        queue.condition.unlock()
    }

    /// Runs a job there and waits for it.
    public func sync<T>(_ job: @escaping () -> T) -> T {
        if Thread.current === thread { return job() }
        var result: T?
        let done = DispatchSemaphore(value: 0)
        queue.condition.lock()
        queue.jobs.append {
            result = job()
            done.signal()
        }
        queue.condition.signal()
        queue.condition.unlock()
        done.wait()
        return result!
    }
}
