import Engine
import FileFormats
import Foundation

/// Puts the files of CIFAR into the two final pairs of tensors, each file at its place.
final class CIFARParts {
    private let set: CIFAR
    /// Which of a record's label bytes is wanted.
    private let label: Int
    private var train: Samples?
    private var test: Samples?

    init(_ set: CIFAR, label: Int) {
        self.set = set
        self.label = label
    }

    func finished(_ place: String) throws -> (train: SampleSet, test: SampleSet) {
        guard let train, let test else { throw DataError("'\(place)' lacks the \(train == nil ? "training" : "test") samples of \(set.name)") }
        return (SampleSet(images: train.images, labels: train.labels), SampleSet(images: test.images, labels: test.labels))
    }

    /// Tensors to be filled, possibly from several threads at places that do not overlap.
    private struct Samples: @unchecked Sendable {
        let images: Tensor
        let labels: Tensor
        let pixels: UnsafeMutableRawBufferPointer
        let numbers: UnsafeMutableBufferPointer<Int>

        init(count: Int) throws {
            var pixels = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            var numbers = UnsafeMutableBufferPointer<Int>(start: nil, count: 0)
            images = try Tensor.filled([count, CIFAR.imageSize], dtype: .uint8) { pixels = $0 }
            labels = try Tensor.filled([count], dtype: .int64) { numbers = $0.bindMemory(to: Int.self) }
            (self.pixels, self.numbers) = (pixels, numbers)
        }

        func row(_ index: Int) -> UnsafeMutableRawBufferPointer { rows(index, 1) }
        func rows(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: pixels[(start * CIFAR.imageSize)..<((start + count) * CIFAR.imageSize)])
        }
    }

    // MARK: - Records

    /// Files for training and the one for testing, whose sizes are known before they are unpacked: in parallel, straight to their places.
    func readRecords(_ sources: [any ByteSource]) throws {
        let counts = try sources.map { try recordCount(of: $0) }
        let (train, test) = (try Samples(count: counts.dropLast().reduce(0, +)), try Samples(count: counts[counts.count - 1]))
        let failures = Failures(count: sources.count)
        DispatchQueue.concurrentPerform(iterations: sources.count) { index in
            let isTest = index == sources.count - 1
            do { try readRecords(try Packing.stream(sources[index]), counts[index], into: isTest ? test : train, at: isTest ? 0 : counts[..<index].reduce(0, +)) } catch { failures[index] = error }
        }
        if let first = failures.first { throw first }
        (self.train, self.test) = (train, test)
    }

    /// One slot for each thread.
    private final class Failures: @unchecked Sendable {
        private let slots: UnsafeMutableBufferPointer<(any Error)?>
        init(count: Int) {
            slots = .allocate(capacity: count)
            slots.initialize(repeating: nil)
        }
        deinit {
            slots.deinitialize()
            slots.deallocate()
        }
        subscript(_ index: Int) -> (any Error)? {
            get { slots[index] }
            set { slots[index] = newValue }
        }
        var first: (any Error)? { slots.lazy.compactMap { $0 }.first }
    }

    /// What a file announces; reading it checks that.
    private func recordCount(of source: any ByteSource) throws -> Int {
        let size: Int
        switch try Packing(of: source) {
        case .none: size = source.count
        case .xz: size = try XZStream.announcedSize(source)
        case .gzip:
            guard source.count >= 18 else { throw FormatError("'\(source.name)' is cut off: it has only \(source.count) bytes") }
            size = try source.bytes(at: source.count - 4, count: 4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        return try recordCount(size, source.name, packed: source.count)
    }

    private func recordCount(_ size: Int, _ name: String, packed: Int) throws -> Int {
        guard size > 0, size % set.recordSize == 0 else {
            throw DataError("'\(name)' has \(size) bytes, which are no whole records of \(set.recordSize) bytes", remedy: "is it cut off, or another set than \(set.name)?")
        }
        let count = size / set.recordSize
        guard count <= CIFAR.mostRecords, Packing.isPlausible(unpacked: size, packed: packed) else { throw DataError("'\(name)' announces \(count) records, which is absurd for \(packed) bytes") }
        return count
    }

    private func readRecords(_ stream: any ByteStream, _ count: Int, into samples: Samples, at start: Int) throws {
        let size = set.recordSize
        let inBuffer = max(1, (1 << 18) / size)
        var buffer = [UInt8](repeating: 0, count: inBuffer * size)
        var done = 0
        while done < count {
            let records = min(inBuffer, count - done)
            let got = try buffer.withUnsafeMutableBytes { try stream.fill(UnsafeMutableRawBufferPointer(rebasing: $0[..<(records * size)])) }
            guard got == records * size else { throw FormatError("'\(stream.name)' is cut off: it ends in record \(done + got / size) of \(count)", remedy: "get it again") }
            try buffer.withUnsafeBytes { bytes in
                for record in 0..<records {
                    let base = record * size
                    for (index, known) in set.labelBytes.enumerated() where bytes[base + index] >= known.classes {
                        throw DataError("'\(stream.name)' has the label \(bytes[base + index]) in record \(done + record); \(set.name)'s are 0 to \(known.classes - 1)", remedy: "is it another set than \(set.name)?")
                    }
                    samples.numbers[start + done + record] = Int(bytes[base + label])
                    let pixels = UnsafeRawBufferPointer(rebasing: bytes[(base + set.labelBytes.count)..<(base + size)])
                    samples.row(start + done + record).copyMemory(from: pixels)
                }
            }
            done += records
        }
        guard try stream.skip(1) == 0 else { throw FormatError("'\(stream.name)' has more than the \(count) records that it announces") }
    }

    // MARK: - Pickles

    func readPickles(_ version: CIFAR.Version, _ sources: [any ByteSource]) throws {
        for (index, source) in sources.enumerated() {
            try readPickle(try Packing(of: source) == .none ? ByteCursor(source) : ByteCursor(try Packing.stream(source)), version, index)
        }
    }

    /// A dict with data, uint8 [N, 3072], and lists of labels.
    private func readPickle(_ cursor: ByteCursor, _ version: CIFAR.Version, _ index: Int) throws {
        let name = cursor.name
        let document = try PickleReader.read(cursor)
        guard let data = document.entry("data", of: document.root), let array = try document.array(data) else {
            throw DataError("'\(name)' holds \(document.describe(document.root)), not a dict with an array 'data'", remedy: "is it a file of \(set.name)'s Python version?")
        }
        guard array.type == .uint8, array.shape.count == 2, array.shape[1] == CIFAR.imageSize, (1...CIFAR.mostRecords).contains(array.shape[0]) else {
            throw DataError("the data in '\(name)' is \(array.summary), not uint8 [N, \(CIFAR.imageSize)]")
        }
        let known = set.labelBytes[label]
        guard let value = known.pickleKeys.lazy.compactMap({ document.entry($0, of: document.root) }).first, let items = document.items(value) else {
            throw DataError("'\(name)' has no list '\(known.pickleKeys[0])'", remedy: "is it another set than \(set.name)?")
        }
        let count = array.shape[0]
        guard items.count == count else { throw DataError("'\(name)' has \(count) images, but \(items.count) labels") }
        let (samples, start) = try place(version, index, count, name)
        for (row, item) in items.enumerated() {
            guard let number = document.int(item), number >= 0, number < known.classes else {
                throw DataError("'\(name)' has the label \(document.int(item).map(String.init) ?? document.describe(item)) for image \(row); \(set.name)'s are 0 to \(known.classes - 1)")
            }
            samples.numbers[start + row] = number
        }
        try array.contiguous().read(at: 0, into: samples.rows(start, count))
    }

    /// Where a file's samples go, when the sizes of the others are not known yet: all training files have as many.
    private func place(_ version: CIFAR.Version, _ index: Int, _ count: Int, _ name: String) throws -> (Samples, start: Int) {
        if index == version.train.count {
            let samples = try Samples(count: count)
            test = samples
            return (samples, 0)
        }
        if train == nil { train = try Samples(count: count * version.train.count) }
        guard let train, train.numbers.count == count * version.train.count else {
            throw DataError("'\(name)' has \(count) images, the other training files \((train?.numbers.count ?? 0) / version.train.count)", remedy: "all must have as many")
        }
        return (train, index * count)
    }

    // MARK: - Archives

    func readArchive(_ source: any ByteSource) throws {
        let path = source.name
        let tar = TarReader(try Packing.stream(source))
        var version: CIFAR.Version?
        var seen: Set<String> = []
        while let (member, content) = try tar.next() {
            let base = String(member.name.split(separator: "/").last ?? "")
            guard let found = version ?? set.versions.first(where: { $0.names.contains(base) }), let index = found.names.firstIndex(of: base) else { continue }
            version = found
            guard seen.insert(base).inserted else { throw DataError("'\(path)' has two members '\(base)'") }
            if found.isPickled {
                try readPickle(ByteCursor(content), found, index)
            } else {
                let count = try recordCount(member.size, "\(path): \(member.name)", packed: source.count)
                let (samples, start) = try place(found, index, count, member.name)
                try readRecords(content, count, into: samples, at: start)
            }
        }
        guard let version else { throw DataError("'\(path)' holds none of the files of \(set.name)", remedy: "it should hold \(set.versions.map { $0.names.joined(separator: ", ") }.joined(separator: ", or "))") }
        if let missing = version.names.first(where: { !seen.contains($0) }) { throw DataError("'\(path)' has no member '\(missing)'", remedy: "get it again") }
    }
}
