import Engine
import XCTest

extension XCTestCase {
    /// To be called first: the test begins with one thread, and how networks go through their passes and with how many threads is after it what it was before.
    public func beginWithOneThread() throws {
        let before = (threads: Threads.count, areOff: FusedPasses.areOff, areRecorded: FusedPasses.areRecorded)
        try Threads.set(1)
        addTeardownBlock {
            (FusedPasses.areOff, FusedPasses.areRecorded) = (before.areOff, before.areRecorded)
            try? Threads.set(before.threads)
        }
    }
}
