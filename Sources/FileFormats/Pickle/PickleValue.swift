/// What a pickle holds. Containers are numbers of entries in a `PickleDocument`, not references: nothing a file can say makes a cycle that
/// is never freed, or a nest that is freed by deep recursion.
public enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    /// An integer of more than 64 bits: little-endian two's complement.
    case long(PickleSlice)
    case text(PickleSlice)
    /// Python's bytes and bytearray, and the str of Python 2.
    case bytes(PickleSlice)
    /// Many bytes, which stay in the file.
    case storedBytes(Int)
    case list(Int)
    case tuple(Int)
    case dict(Int)
    case array(Int)
    // What arrays are made of. None of it is left in what a well-formed file describes.
    case storage(Int)
    case elementType(Int)
    case global(PickleGlobal)

    var phrase: String {
        switch self {
        case .none: return "None"
        case .bool: return "a bool"
        case .int, .long: return "an int"
        case .float: return "a float"
        case .text: return "a string"
        case .bytes, .storedBytes: return "bytes"
        case .list: return "a list"
        case .tuple: return "a tuple"
        case .dict: return "a dict"
        case .array: return "a tensor"
        case .storage: return "a storage"
        case .elementType: return "a dtype"
        case .global(let global): return "\(global)"
        }
    }
}

/// Bytes in a document's text.
public struct PickleSlice: Sendable {
    let start: Int
    let count: Int
}

/// The names that a pickle may refer to. Each stands for plain data that this reader makes itself; nothing is ever looked up or called.
public enum PickleGlobal: Equatable, Sendable, CustomStringConvertible {
    case rebuildTensor, rebuildTensor2, rebuildParameter, orderedDict, size
    case storageType(ElementType)
    case arrayReconstruct, arrayFromBuffer, scalar, ndarray, dtype
    case encode, bytes, bytearray

    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", _), ("torch.cuda", _), ("torch.storage", "UntypedStorage"):
            guard let type = ElementType(torchStorage: name) else { return nil }
            self = .storageType(type)
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .arrayReconstruct
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .scalar
        case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"): self = .arrayFromBuffer
        case ("numpy", "ndarray"): self = .ndarray
        case ("numpy", "dtype"): self = .dtype
        case ("_codecs", "encode"): self = .encode
        case ("builtins", "bytes"), ("__builtin__", "bytes"): self = .bytes
        case ("builtins", "bytearray"), ("__builtin__", "bytearray"): self = .bytearray
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .storageType(let type): return "the storage type \(type.rawValue)"
        default: return "the name of a function or class"
        }
    }
}

/// A tensor's memory in a file of PyTorch: which bytes it has is known once the pickle has been read.
public struct PickleStorage: Sendable {
    public let key: String
    public let type: ElementType
    /// In elements.
    public let count: Int
    /// A view of a storage, as PyTorch before 0.4 wrote it: its own key, and where it starts in the storage `key`.
    public let view: (key: String, offset: Int, count: Int)?
}

/// An array as a pickle describes it.
enum PickleArray: Sendable {
    case waiting
    case torch(storage: Int, offset: Int, shape: [Int], strides: [Int])
    case numpy(StoredArray)
}

/// A parsed pickle: its value, and what the value's containers hold.
public struct PickleDocument {
    public internal(set) var root = PickleValue.none
    public let name: String
    var content: [UInt8] = []
    var stored: [any ByteSource] = []
    var sequences: [[PickleValue]] = []
    var dicts: [[(key: PickleValue, value: PickleValue)]] = []
    var arrays: [PickleArray] = []
    var types: [(type: ElementType, isBigEndian: Bool)] = []
    public internal(set) var storages: [PickleStorage] = []
    /// The bytes of storages, by the index in `storages`: set by the reader of the file around the pickle.
    public var storageBytes: [any ByteSource] = []
    public var storagesAreBigEndian = false

    init(name: String) { self.name = name }

    public func items(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .list(let index), .tuple(let index): return sequences[index]
        default: return nil
        }
    }

    public func text(_ value: PickleValue) -> String? {
        switch value {
        case .text(let slice), .bytes(let slice): return String(decoding: bytes(slice), as: UTF8.self)
        default: return nil
        }
    }

    func bytes(_ slice: PickleSlice) -> ArraySlice<UInt8> { content[slice.start..<slice.start + slice.count] }

    public func int(_ value: PickleValue) -> Int? {
        switch value {
        case .int(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        default: return nil
        }
    }

    public func double(_ value: PickleValue) -> Double? {
        if case .float(let number) = value { return number }
        return int(value).map(Double.init)
    }

    /// The value of a key of a dict; keys are compared as text.
    public func entry(_ key: String, of value: PickleValue) -> PickleValue? {
        guard case .dict(let index) = value else { return nil }
        return dicts[index].last { text($0.key) == key }?.value
    }

    /// The keys of a dict that are text; nil for other values.
    public func keys(_ value: PickleValue) -> [String]? {
        guard case .dict(let index) = value else { return nil }
        return dicts[index].compactMap { text($0.key) }
    }

    /// The tensor or numpy array of a value, checked against the bytes that it is stored in.
    public func array(_ value: PickleValue) throws -> StoredArray? {
        guard case .array(let index) = value else { return nil }
        switch arrays[index] {
        case .waiting: throw FormatError("'\(name)' has a numpy array without content")
        case .numpy(let array): return array
        case .torch(let storage, let offset, let shape, let strides):
            guard storage < storageBytes.count else { throw FormatError("'\(name)' has a tensor, but no storage for it: it is no file of torch.save") }
            return try StoredArray(storages[storage].type, shape: shape, strides: strides, offset: offset, isBigEndian: storagesAreBigEndian, bytes: storageBytes[storage])
        }
    }

    /// The same for tensors that are the same elements of the same storage; nil for other values.
    public func identity(_ value: PickleValue) -> String? {
        guard case .array(let index) = value, case .torch(let storage, let offset, let shape, let strides) = arrays[index] else { return nil }
        return "\(storages[storage].key) \(storages[storage].view?.key ?? "") \(offset) \(shape) \(strides)"
    }

    /// What a value is, for messages: "a list of 3", "float32 [10, 784]".
    public func describe(_ value: PickleValue) -> String {
        if let items = items(value) { return "\(value.phrase) of \(items.count)" }
        if case .dict(let index) = value { return "a dict of \(dicts[index].prefix(6).map { text($0.key).map { "'\($0.prefix(40))'" } ?? $0.key.phrase }.joined(separator: ", "))" }
        if case .array = value, let array = try? array(value) { return "a tensor \(array.summary)" }
        return value.phrase
    }
}
