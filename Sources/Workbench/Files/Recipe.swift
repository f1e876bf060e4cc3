import BCLScript
import Continual
import FilePaths
import Foundation
import Interpreter

/// How a data set or a benchmark was made: the call that makes it again, as text of the language. What is saved of them instead of their pixels.
indirect enum Recipe: Codable, Equatable, CustomStringConvertible {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case list([Recipe])
    case call(String, [Argument])
    case member(Recipe, String)
    /// A call of a method of a value, without arguments.
    case invocation(Recipe, String)

    struct Argument: Codable, Equatable {
        let name: String
        let value: Recipe
    }

    /// An expression of the language.
    var description: String {
        switch self {
        case .none: return "none"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return "\(value)"
        case .float(let value): return Describer.string(.float(value))
        case .text(let value): return Describer.quote(value).replacing("{", with: "{{").replacing("}", with: "}}")
        case .list(let items): return "[\(items.map(\.description).joined(separator: ", "))]"
        case .call(let name, let arguments):
            return "\(name)(\(arguments.map { $0.name.isEmpty ? $0.value.description : "\($0.name)=\($0.value)" }.joined(separator: ", ")))"
        case .member(let value, let name): return "\(value).\(name)"
        case .invocation(let value, let name): return "\(value).\(name)()"
        }
    }

    /// The same without what has no influence on the pixels: the folders that files were read from, which differ between machines, and whether they are cached.
    var essence: Recipe {
        switch self {
        case .list(let items): return .list(items.map(\.essence))
        case .call(let name, let arguments):
            return .call(name, arguments.filter { $0.name != Self.pathName && $0.name != "cache" }.map { Argument(name: $0.name, value: $0.value.essence) })
        case .member(let value, let name): return .member(value.essence, name)
        case .invocation(let value, let name): return .invocation(value.essence, name)
        default: return self
        }
    }

    private static let pathName = "path"

    /// Of a call's arguments. nil where one of them has no recipe.
    /// - Parameters:
    ///   - path: where the files were found; it takes the place of the argument `path`.
    ///   - seed: the session's, where none is given.
    init?(_ arguments: Arguments, path: String?, seed: UInt64) {
        var list: [Argument] = []
        for (index, parameter) in arguments.signature.parameters.enumerated() {
            // What is required needs no name.
            let name = parameter.isRequired && parameter.name != Self.pathName ? "" : parameter.name
            if parameter.name == Self.pathName, let path {
                list.append(Argument(name: name, value: .text(path)))
            } else if parameter.isVariadic, case .list(let items) = arguments[index] {
                for item in items.items {
                    guard let value = Recipe(item) else { return nil }
                    list.append(Argument(name: "", value: value))
                }
            } else if arguments.has(index) {
                guard let value = Recipe(arguments[index]) else { return nil }
                if value != .none { list.append(Argument(name: name, value: value)) }
            }
            if parameter.name == "seed", Recipe(arguments[index]).map({ $0 == .none }) ?? true {
                list.append(Argument(name: "seed", value: .int(Int(truncatingIfNeeded: seed))))
            }
        }
        self = .call(arguments.signature.name, list)
    }

    /// The same call without one of its arguments.
    func without(_ name: String) -> Recipe {
        guard case .call(let callee, let arguments) = self else { return self }
        return .call(callee, arguments.filter { $0.name != name })
    }

    private init?(_ value: Value) {
        switch value {
        case .unset, .none: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .float(let value): self = .float(value)
        case .string(let string): self = .text(string.text)
        case .list(let list):
            let items = list.items.compactMap { Recipe($0) }
            guard items.count == list.items.count else { return nil }
            self = .list(items)
        case .host(let host):
            guard let recipe = (host as? Reproducible)?.recipe else { return nil }
            self = recipe
        default: return nil
        }
    }
}

/// A value that can be made again from its recipe.
protocol Reproducible: HostValue {
    var recipe: Recipe? { get set }
}

/// The member `recipe` of what has one.
let recipeMember = Member.property("recipe", "The call that makes it again, as text; none where it was made of what has no recipe.") { value, _ in
    guard case .host(let host) = value, let recipe = (host as? Reproducible)?.recipe else { return .none }
    return .text(recipe.description)
}

extension Workbench {
    /// Builtins whose results remember the call that made them.
    func withRecipes(_ builtins: [Builtin]) -> [Builtin] {
        builtins.map { builtin in
            Builtin(builtin.name, builtin.signature.parameters, returns: builtin.returns, topic: builtin.topic, doc: builtin.doc, example: builtin.example, verb: builtin.verb?.slots) { arguments, evaluator in
                let result = try builtin.invoke(arguments, evaluator)
                if case .host(let host) = result, let made = host as? Reproducible, made.recipe == nil {
                    made.recipe = Recipe(arguments, path: (host as? DatasetValue)?.dataset.path.map(self.absolute), seed: self.streams.seed)
                }
                return result
            }
        }
    }

    private func absolute(_ path: String) -> String { FilePath.standard(path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)") }
}
