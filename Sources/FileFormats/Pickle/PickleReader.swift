/// Reads pickles of protocol 0 to 5 into tensors, arrays, lists, tuples, dicts, numbers and strings, and nothing else.
/// A pickle is a program for a stack machine that can call anything; this machine has no calls. The names that describe arrays
/// (`PickleGlobal`) are answered here, and every other name and opcode is an error with its place.
public struct PickleReader {
    /// Values of one pickle, a few hundred MB at most. (A Python version of CIFAR-100 has 200,000.)
    static let mostValues = 4_000_000
    /// Bytes of strings that are kept in memory.
    static let mostText = 1 << 29
    /// Longer strings stay in the file where it can be read again.
    private static let longString = 1 << 16

    private let cursor: ByteCursor
    private var document: PickleDocument
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var values = 0
    /// Bytes of strings that became arrays; the same string can become many.
    private var copied = 0
    private var storageIndex: [String: Int] = [:]

    /// Reads one pickle; the cursor is then after it.
    public static func read(_ cursor: ByteCursor) throws -> PickleDocument {
        var reader = PickleReader(cursor)
        try reader.run()
        return reader.document
    }

    private init(_ cursor: ByteCursor) {
        self.cursor = cursor
        document = PickleDocument(name: cursor.name)
    }

    // MARK: - The machine

    private mutating func run() throws {
        while true {
            let place = cursor.position
            let code = try cursor.byte()
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw FormatError("'\(cursor.name)' is no pickle: byte \(place) is 0x\(String(code, radix: 16)), which is no opcode")
            }
            if opcode == .stop {
                document.root = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw cursor.error("the pickle ends with values left over") }
                return
            }
            try step(opcode, place)
        }
    }

    private mutating func step(_ opcode: PickleOpcode, _ place: Int) throws {
        switch opcode {
        case .stop: break
        case .proto:
            let version = try cursor.byte()
            guard version <= 5 else { throw cursor.error("pickle protocol \(version); 0 to 5 can be read") }
        case .frame: _ = try cursor.number(8)
        case .mark: marks.append(stack.count); try count(1)

        case .none: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.int(Int(Int32(truncatingIfNeeded: try cursor.number(4)))))
        case .binInt1: try push(.int(Int(try cursor.number(1))))
        case .binInt2: try push(.int(Int(try cursor.number(2))))
        case .long1: try push(try long(try cursor.count(1)))
        case .long4: try push(try long(try cursor.count(4)))
        case .int: try push(try decimal())
        case .long: try push(try decimal())
        case .float:
            let text = String(decoding: try cursor.line(most: 400), as: UTF8.self)
            guard let value = Double(text) else { throw cursor.error("the number '\(text.prefix(40))'") }
            try push(.float(value))
        case .binFloat: try push(.float(Double(bitPattern: UInt64(truncatingIfNeeded: try cursor.bigEndian(8)))))

        case .string: try push(.bytes(try keep(try escaped(try cursor.line(most: 1 << 24)))))
        case .unicode: try push(.text(try keep(try rawUnicode(try cursor.line(most: 1 << 24)))))
        case .shortBinString: try push(try byteString(try cursor.count(1)))
        case .binString: try push(try byteString(try cursor.count(4)))
        case .shortBinBytes: try push(try byteString(try cursor.count(1)))
        case .binBytes: try push(try byteString(try cursor.count(4)))
        case .binBytes8, .bytearray8: try push(try byteString(try cursor.count(8)))
        case .shortBinUnicode: try push(.text(try keep(try cursor.bytes(try cursor.count(1)))))
        case .binUnicode: try push(.text(try keep(try bounded(try cursor.count(4)))))
        case .binUnicode8: try push(.text(try keep(try bounded(try cursor.count(8)))))

        case .emptyList: try push(.list(newSequence([])))
        case .emptyTuple: try push(.tuple(newSequence([])))
        case .emptyDict: try push(.dict(newDict([])))
        case .list: try push(.list(newSequence(try popToMark())))
        case .tuple: try push(.tuple(newSequence(try popToMark())))
        case .tuple1: try push(.tuple(newSequence([try pop()])))
        case .tuple2: let b = try pop(); try push(.tuple(newSequence([try pop(), b])))
        case .tuple3: let c = try pop(), b = try pop(); try push(.tuple(newSequence([try pop(), b, c])))
        case .dict: try push(.dict(newDict(try pairs(try popToMark()))))
        case .append: let value = try pop(); try append([value])
        case .appends: try append(try popToMark())
        case .setItem: let value = try pop(), key = try pop(); try set([(key, value)])
        case .setItems: try set(try pairs(try popToMark()))

        case .pop:
            // As in Python: of an empty stack above a mark, the mark is taken.
            if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .dup: try push(try top())
        case .put: try memorise(try decimalKey())
        case .binPut: try memorise(Int(try cursor.number(1)))
        case .longBinPut: try memorise(Int(try cursor.number(4)))
        case .memoize: try memorise(memo.count)
        case .get: try recall(try decimalKey())
        case .binGet: try recall(Int(try cursor.number(1)))
        case .longBinGet: try recall(Int(try cursor.number(4)))

        case .global: try push(.global(try global(try lineText(), try lineText(), place)))
        case .stackGlobal:
            let name = try pop(), module = try pop()
            guard case .text = name, case .text = module, let name = document.text(name), let module = document.text(module) else { throw cursor.error("a name that is no string") }
            try push(.global(try global(module, name, place)))
        case .reduce:
            let arguments = try pop(), callee = try pop()
            guard case .global(let global) = callee, case .tuple(let index) = arguments else {
                throw FormatError("'\(cursor.name)' would call \(callee.phrase) at byte \(place): only plain data is read, and no code is run")
            }
            try push(try make(global, document.sequences[index]))
        case .build: let state = try pop(); try build(state)
        case .binPersID: try push(try persistent(try pop()))
        case .persID: try push(try tarTensor(try lineText()))
        case .newObj, .newObjEx, .inst, .obj, .ext1, .ext2, .ext4, .nextBuffer, .readonlyBuffer, .emptySet, .addItems, .frozenSet:
            throw FormatError("'\(cursor.name)' has the opcode \(opcode.label) at byte \(place), which makes other things than tensors, lists, tuples, dicts, numbers and strings",
                              remedy: "save plain lists of tensors: torch.save([tasks_train, tasks_test], f)")
        }
    }

    private mutating func count(_ number: Int) throws {
        values += number
        guard values <= Self.mostValues else { throw cursor.error("more than \(Self.mostValues) values") }
    }

    private mutating func push(_ value: PickleValue) throws {
        try count(1)
        stack.append(value)
    }

    private mutating func pop() throws -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw cursor.error("a value is missing") }
        return value
    }

    private func top() throws -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else { throw cursor.error("a value is missing") }
        return value
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw cursor.error("a mark is missing") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func memorise(_ key: Int) throws {
        try count(1)
        memo[key] = try top()
    }

    private mutating func recall(_ key: Int) throws {
        guard let value = memo[key] else { throw cursor.error("the value \(key) is used before it is there") }
        try push(value)
    }

    // MARK: - Containers

    private mutating func newSequence(_ items: [PickleValue]) -> Int {
        document.sequences.append(items)
        return document.sequences.count - 1
    }

    private mutating func newDict(_ entries: [(PickleValue, PickleValue)]) -> Int {
        document.dicts.append(entries.map { ($0.0, $0.1) })
        return document.dicts.count - 1
    }

    private func pairs(_ items: [PickleValue]) throws -> [(PickleValue, PickleValue)] {
        guard items.count % 2 == 0 else { throw cursor.error("a key without a value") }
        return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
    }

    private mutating func append(_ items: [PickleValue]) throws {
        guard case .list(let index) = try top() else { throw cursor.error("values are appended to \(try top().phrase)") }
        document.sequences[index] += items
    }

    private mutating func set(_ entries: [(PickleValue, PickleValue)]) throws {
        guard case .dict(let index) = try top() else { throw cursor.error("keys are set in \(try top().phrase)") }
        document.dicts[index] += entries.map { (key: $0.0, value: $0.1) }
    }

    // MARK: - Numbers and strings

    private mutating func keep(_ bytes: [UInt8]) throws -> PickleSlice {
        guard bytes.count <= Self.mostText - document.content.count else { throw cursor.error("strings of more than \(Self.mostText >> 20) MB") }
        defer { document.content += bytes }
        return PickleSlice(start: document.content.count, count: bytes.count)
    }

    private func bounded(_ count: Int) throws -> [UInt8] {
        guard count <= Self.mostText else { throw cursor.error("a string of \(count) bytes") }
        return try cursor.bytes(count)
    }

    private mutating func byteString(_ count: Int) throws -> PickleValue {
        guard count > Self.longString else { return .bytes(try keep(try cursor.bytes(count))) }
        // What is unpacked from an archive is kept in memory, so it is bounded; what is in a file stays there.
        guard cursor.left != nil || count <= Self.mostText else { throw cursor.error("a string of \(count) bytes") }
        document.stored.append(try cursor.stored(count))
        return .storedBytes(document.stored.count - 1)
    }

    /// Little-endian two's complement.
    private mutating func long(_ count: Int) throws -> PickleValue {
        guard count <= 1 << 12 else { throw cursor.error("an integer of \(count) bytes") }
        let bytes = try cursor.bytes(count)
        guard count > 8 else {
            let isNegative = (bytes.last ?? 0) & 0x80 != 0
            return .int(bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
        }
        return .long(try keep(bytes))
    }

    /// "12", "12L", and the "01" and "00" that stand for True and False.
    private func decimal() throws -> PickleValue {
        var text = try lineText()
        if text == "01" { return .bool(true) }
        if text == "00" { return .bool(false) }
        if text.hasSuffix("L") { text.removeLast() }
        guard let value = Int(text) else { throw cursor.error("the number '\(text.prefix(40))', which is no integer of 64 bits") }
        return .int(value)
    }

    private func decimalKey() throws -> Int {
        guard case .int(let key) = try decimal(), key >= 0 else { throw cursor.error("a key that is no number") }
        return key
    }

    private func lineText() throws -> String { String(decoding: try cursor.line(most: 5000), as: UTF8.self) }

    /// A string literal of Python 2: quotes, and backslash escapes.
    private func escaped(_ line: [UInt8]) throws -> [UInt8] {
        guard line.count >= 2, let quote = line.first, quote == line.last, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw cursor.error("a string without quotes") }
        var result: [UInt8] = []
        var index = 1
        while index < line.count - 1 {
            var byte = line[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                guard index < line.count - 1 else { throw cursor.error("a string that ends in a backslash") }
                let code = line[index]
                index += 1
                switch code {
                case UInt8(ascii: "n"): byte = 10
                case UInt8(ascii: "r"): byte = 13
                case UInt8(ascii: "t"): byte = 9
                case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): byte = code
                case UInt8(ascii: "x"):
                    guard index + 2 <= line.count - 1, let value = UInt8(String(decoding: line[index..<index + 2], as: UTF8.self), radix: 16) else { throw cursor.error("an escape in a string") }
                    byte = value
                    index += 2
                default: throw cursor.error("an escape in a string")
                }
            }
            result.append(byte)
        }
        return result
    }

    /// Latin-1 with \uXXXX and \UXXXXXXXX.
    private func rawUnicode(_ line: [UInt8]) throws -> [UInt8] {
        var scalars = String.UnicodeScalarView()
        var index = 0
        while index < line.count {
            let digits = line[index] == UInt8(ascii: "\\") && index + 1 < line.count ? (line[index + 1] == UInt8(ascii: "u") ? 4 : line[index + 1] == UInt8(ascii: "U") ? 8 : 0) : 0
            if digits > 0 {
                guard index + 2 + digits <= line.count, let value = UInt32(String(decoding: line[index + 2..<index + 2 + digits], as: UTF8.self), radix: 16) else { throw cursor.error("an escape in a string") }
                scalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
                index += 2 + digits
            } else {
                scalars.append(Unicode.Scalar(line[index]))
                index += 1
            }
        }
        return Array(String(scalars).utf8)
    }

    // MARK: - Names and what they stand for

    private func global(_ module: String, _ name: String, _ place: Int) throws -> PickleGlobal {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw FormatError("'\(cursor.name)' refers to \(module.prefix(80)).\(name.prefix(80)) at byte \(place): only tensors, lists, tuples, dicts, numbers and strings are read, and no code is run",
                              remedy: "save plain lists of tensors: torch.save([tasks_train, tasks_test], f)")
        }
        return global
    }

    private func wrong(_ what: String) -> FormatError { cursor.error("\(what) is described in a way that can't be read") }

    private mutating func make(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
        switch global {
        case .rebuildTensor, .rebuildTensor2:
            guard arguments.count >= 4, case .storage(let storage) = arguments[0], let offset = document.int(arguments[1]),
                let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count else { throw wrong("a tensor") }
            document.arrays.append(.torch(storage: storage, offset: offset, shape: shape, strides: strides))
            return .array(document.arrays.count - 1)
        case .rebuildParameter:
            guard let first = arguments.first, case .array = first else { throw wrong("a parameter") }
            return first
        case .orderedDict:
            guard let first = arguments.first else { return .dict(newDict([])) }
            guard let items = document.items(first) else { throw wrong("an ordered dict") }
            try count(items.count)
            return .dict(newDict(try items.map {
                guard let pair = document.items($0), pair.count == 2 else { throw wrong("an ordered dict") }
                return (pair[0], pair[1])
            }))
        case .size:
            guard let first = arguments.first, let items = document.items(first) else { throw wrong("a size") }
            return .tuple(newSequence(items))
        case .arrayReconstruct:
            document.arrays.append(.waiting)
            return .array(document.arrays.count - 1)
        case .dtype:
            guard let first = arguments.first, let code = document.text(first) else { throw wrong("a dtype") }
            document.types.append(try NumpyFile.elementType(code, cursor.name))
            return .elementType(document.types.count - 1)
        case .scalar:
            guard arguments.count == 2, case .elementType(let index) = arguments[0], let bytes = try byteSource(arguments[1]) else { throw wrong("a number of numpy") }
            let element = document.types[index]
            let array = try StoredArray(element.type, shape: [1], isBigEndian: element.isBigEndian, bytes: bytes)
            if !element.type.isFloatingPoint { return .int(try array.integers()[0]) }
            var value = 0.0
            if element.type == .float64 {
                try withUnsafeMutableBytes(of: &value) { try array.read(at: 0, into: $0) }
            } else {
                try array.floats { value = Double($1[0]); return true }
            }
            return .float(value)
        case .arrayFromBuffer:
            guard arguments.count == 4, let bytes = try byteSource(arguments[0]), case .elementType(let index) = arguments[1], let shape = integers(arguments[2]), let order = document.text(arguments[3]) else { throw wrong("an array") }
            return try numpyArray(document.types[index], shape, isFortran: order == "F", bytes)
        case .encode:
            // Python 3 writes bytes for Python 2 as a string whose characters are the bytes.
            guard arguments.count == 2, case .text(let slice) = arguments[0], let coding = document.text(arguments[1]), ["latin1", "latin-1"].contains(coding) else { throw wrong("a string of bytes") }
            return .bytes(try keep(try latin1(slice)))
        case .bytes, .bytearray:
            guard let first = arguments.first else { return .bytes(try keep([])) }
            if case .bytes = first { return first }
            if case .storedBytes = first { return first }
            guard arguments.count == 2, case .text(let slice) = first else { throw wrong("a string of bytes") }
            return .bytes(try keep(try latin1(slice)))
        case .ndarray, .storageType:
            throw wrong(global == .ndarray ? "an array" : "a storage")
        }
    }

    /// UTF-8 whose characters are all below 256, as those characters.
    private func latin1(_ slice: PickleSlice) throws -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(slice.count)
        var lead: UInt8?
        for byte in document.bytes(slice) {
            if let high = lead {
                result.append(high << 6 | byte & 0x3F)
                lead = nil
            } else if byte < 0x80 {
                result.append(byte)
            } else {
                guard byte == 0xC2 || byte == 0xC3 else { throw wrong("a string of bytes") }
                lead = byte
            }
        }
        return result
    }

    /// Shapes and strides: a few small numbers.
    private func integers(_ value: PickleValue) -> [Int]? {
        guard let items = document.items(value), items.count <= 32 else { return nil }
        let result = items.compactMap { document.int($0) }
        return result.count == items.count ? result : nil
    }

    private mutating func byteSource(_ value: PickleValue) throws -> (any ByteSource)? {
        switch value {
        case .storedBytes(let index): return document.stored[index]
        case .bytes(let slice):
            copied += slice.count
            guard copied <= Self.mostText else { throw cursor.error("strings of more than \(Self.mostText >> 20) MB") }
            return MemorySource(Array(document.bytes(slice)), name: cursor.name)
        default: return nil
        }
    }

    private mutating func numpyArray(_ element: (type: ElementType, isBigEndian: Bool), _ shape: [Int], isFortran: Bool, _ bytes: any ByteSource) throws -> PickleValue {
        let array = try StoredArray(element.type, shape: shape, strides: isFortran ? StoredArray.columnMajor(shape) : nil, isBigEndian: element.isBigEndian, bytes: bytes)
        document.arrays.append(.numpy(array))
        return .array(document.arrays.count - 1)
    }

    private mutating func build(_ state: PickleValue) throws {
        switch try top() {
        case .elementType(let index):
            // (version, byte order, subtype, names, fields, size, alignment, flags)
            guard let items = document.items(state), items.count >= 5, let order = document.text(items[1]), case .none = items[2], case .none = items[3] else { throw wrong("a dtype") }
            document.types[index].isBigEndian = order == ">"
        case .array(let index):
            // (version, shape, dtype, is Fortran order, bytes)
            guard case .waiting = document.arrays[index], let items = document.items(state), items.count == 5, let shape = integers(items[1]),
                case .elementType(let type) = items[2], let isFortran = document.int(items[3]) else { throw wrong("a numpy array") }
            guard let bytes = try byteSource(items[4]) else { throw cursor.error("a numpy array of Python objects, which only running code could make") }
            guard case .array(let made) = try numpyArray(document.types[type], shape, isFortran: isFortran != 0, bytes) else { return }
            document.arrays[index] = document.arrays[made]
        case .dict where document.keys(state) != nil: break  // attributes, such as the _metadata of a state dict: nothing for us
        default: throw cursor.error("a state is set on \(try top().phrase)")
        }
    }

    // MARK: - Storages of PyTorch

    /// ('storage', type, key, device, number of elements[, view]) stands for a storage that is elsewhere in the file.
    private mutating func persistent(_ value: PickleValue) throws -> PickleValue {
        guard let items = document.items(value), items.count >= 5, document.text(items[0]) == "storage", case .global(.storageType(let type)) = items[1],
            let key = document.text(items[2]), let count = document.int(items[4]), count >= 0 else { throw wrong("a storage") }
        var view: (key: String, offset: Int, count: Int)?
        if items.count > 5, let parts = document.items(items[5]) {
            guard parts.count == 3, let viewKey = document.text(parts[0]), let offset = document.int(parts[1]), let size = document.int(parts[2]), offset >= 0, size >= 0, size <= count, offset <= count - size else {
                throw wrong("a view of a storage")
            }
            view = (viewKey, offset, size)
        }
        return .storage(try storage(PickleStorage(key: key, type: type, count: count, view: view)))
    }

    private mutating func storage(_ storage: PickleStorage) throws -> Int {
        let label = "\(storage.key)/\(storage.view?.key ?? "")"
        if let known = storageIndex[label] {
            guard document.storages[known].type == storage.type, document.storages[known].count == storage.count else { throw wrong("the storage '\(storage.key.prefix(40))'") }
            return known
        }
        document.storages.append(storage)
        storageIndex[label] = document.storages.count - 1
        return document.storages.count - 1
    }

    private func tarTensor(_ key: String) throws -> PickleValue {
        throw cursor.error("a persistent id in text, as PyTorch before 0.1.10 wrote them")
    }
}
