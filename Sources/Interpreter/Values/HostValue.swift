import BCLScript
import Figures

/// A value that the evaluator does not know from inside. Each capability has a default that says "no": a subclass overrides what it has.
open class HostValue {
    public init() {}

    /// What messages call it.
    open var typeName: String { "value" }

    /// Properties and methods, one table for each type: evaluation, completion and help read it.
    open var members: MemberTable { .empty }

    /// What `print` shows.
    open func describe(_ describer: inout Describer) { describer.write("<\(typeName)>") }

    /// What `show` draws; nil where its description is all there is to see.
    open func figure() throws -> Figure? { nil }
    /// Whether a statement that is nothing but this value shows it, as `show x` does.
    open var isOutput: Bool { false }

    /// Fields that differ from value to value (a learner's state). Looked up after `members`.
    open func field(_ name: String) throws -> Value? { nil }
    open var fieldNames: [String] { [] }
    /// - Returns: false where there is no such field to set.
    open func setField(_ name: String, to value: Value) throws -> Bool { false }

    /// `value[items]`; nil where it can't be indexed.
    open func index(_ items: [IndexValue]) throws -> Value? { nil }
    /// `value[items] = new`; false where it can't be set.
    open func setIndex(_ items: [IndexValue], to value: Value) throws -> Bool { false }

    /// The number of elements; nil where it has none.
    open func length() throws -> Int? { nil }
    /// What `for` walks over; nil where it can't.
    open func makeIterator() throws -> ValueIterator? { nil }
    /// `item in value`; nil where that means nothing.
    open func contains(_ item: Value) throws -> Bool? { nil }

    /// `self op other`, or `other op self` where reversed; nil where it does not apply.
    open func binary(_ operation: BinaryOperator, _ other: Value, reversed: Bool) throws -> Value? { nil }
    open func compare(_ operation: ComparisonOperator, _ other: Value, reversed: Bool) throws -> Value? { nil }
    open func unary(_ operation: UnaryOperator) throws -> Value? { nil }
    open func isEqual(to other: HostValue) -> Bool { self === other }
    open var truth: Bool? { true }
    /// As a number, for formats and arithmetic with plain numbers (a tensor of one element).
    open func number() throws -> Double? { nil }
}

/// One item between the brackets of an index.
public enum IndexValue {
    case at(Value)
    case slice(start: Int?, end: Int?, step: Int)

    /// As one value, for checkpoints.
    var asValue: Value {
        func bound(_ number: Int?) -> Value { number.map { .int($0) } ?? .none }
        switch self {
        case .at(let value): return .items([value])
        case .slice(let start, let end, let step): return .items([bound(start), bound(end), .int(step)])
        }
    }

    init?(_ value: Value) {
        guard case .list(let list) = value else { return nil }
        func bound(_ value: Value) -> Int? { if case .int(let number) = value { return number } else { return nil } }
        switch list.items.count {
        case 1: self = .at(list.items[0])
        case 3: self = .slice(start: bound(list.items[0]), end: bound(list.items[1]), step: bound(list.items[2]) ?? 1)
        default: return nil
        }
    }
}

/// Walks over elements; nil at the end.
public typealias ValueIterator = () throws -> Value?

/// A value that can be called.
open class Callable: HostValue {
    public let signature: Signature

    public init(_ signature: Signature) { self.signature = signature }

    open override var typeName: String { "function" }

    /// What its signature belongs to: callables of one owner are called alike, and a call site remembers how. It may keep the owner alive,
    /// which therefore holds no values: code, a builtin, a type. nil: not remembered.
    open var signatureOwner: AnyObject? { nil }

    /// - Parameter arguments: in the order of the signature's parameters; `.unset` where left out.
    open func invoke(_ arguments: Arguments, _ evaluator: Evaluator) throws -> Value { .none }

    open override func describe(_ describer: inout Describer) { describer.write("<\(typeName) \(signature.description)>") }
}
