import BCLScript
import Foundation

/// The texts of values with a separator between them.
private func joined(_ values: [Value], _ separator: String) throws -> String {
    var text = ""
    for (index, value) in values.enumerated() {
        if index > 0 { text += separator }
        text += Describer.string(value)
        try Limits.checkText(text.utf8.count)
    }
    return text
}

/// Methods of lists.
enum ListMembers {
    static let table = MemberTable([
        .method("append", [required("x")], "Adds an element at the end.") { value, arguments, _ in
            let list = try list(value)
            try Limits.checkElements(list.items.count + 1)
            list.items.append(arguments[0])
            return .none
        },
        .method("extend", [required("xs")], "Adds all elements of another list at the end.") { value, arguments, _ in
            let (list, added) = (try list(value), try CoreBuiltins.elements(arguments[0]))
            try Limits.checkElements(list.items.count + added.count)
            list.items += added
            return .none
        },
        .method("pop", [optional("index", "-1")], "Takes out the element at an index, the last one by default, and returns it.") { value, arguments, _ in
            let list = try list(value)
            let index = try Indexing.position(try arguments.int(0, default: -1), count: list.items.count, of: "list")
            return list.items.remove(at: index)
        },
        .method("copy", [], "A new list of the same elements.") { value, _, _ in .items(try list(value).items) },
        .method("index", [required("x")], "The index of the first element equal to x, or none.") { value, arguments, _ in
            try list(value).items.firstIndex { Operators.equal($0, arguments[0]) }.map { .int($0) } ?? .none
        },
        .method("join", [optional("separator", "\"\"")], "The elements' texts in one string.") { value, arguments, _ in
            .text(try joined(try list(value).items, try arguments.string(0, default: "")))
        },
    ])

    private static func list(_ value: Value) throws -> ListValue {
        guard case .list(let list) = value else { throw Failure(.wrongType, "this is \(value.phrase), not a list") }
        return list
    }
}

/// Methods of strings.
enum StringMembers {
    static let table = MemberTable([
        .method("upper", [], "In capital letters.") { value, _, _ in .text(Describer.string(value).uppercased()) },
        .method("lower", [], "In small letters.") { value, _, _ in .text(Describer.string(value).lowercased()) },
        .method("split", [optional("separator", "none")], "The parts between a separator, or between white space.") { value, arguments, _ in
            let text = Describer.string(value)
            guard arguments.has(0), case .string = arguments[0] else { return .items(text.split(whereSeparator: \.isWhitespace).map { .text(String($0)) }) }
            let separator = try arguments.string(0)
            guard !separator.isEmpty else { throw arguments.bad(0, "is empty") }
            return .items(text.components(separatedBy: separator).map { .text($0) })
        },
        .method("strip", [], "Without white space at both ends.") { value, _, _ in .text(Describer.string(value)[...].trimmed) },
        .method("starts_with", [required("part")], "Whether it begins with a text.") { value, arguments, _ in .bool(Describer.string(value).hasPrefix(try arguments.string(0))) },
        .method("ends_with", [required("part")], "Whether it ends with a text.") { value, arguments, _ in .bool(Describer.string(value).hasSuffix(try arguments.string(0))) },
        .method("replace", [required("old"), required("new")], "With every occurrence of a text replaced.") { value, arguments, _ in
            let old = try arguments.string(0)
            guard !old.isEmpty else { throw arguments.bad(0, "is empty") }
            let (text, new) = (Describer.string(value), try arguments.string(1))
            if new.utf8.count > old.utf8.count {
                let (most, overflow) = (text.utf8.count / old.utf8.count + 1).multipliedReportingOverflow(by: new.utf8.count)
                try Limits.checkText(overflow ? Int.max : most)
            }
            return .text(text.replacingOccurrences(of: old, with: new))
        },
        .method("join", [required("xs")], "The elements' texts with this string between them.") { value, arguments, _ in
            .text(try joined(try CoreBuiltins.elements(arguments[0]), Describer.string(value)))
        },
    ])
}

/// Methods of records.
enum RecordMembers {
    static let table = MemberTable([
        .method("keys", [], "The list of keys.") { value, _, _ in .items(try record(value).entries.keys.map { .text($0) }) },
        .method("values", [], "The list of values.") { value, _, _ in .items(Array(try record(value).entries.values)) },
        .method("items", [], "The list of (key, value).") { value, _, _ in .items(try record(value).entries.map { .items([.text($0), $1]) }) },
        .method("get", [required("key"), optional("default", "none")], "The value of a key, or a default.") { value, arguments, _ in
            try record(value).entries[try arguments.string(0)] ?? (arguments.has(1) ? arguments[1] : .none)
        },
        .method("copy", [], "A new record of the same entries.") { value, _, _ in .record(RecordValue(try record(value).entries)) },
        .method("remove", [required("key")], "Takes an entry out and returns its value.") { value, arguments, _ in
            let key = try arguments.string(0)
            guard let old = try record(value).entries.removeValue(forKey: key) else { throw Failure(.unknownField, "the record has no '\(key)'") }
            return old
        },
    ])

    private static func record(_ value: Value) throws -> RecordValue {
        guard case .record(let record) = value else { throw Failure(.wrongType, "this is \(value.phrase), not a record") }
        return record
    }
}
