import BCLScript

/// An error of a builtin, before the evaluator adds the place in the script.
public struct Failure: Error {
    public let code: DiagnosticCode
    public let message: String
    public let hint: String?
    /// The argument at fault, where it is one: the place is then its, not the whole call's.
    public let argument: Argument?

    public struct Argument: Sendable {
        let signature: Signature
        let index: Int
    }

    public init(_ code: DiagnosticCode, _ message: String, hint: String? = nil, argument: Argument? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.argument = argument
    }
}

/// An error on its way up, with the place in the script and the calls that led there.
public final class ScriptError: Error {
    public struct Frame {
        /// "function update", "method bcl_dual", "on batch"
        public let what: String
        /// Where it was called; nil while that is not known, and of what no script called.
        public fileprivate(set) var location: Location?
    }

    public let diagnostic: Diagnostic
    /// Innermost call first; calls from the same place in a row (recursion) are counted.
    public private(set) var trace: [(frame: Frame, count: Int)] = []
    /// Calls beyond these many entries are counted, not listed.
    private(set) var omitted = 0

    public init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }

    /// The same with a remark about what it left, which stands first.
    public func noting(_ remark: String) -> ScriptError {
        var diagnostic = diagnostic
        diagnostic.notes.append(Diagnostic.Note(remark))
        let error = ScriptError(diagnostic)
        (error.trace, error.omitted) = (trace, omitted)
        return error
    }

    func add(_ frame: Frame) {
        if let last = trace.last?.frame, last.what == frame.what, let place = frame.location, last.location?.span == place.span, last.location?.source === place.source {
            trace[trace.count - 1].count += 1
        } else if trace.count < 20 {
            trace.append((frame, 1))
        } else {
            omitted += 1
        }
    }

    /// The host ran a handler on behalf of a call in a script (`train me on task`), and this is that call.
    func wasCalled(from location: Location) {
        if let last = trace.last, last.frame.location == nil { trace[trace.count - 1].frame.location = location }
    }

    /// The diagnostic with the stack trace as notes.
    public var report: Diagnostic {
        var result = diagnostic
        for (frame, count) in trace {
            let times = count == 1 ? "" : " (\(count) times)"
            let origin = frame.location.map { ", called from \($0.description)" } ?? ""
            result.notes.append(Diagnostic.Note("in \(frame.what)\(origin)\(times)"))
        }
        if omitted > 0 { result.notes.append(Diagnostic.Note("and \(omitted) more calls")) }
        return result
    }
}

/// Ctrl-C, on its way up.
public struct Interrupted: Error {
    public init() {}
}

/// A breakpoint has stopped training: the rest of the cell does not run. On its way up.
public struct Halted: Error {
    public init() {}
}
