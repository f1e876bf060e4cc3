import Foundation

/// Frees containers of containers without recursion: a list nested a million deep would otherwise end the stack as it is let go of.
/// What a dying container held waits in a line that the outermost one works off.
enum Dismantling {
    private final class Line {
        var waiting: [[Value]] = []
        var isWorkedOff = false
    }

    /// One line for each thread: values are also freed on the main thread, as the program ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { Unmanaged<Line>.fromOpaque($0!).release() }
        return key
    }()

    private static var line: Line {
        if let known = pthread_getspecific(key) { return Unmanaged<Line>.fromOpaque(known).takeUnretainedValue() }
        let line = Line()
        pthread_setspecific(key, Unmanaged.passRetained(line).toOpaque())
        return line
    }

    /// Whether freeing the value may free others.
    static func holdsOthers(_ value: Value) -> Bool {
        switch value {
        case .list, .record, .host: return true
        default: return false
        }
    }

    /// - Parameter values: taken, and left empty: nothing else may keep them alive here.
    static func free(_ values: inout [Value]) {
        let line = self.line
        line.waiting.append(values)
        values = []
        guard !line.isWorkedOff else { return }
        line.isWorkedOff = true
        while var next = line.waiting.popLast() { next.removeAll() }
        line.isWorkedOff = false
    }
}
