import Foundation

/// Writes the pickles that `torch.load(f, weights_only=True)` reads: lists, tuples, strings, numbers, and tensors whose elements are elsewhere. Protocol 2.
public struct PickleWriter {
    public private(set) var bytes: [UInt8] = [0x80, 2]

    public init() {}

    private mutating func op(_ code: PickleOpcode) { bytes.append(code.rawValue) }
    private mutating func little<T: FixedWidthInteger>(_ value: T) { for shift in stride(from: 0, to: T.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> T(shift))) } }

    public mutating func list(_ body: (inout PickleWriter) throws -> Void) rethrows {
        op(.emptyList)
        op(.mark)
        try body(&self)
        op(.appends)
    }

    public mutating func tuple(_ body: (inout PickleWriter) throws -> Void) rethrows {
        op(.mark)
        try body(&self)
        op(.tuple)
    }

    public mutating func text(_ value: String) {
        op(.binUnicode)
        little(UInt32(value.utf8.count))
        bytes += Array(value.utf8)
    }

    public mutating func int(_ value: Int) {
        if let small = Int32(exactly: value) {
            op(.binInt)
            little(small)
        } else {
            op(.long1)
            bytes.append(8)
            little(value)
        }
    }

    public mutating func float(_ value: Double) {
        op(.binFloat)
        little(value.bitPattern.byteSwapped)
    }

    private mutating func global(_ module: String, _ name: String) {
        op(.global)
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    /// A contiguous tensor that has the storage `key` for itself.
    /// - Parameter storageType: such as "FloatStorage".
    public mutating func tensor(key: String, storageType: String, shape: [Int]) {
        global("torch._utils", "_rebuild_tensor_v2")
        op(.mark)
        tuple {
            $0.text("storage")
            $0.global("torch", storageType)
            $0.text(key)
            $0.text("cpu")
            $0.int(shape.reduce(1, *))
        }
        op(.binPersID)
        int(0)
        tuple { writer in shape.forEach { writer.int($0) } }
        tuple { writer in StoredArray.rowMajor(shape).forEach { writer.int($0) } }
        op(.newFalse)
        global("collections", "OrderedDict")
        op(.emptyTuple)
        op(.reduce)
        op(.tuple)
        op(.reduce)
    }

    public consuming func finished() -> [UInt8] { bytes + [PickleOpcode.stop.rawValue] }
}
