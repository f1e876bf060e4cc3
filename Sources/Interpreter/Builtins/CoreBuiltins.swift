import BCLScript
import Foundation

/// The functions that need nothing but the language.
enum CoreBuiltins {
    static var all: [Builtin] { output + conversion + collections + NumberBuiltins.all }

    private static var output: [Builtin] {
        [
            Builtin("print", [variadic("values")], topic: "output",
                    doc: "Writes values on one line, separated by spaces.", example: "print \"ACC\", 0.5",
                    verb: [VerbForm.Slot(nil, "values", required: false, variadic: true)]) { arguments, evaluator in
                let values = try arguments.list(0)
                evaluator.print(values.map { Describer.string($0) }.joined(separator: " "))
                return .none
            },
            Builtin("show", [variadic("values")], returns: "figure", topic: "output",
                    doc: "Shows values in full: samples and memories as images, networks and benchmarks as tables, tensors with their statistics. Within an expression: the figure, for save show(x) to \"x.png\".",
                    example: "show [1, 2, 3]",
                    verb: [VerbForm.Slot(nil, "values", variadic: true)]) { arguments, evaluator in
                .host(FigureValue(try FigureValue.figure(of: try arguments.list(0), evaluator)))
            },
        ]
    }

    private static var conversion: [Builtin] {
        [
            Builtin("int", [required("x")], returns: "int", topic: "values", doc: "Turns a number or a string into an int; a fraction is cut off towards zero.",
                    example: "assert int(3.7) == 3 and int(\"12\") == 12") { arguments, _ in
                switch arguments[0] {
                case .int: return arguments[0]
                case .bool(let value): return .int(value ? 1 : 0)
                case .string(let string):
                    guard let value = Int(string.text.filter { $0 != "_" && !$0.isWhitespace }) else { throw arguments.bad(0, "is no int: \(Describer.quote(string.text))") }
                    return .int(value)
                default:
                    let value = try arguments.double(0)
                    guard let result = Int(exactly: value.rounded(.towardZero)) else { throw arguments.bad(0, "does not fit an int: \(Describer.float(value))") }
                    return .int(result)
                }
            },
            Builtin("float", [required("x")], returns: "float", topic: "values", doc: "Turns a number, a string or a tensor of one element into a float.",
                    example: "assert float(\"0.5\") == 0.5") { arguments, _ in
                switch arguments[0] {
                case .bool(let value): return .float(value ? 1 : 0)
                case .string(let string):
                    guard let value = Double(string.text.filter { $0 != "_" && !$0.isWhitespace }) else { throw arguments.bad(0, "is no number: \(Describer.quote(string.text))") }
                    return .float(value)
                default: return .float(try arguments.double(0))
                }
            },
            Builtin("str", [required("x")], returns: "string", topic: "values", doc: "The text that print would write.", example: "assert str(1.5) == \"1.5\"") { arguments, _ in
                .text(Describer.string(arguments[0]))
            },
            Builtin("bool", [required("x")], returns: "bool", topic: "values", doc: "Whether a value counts as true: not zero, not empty, not none.", example: "assert not bool([])") { arguments, _ in
                .bool(try Operators.truth(arguments[0]))
            },
            Builtin("type", [required("x")], returns: "string", topic: "values", doc: "The name of a value's type.", example: "assert type(1) == \"int\"") { arguments, _ in
                .text(arguments[0].typeName)
            },
        ]
    }

    private static var collections: [Builtin] {
        [
            Builtin("len", [required("x")], returns: "int", topic: "collections", doc: "The number of elements of a list, record or range, of characters of a string, of rows of a tensor.",
                    example: "assert len([1, 2, 3]) == 3") { arguments, _ in
                switch arguments[0] {
                case .string(let value): return .int(value.text.count)
                case .list(let value): return .int(value.items.count)
                case .record(let value): return .int(value.entries.count)
                case .host(let value): if let length = try value.length() { return .int(length) }
                default: break
                }
                throw arguments.wrong(0, wanted: "something with elements")
            },
            Builtin("list", [required("xs")], returns: "list", topic: "collections", doc: "A new list of the elements of anything that 'for' walks over.", example: "assert list(0..3) == [0, 1, 2]") { arguments, _ in
                .items(try elements(arguments[0]))
            },
            Builtin("map", [required("xs"), required("f")], returns: "list", topic: "collections", doc: "The list of f(x) for each element x.", example: "assert map([1, 2], x => x * 10) == [10, 20]",
                    goOn: { state, plan, evaluator in
                        guard case .list(let saved) = state, saved.items.count == 3, case .list(let items) = saved.items[0], case .host(let host) = saved.items[1], let f = host as? Callable,
                              case .list(let done) = saved.items[2] else { throw plan.misfit }
                        return try map(items.items, f, done.items, plan, evaluator)
                    }) { arguments, evaluator in
                try map(try elements(arguments[0]), try arguments.callable(1), [], nil, evaluator)
            },
            Builtin("filter", [required("xs"), required("f")], returns: "list", topic: "collections", doc: "The list of the elements x for which f(x) is true.", example: "assert filter(0..6, x => x % 2 == 0) == [0, 2, 4]") { arguments, evaluator in
                let f = try arguments.callable(1)
                return .items(try elements(arguments[0]).filter { try Operators.truth(try evaluator.call(f, [$0])) })
            },
            Builtin("enumerate", [required("xs")], returns: "list", topic: "collections", doc: "The list of (index, element).", example: "for (i, x) in enumerate([\"a\", \"b\"]) { print i, x }") { arguments, _ in
                .items(try elements(arguments[0]).enumerated().map { .items([.int($0), $1]) })
            },
            Builtin("zip", [required("xs"), required("ys")], returns: "list", topic: "collections", doc: "The list of pairs, as long as the shorter one.", example: "assert zip([1, 2], [3, 4]) == [[1, 3], [2, 4]]") { arguments, _ in
                .items(zip(try elements(arguments[0]), try elements(arguments[1])).map { .items([$0, $1]) })
            },
            Builtin("reversed", [required("xs")], returns: "list", topic: "collections", doc: "The elements in reverse order, as a new list.", example: "assert reversed([1, 2]) == [2, 1]") { arguments, _ in
                .items(try elements(arguments[0]).reversed())
            },
            Builtin("sorted", [required("xs"), optional("by", "none")], returns: "list", topic: "collections", doc: "The elements in ascending order of themselves, or of by(x); equal ones keep their order.",
                    example: "assert sorted([3, 1, 2]) == [1, 2, 3]") { arguments, evaluator in
                let items = try elements(arguments[0])
                var keys = items
                if arguments.has(1), case .host = arguments[1] {
                    let by = try arguments.callable(1)
                    keys = try items.map { try evaluator.call(by, [$0]) }
                }
                let order = try MergeSort.order(keys) { a, b in
                    guard case .bool(let less) = try Operators.compare(.less, a, b) else { throw arguments.wrong(0, wanted: "elements that can be ordered") }
                    return less
                }
                return .items(order.map { items[$0] })
            },
        ]
    }

    /// - Parameters:
    ///   - done: results of the first items.
    ///   - plan: leads into the call for the item behind them, where a checkpoint was taken in it.
    private static func map(_ items: [Value], _ f: Callable, _ done: [Value], _ plan: Resumption?, _ evaluator: Evaluator) throws -> Value {
        var done = done
        do {
            if let plan { done.append(try evaluator.resumeCall(plan)) }
            for item in items.dropFirst(done.count) { done.append(try evaluator.callReentrantly(f, [item])) }
        } catch { throw evaluator.suspended(error, "map", .items([.items(items), .host(f), .items(done)])) }
        return .items(done)
    }

    static func elements(_ value: Value) throws -> [Value] {
        if case .list(let list) = value { return list.items }
        if case .host(let host) = value, let length = try host.length() { try Limits.checkElements(length) }
        let next = try Access.iterator(value)
        var items: [Value] = []
        while let item = try next() { items.append(item) }
        return items
    }
}

/// A stable sort whose comparison may fail, which the standard library's does not promise to be.
enum MergeSort {
    static func order(_ keys: [Value], _ less: (Value, Value) throws -> Bool) throws -> [Int] {
        var order = Array(keys.indices)
        var width = 1
        while width < order.count {
            var merged: [Int] = []
            merged.reserveCapacity(order.count)
            for start in stride(from: 0, to: order.count, by: width * 2) {
                let middle = min(start + width, order.count)
                let end = min(start + width * 2, order.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    if try less(keys[order[right]], keys[order[left]]) {
                        merged.append(order[right])
                        right += 1
                    } else {
                        merged.append(order[left])
                        left += 1
                    }
                }
                merged += order[left..<middle] + order[right..<end]
            }
            order = merged
            width *= 2
        }
        return order
    }
}

/// The elements of anything that `for` walks over.
public func elements(of value: Value) throws -> [Value] { try CoreBuiltins.elements(value) }
