import CTorch
import Foundation

/// What is known of the linked libtorch.
public enum Torch {
    /// Version of the linked libtorch, such as "2.13.0".
    public static var version: String { String(cString: ctorch_version()) }
    /// CUDA version that libtorch was built with; nil for a CPU build.
    public static var cudaVersion: String? {
        let text = String(cString: ctorch_cuda_version())
        return text.isEmpty ? nil : text
    }
    /// Whether the time spent in tensor operations is added up.
    public static func takeTimes(_ on: Bool) { ctorch_take_times(on ? 1 : 0) }
    /// The sum so far. Operations on a GPU only start there: their own time shows where a result is waited for.
    public static var timedNanoseconds: Int { Int(ctorch_timed_nanoseconds()) }
    /// How often numbers of tensors were read so far: where they are on a GPU, all that was begun there is waited for.
    nonisolated(unsafe) public internal(set) static var hostReads = 0
    /// Keeps the memory of freed tensors for the next ones. To be called before the first thread is made.
    public static func keepMemory() { ctorch_keep_memory() }
    /// Tensor handles that are alive, for leak checks and `%memory`.
    public static var liveHandles: Int { Int(ctorch_live_handles()) }
}

/// What libtorch, or a check before it, refused: one line.
public struct EngineError: Error, CustomStringConvertible {
    public enum Kind: Sendable { case tensor, file, device, memory }

    public let message: String
    public let kind: Kind
    public var description: String { message }

    public init(_ message: String, _ kind: Kind = .tensor) {
        self.message = message
        self.kind = kind
    }

    /// The message of the call that just failed on this thread.
    static func last() -> EngineError {
        let message = String(cString: ctorch_error())
        if message.contains("DefaultCPUAllocator") || message.contains("out of memory") {
            // "you tried to allocate 400000000000 bytes. Error code ...", "Tried to allocate 2.00 GiB (GPU 0; ..."
            let words = message.range(of: "ried to allocate ").map { message[$0.upperBound...].split(separator: " ").prefix(2).joined(separator: " ") }
            let amount = words.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0) were asked for" }
            return EngineError("there is not enough memory for this\(amount ?? "")", .memory)
        }
        return EngineError(clean(message))
    }

    /// libtorch's messages name C++ functions and hints that mean nothing to a script.
    static func clean(_ message: String) -> String {
        var text = message
        for marker in [" (function ", " Exception raised from", " You can make a clone", " Please use"] {
            if let range = text.range(of: marker) { text = String(text[..<range.lowerBound]) }
        }
        return text.isEmpty ? "libtorch failed without a message" : text
    }
}

func check(_ status: Int32) throws {
    if status != 0 { throw EngineError.last() }
}

/// The number of threads that libtorch uses for one operation.
public enum Threads {
    public static var count: Int { Int(ctorch_get_threads()) }

    /// Has effect on the calling thread's operations.
    public static func set(_ count: Int) throws {
        guard count >= 1, count <= 1024 else { throw EngineError("the number of threads must be from 1 to 1024, not \(count)") }
        try check(ctorch_set_threads(Int32(count)))
    }
}
