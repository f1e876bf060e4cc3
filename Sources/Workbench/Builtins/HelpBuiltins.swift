import BCLScript
import Interpreter

extension Workbench {
    var helpBuiltins: [Builtin] {
        [
            Builtin("help", [optional("name", "none")], topic: "session", doc: "Tells about a name, or a topic: how it is written, what it does, an example. 'help topics' lists what there is.", example: "help permuted",
                    verb: [VerbForm.Slot(nil, "name", required: false, onlyWords: true)]) { arguments, evaluator in
                guard let session = self.session else { return .none }
                let pages = HelpPages(session)
                guard let name = try Self.name(arguments[0], arguments), name != "topics" else {
                    evaluator.print(pages.topics)
                    return .none
                }
                guard let page = pages.page(for: name) else { throw Failure(.badValue, "nothing is known about '\(name)'", hint: pages.suggestion(for: name) ?? "'help topics' lists what there is") }
                evaluator.print(page)
                return .none
            },
        ]
    }

    /// A name as text, or of what is passed: `help(er)`.
    private static func name(_ value: Value, _ arguments: Arguments) throws -> String? {
        switch value {
        case .unset, .none: return nil
        case .string(let text): return text.text
        case .host(let callable as Builtin): return callable.name
        case .host(let member as BoundMethod): return "\(member.value.typeName).\(member.signature.name)"
        case .host(let closure as Closure) where !closure.isAnonymous: return closure.signature.name
        default: return value.typeName
        }
    }
}
