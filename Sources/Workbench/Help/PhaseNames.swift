import BCLScript
import Interpreter

/// The phases that a breakpoint or `run L to` may name, for completion.
public struct PhaseNames {
    /// What is typed of the name, with its opening quote.
    public let typed: String
    public let names: [String]
    public let method: String

    /// nil where the place behind a text is none for a phase.
    public static func at(endOf text: String, _ session: Session) -> PhaseNames? {
        if let found = text.firstMatch(of: #/\bbreak\s+([A-Za-z_]\w*)\s*:\s*(\"?[^\"\n]*)$/#) { return of(String(found.1), String(found.2), session) }
        if let found = text.firstMatch(of: #/(?:^|[\n;{])\s*run\s+([A-Za-z_]\w*)\s+to\s+(\"?[^\"\n]*)$/#) { return of(String(found.1), String(found.2), session) }
        return nil
    }

    /// - Parameter name: of a learner or a method.
    private static func of(_ name: String, _ typed: String, _ session: Session) -> PhaseNames? {
        session.thread.sync {
            let value = session.ownValue(of: name) ?? (session.loader.library.files[name] == nil ? nil : try? session.loader.libraryValue(name))
            guard case .host(let host)? = value, let method = (host as? MethodInstance)?.method ?? host as? MethodValue else { return nil }
            return PhaseNames(typed: typed, names: method.phaseNames, method: method.name)
        }
    }
}
