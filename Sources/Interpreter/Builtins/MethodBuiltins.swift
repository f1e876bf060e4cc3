import BCLScript

/// Presets: the published values of a method's parameters, under the name of the benchmark they are for.
enum MethodBuiltins {
    static var all: [Builtin] {
        [
            Builtin("presets", [required("method"), required("values")], topic: "learning",
                    doc: "Gives a method named sets of parameters. A method with a parameter 'preset' then takes what is not given from the set of that name, or from a record of one's own; METHOD.presets shows them.",
                    example: "method m(lr=0.1, preset=none) { on batch(x) { } }\npresets(m, {small: {lr: 0.01}})\nassert m(preset=\"small\").lr == 0.01 and m(lr=1, preset=\"small\").lr == 1\nlet mine = m.presets.small.copy()\nmine.lr = 2\nassert m(preset=mine).lr == 2") { arguments, _ in
                guard case .host(let host) = arguments[0], let method = host as? MethodValue else { throw arguments.wrong(0, wanted: "a method") }
                guard case .record(let sets) = arguments[1] else { throw arguments.wrong(1, wanted: "a record of records") }
                guard method.signature.index(of: "preset") != nil else {
                    throw arguments.bad(0, "has no parameter 'preset'")
                }
                for (name, value) in sets.entries {
                    guard case .record(let set) = value else { throw arguments.bad(1, "holds no record under '\(name)'") }
                    try method.check(set, named: "the preset '\(name)'")
                }
                method.presets = sets
                return .none
            },
        ]
    }
}

extension MethodValue {
    public static let table = MemberTable([
        .property("name", "Its name.") { value, _ in .text(try cast(value).name) },
        .property("presets", "Record of its named sets of parameters, each a record.") { value, _ in .record(try cast(value).presets ?? RecordValue([])) },
        .property("parameters", "List of the names of its parameters.") { value, _ in .items(try cast(value).parameterNames.map { .text($0) }) },
    ])

    private static func cast(_ value: Value) throws -> MethodValue {
        guard case .host(let host) = value, let method = host as? MethodValue else { throw Failure(.wrongType, "this is \(value.phrase), not a method") }
        return method
    }

    /// Whether the method has all parameters that a set of them names.
    func check(_ set: RecordValue, named name: String) throws {
        for key in set.entries.keys where signature.index(of: key) == nil || key == "preset" {
            throw Failure(.unknownKeyword, "\(name) sets '\(key)', but \(self.name) has no such parameter",
                          hint: Suggestion.nearest(to: key, among: parameterNames).map { "did you mean '\($0)'?" })
        }
    }

    /// The arguments with what is not given taken from the preset that `preset` names, or is.
    func withPreset(_ arguments: Arguments) throws -> Arguments {
        guard let place = signature.index(of: "preset"), arguments.has(place) else { return arguments }
        if case .none = arguments[place] { return arguments }
        guard let presets else {
            // A method may mean something else by the name.
            guard case .string = arguments[place] else { return arguments }
            throw Failure(.badValue, "\(self.name) has no presets")
        }
        let set = try set(arguments, place, among: presets)
        var values = arguments.values
        for (key, value) in set.entries {
            if let index = signature.index(of: key), index < values.count, values[index].isUnset { values[index] = value }
        }
        return Arguments(signature, values)
    }

    private func set(_ arguments: Arguments, _ place: Int, among presets: RecordValue) throws -> RecordValue {
        let names = Array(presets.entries.keys)
        switch arguments[place] {
        case .record(let own):
            try check(own, named: "'preset'")
            return own
        case .string(let name):
            if case .record(let set)? = presets.entries[name.text] { return set }
            throw Failure(.badValue, "\(self.name) has no preset '\(name.text)'; it has \(names.joined(separator: ", "))",
                          hint: Suggestion.nearest(to: name.text, among: names).map { "did you mean \"\($0)\"?" })
        default: throw arguments.wrong(place, wanted: "the name of a preset: \(names.joined(separator: ", ")); or a record of parameters")
        }
    }
}
