import BCLScript
import Foundation

/// The top-level statement that a session runs, for whoever waits for it on another thread.
public final class Activity: @unchecked Sendable {
    private let lock = NSLock()
    private var statement: Location?

    func begin(_ statement: Location) { lock.withLock { self.statement = statement } }
    func end() { lock.withLock { statement = nil } }

    public var current: Location? { lock.withLock { statement } }
}
