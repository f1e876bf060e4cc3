import BCLScript

/// Fields and indexes of values.
enum Access {
    static func members(of value: Value) -> MemberTable {
        switch value {
        case .string: return StringMembers.table
        case .list: return ListMembers.table
        case .record: return RecordMembers.table
        case .host(let host): return host.members
        default: return .empty
        }
    }

    static func field(_ value: Value, _ name: String, _ evaluator: Evaluator) throws -> Value {
        if case .record(let record) = value, let entry = record.entries[name] { return entry }
        if let member = members(of: value).members[name] {
            switch member.action {
            case .property(let get): return try get(value, evaluator)
            case .method(let signature, let run): return .host(BoundMethod(value, signature, run))
            }
        }
        if case .host(let host) = value, let field = try host.field(name) { return field }
        throw unknownField(value, name, evaluator.registry)
    }

    /// What other languages write as a field or method: the hint for a value that has these fields, or nil.
    private static func habit(_ name: String, _ known: [String]) -> String? {
        switch name {
        case "length", "count", "len": return "write len(x)"
        case "push", "add", "push_back": return known.contains("append") ? "write .append(x)" : nil
        case "map": return "write map(xs, f), or [f(x) for x in xs]"
        case "filter": return "write filter(xs, f), or [x for x in xs if condition]"
        case "format": return "a string fills in {expressions}: \"{x:.2f}\""
        default: return nil
        }
    }

    private static func unknownField(_ value: Value, _ name: String, _ registry: Registry? = nil) -> Failure {
        var known = members(of: value).names
        if case .record(let record) = value { known += record.entries.keys }
        if case .host(let host) = value { known += host.fieldNames }
        let hint: String?
        if case .none = value {
            hint = "the value is none; did a function not return one?"
        } else if let meant = habit(name, known) {
            hint = meant
        } else if let function = registry?.builtins[name], !function.signature.parameters.isEmpty {
            hint = "\(name) is a function: \(name)(\(function.signature.parameters.map(\.name).joined(separator: ", ")))"
        } else if let near = Suggestion.nearest(to: name, among: known) {
            hint = "did you mean '.\(near)'?"
        } else {
            hint = known.isEmpty ? nil : "it has \(known.sorted().prefix(12).map { ".\($0)" }.joined(separator: ", "))"
        }
        return Failure(.unknownField, "\(value.phrase) has no '.\(name)'", hint: hint)
    }

    static func setField(_ target: Value, _ name: String, to value: Value) throws {
        switch target {
        case .record(let record): record.entries[name] = value
        case .host(let host):
            if try host.setField(name, to: value) { return }
            if host.members.members[name] != nil || host.fieldNames.contains(name) {
                throw Failure(.badAssignmentTarget, "'.\(name)' of \(target.phrase) can't be set")
            }
            throw unknownField(target, name)
        default: throw Failure(.badAssignmentTarget, "fields of \(target.phrase) can't be set")
        }
    }

    static func index(_ value: Value, _ items: [IndexValue]) throws -> Value {
        switch value {
        case .list(let list):
            switch try single(items, "list") {
            case .at(.int(let index)): return list.items[try Indexing.position(index, count: list.items.count, of: "list")]
            case .slice(let start, let end, let step): return .items(try Indexing.slice(list.items, start, end, step))
            case .at(let other): throw Failure(.wrongType, "the index of a list is an int, not \(other.phrase)")
            }
        case .string(let string):
            let characters = Array(string.text)
            switch try single(items, "string") {
            case .at(.int(let index)): return .text(String(characters[try Indexing.position(index, count: characters.count, of: "string")]))
            case .slice(let start, let end, let step): return .text(String(try Indexing.slice(characters, start, end, step)))
            case .at(let other): throw Failure(.wrongType, "the index of a string is an int, not \(other.phrase)")
            }
        case .record(let record):
            guard case .at(.string(let key)) = try single(items, "record") else {
                throw Failure(.wrongType, "a record is indexed by a string: r[\"key\"]")
            }
            guard let entry = record.entries[key.text] else {
                let near = Suggestion.nearest(to: key.text, among: record.entries.keys)
                throw Failure(.unknownField, "the record has no '\(key.text)'", hint: near.map { "did you mean '\($0)'?" } ?? "r.get(\"\(key.text)\", default) gives a default")
            }
            return entry
        case .host(let host):
            if let result = try host.index(items) { return result }
            throw Failure(.wrongType, "\(value.phrase) can't be indexed like this")
        default: throw Failure(.wrongType, "\(value.phrase) can't be indexed")
        }
    }

    private static func single(_ items: [IndexValue], _ what: String) throws -> IndexValue {
        guard items.count == 1 else { throw Failure(.wrongType, "a \(what) takes one index, not \(items.count)") }
        return items[0]
    }

    static func setIndex(_ target: Value, _ items: [IndexValue], to value: Value) throws {
        switch target {
        case .list(let list):
            guard case .at(.int(let index)) = try single(items, "list") else { throw Failure(.wrongType, "an element of a list is set by an int index") }
            list.items[try Indexing.position(index, count: list.items.count, of: "list")] = value
        case .record(let record):
            guard case .at(.string(let key)) = try single(items, "record") else { throw Failure(.wrongType, "a record is indexed by a string: r[\"key\"]") }
            record.entries[key.text] = value
        case .host(let host):
            if try host.setIndex(items, to: value) { return }
            throw Failure(.badAssignmentTarget, "elements of \(target.phrase) can't be set like this")
        default: throw Failure(.badAssignmentTarget, "elements of \(target.phrase) can't be set")
        }
    }

    /// What `for` and `map` walk over. A list is walked by index, so that it may grow on the way.
    /// - Parameter taken: items that are passed over.
    static func iterator(_ value: Value, from taken: Int = 0) throws -> ValueIterator {
        if taken > 0, case .host(let range as RangeValue) = value, taken <= range.count { return try iterator(.host(RangeValue(range.start + taken, range.end))) }
        if taken > 0, !value.isList {
            let next = try iterator(value)
            for _ in 0..<taken { _ = try next() }
            return next
        }
        switch value {
        case .list(let list):
            var next = taken
            return {
                guard next < list.items.count else { return nil }
                next += 1
                return list.items[next - 1]
            }
        case .string(let string):
            var characters = string.text.makeIterator()
            return { characters.next().map { .text(String($0)) } }
        case .record(let record):
            var keys = Array(record.entries.keys).makeIterator()
            return { keys.next().map { .text($0) } }
        case .host(let host):
            if let iterator = try host.makeIterator() { return iterator }
        default: break
        }
        var hint: String?
        if case .int(let count) = value { hint = "to count, write 'for i in 0..\(count)'" }
        throw Failure(.notIterable, "'for' can't walk over \(value.phrase)", hint: hint)
    }
}
