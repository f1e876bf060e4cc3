import Engine
import FileFormats
import FilePaths

/// What a .pt file of the GEM and BCL projects holds: tasks, or the samples that their scripts make tasks of. No code is run.
public enum TorchData {
    case benchmark(Benchmark)
    case dataset(Dataset)

    /// - Parameters:
    ///   - test: another file with the test samples, where the first has only (x, y), as GEM's mnist_train.pt.
    ///   - heads: which logits belong to a task; nil for a head of its own for each task where no two tasks share a class, else a shared one.
    public static func load(_ path: String, test: String? = nil, heads: Benchmark.Heads? = nil, options: ArrayData.Options = .init(), device: Device = .cpu, report: LoadingReport = .silent) throws -> TorchData {
        try load(try FileSource(path), test: try test.map { try FileSource($0) }, heads: heads, options: options, device: device, report: report)
    }

    public static func load(_ source: any ByteSource, test: (any ByteSource)? = nil, heads: Benchmark.Heads? = nil, options: ArrayData.Options = .init(), device: Device = .cpu, report: LoadingReport = .silent) throws -> TorchData {
        let document = try TorchFile.read(source)
        let path = source.name
        if let parts = document.items(document.root), parts.count == 2, let train = document.items(parts[0]), let testing = document.items(parts[1]) {
            guard test == nil else { throw DataError("'\(path)' holds tasks with test samples of their own; test= is for files of (x, y)") }
            return .benchmark(try TaskFile(path: path, document: document, options: options, device: device).benchmark(train, testing, heads, report))
        }
        guard heads == nil else { throw DataError("'\(path)' holds no tasks, so it has no heads", remedy: "make tasks of it: permuted(...), split(...)") }
        return .dataset(try ArrayData.load(try arrays(document, path), test: try test.map { try arrays(try TorchFile.read($0), $0.name) }, options))
    }

    /// A tuple (x, y) or (x_train, y_train, x_test, y_test), or a dict of such names.
    private static func arrays(_ document: PickleDocument, _ path: String) throws -> ArrayData {
        func read(_ value: PickleValue, _ name: String) throws -> StoredArray {
            if let array = try document.array(value) { return array }
            throw DataError("'\(name)' of '\(path)' is \(document.describe(value)), not a tensor")
        }
        if let names = document.keys(document.root) {
            return ArrayData(path: path, names: names) { name in try read(document.entry(name, of: document.root) ?? .none, name) }
        }
        guard let items = document.items(document.root), [2, 4].contains(items.count), try items.allSatisfy({ try document.array($0) != nil }) else {
            throw DataError("'\(path)' holds \(document.describe(document.root)), not tasks or samples",
                            remedy: "it should hold [tasks_train, tasks_test], each a list of [description, x, y]; or (x_train, y_train, x_test, y_test)")
        }
        let names = Array((items.count == 2 ? ["x", "y"] : ["x_train", "y_train", "x_test", "y_test"]))
        return ArrayData(path: path, names: names) { name in try read(items[names.firstIndex(of: name)!], name) }
    }
}

/// [tasks_train, tasks_test], each a list of [description, x, y].
struct TaskFile {
    let path: String
    let document: PickleDocument
    let options: ArrayData.Options
    let device: Device

    private struct Part {
        let images: ImageArray
        let labels: Tensor
        let classes: Set<Int>
    }

    func benchmark(_ train: [PickleValue], _ test: [PickleValue], _ wanted: Benchmark.Heads?, _ report: LoadingReport) throws -> Benchmark {
        guard train.count == test.count else { throw DataError("'\(path)' has \(train.count) tasks for training, but \(test.count) for testing") }
        guard (1...10_000).contains(train.count) else { throw DataError("'\(path)' holds \(train.count) tasks") }
        var reader = Reader(self)
        let parts = try train.indices.map { number -> (train: Part, test: Part) in
            let part = (train: try reader.part(train[number], "training", number), test: try reader.part(test[number], "test", number))
            try report.progress(number + 1, train.count)
            return part
        }
        let shape = parts[0].train.images.shape
        for (number, part) in parts.enumerated() {
            for (what, images) in [("training", part.train.images), ("test", part.test.images)] where images.shape != shape {
                throw DataError("task \(number) of '\(path)' has \(what) images \(images.shape), but task 0 has \(shape) (channels, height, width)")
            }
        }
        let classes = parts.map { $0.train.classes.union($0.test.classes) }
        let areDisjoint = classes.count > 1 && classes.map(\.count).reduce(0, +) == classes.reduce(into: Set<Int>()) { $0.formUnion($1) }.count
        let heads = wanted ?? (areDisjoint ? .perTask : .shared)
        let descriptions = train.map { document.items($0)?.first ?? .none }
        let ranges = parts.indices.map { heads == .perTask ? range(descriptions[$0], of: classes[$0]) : classes[$0].sorted() }
        let outputs = (ranges.lazy.compactMap(\.last).max() ?? 0) + 1
        // Each task has a table of all labels: some thousand tasks of some thousand classes are no file that anybody has.
        guard outputs <= Self.mostTableEntries / parts.count else { throw DataError("'\(path)' has labels up to \(outputs - 1) in \(parts.count) tasks, which is absurd", remedy: "number the classes from 0, without gaps") }
        let tasks = try parts.indices.map { number -> Task in
            let description = descriptions[number]
            let own = ranges[number]
            var local: Tensor?
            if heads == .perTask {
                var table = [Int](repeating: -1, count: outputs)
                for (index, label) in own.enumerated() { table[label] = index }
                local = try Tensor.from(table, device: device)
            }
            func samples(_ part: Part) throws -> TaskSamples {
                TaskSamples(try SampleSet(images: part.images.images, labels: part.labels).on(device), rows: nil, transform: .none, localLabels: local)
            }
            return Task(number: number, name: name(description, number, own), classes: own, classNames: own.map(String.init), outputs: own, train: try samples(parts[number].train), test: try samples(parts[number].test))
        }
        return Benchmark(name: FilePath.name(path), tasks: tasks, heads: heads, imageShape: shape, outputs: outputs, seed: 0)
    }

    private static let mostTableEntries = 20_000_000

    /// GEM describes a task of classes c1 up to c2 by (c1, c2): all are its own, also where some have no sample.
    private func range(_ description: PickleValue, of classes: Set<Int>) -> [Int] {
        if let pair = document.items(description), pair.count == 2, let first = document.int(pair[0]), let end = document.int(pair[1]), first >= 0, end > first, end <= LabelArray.mostClasses, end - first <= 10 * classes.count,
            classes.allSatisfy({ (first..<end).contains($0) }) {
            return Array(first..<end)
        }
        return classes.sorted()
    }

    private func name(_ description: PickleValue, _ number: Int, _ classes: [Int]) -> String {
        if let text = document.text(description), !text.isEmpty { return String(text.prefix(200)) }
        if document.items(description) != nil, let first = classes.first, let last = classes.last { return "classes \(first) to \(last)" }
        if let angle = document.double(description) { return "rotation by \((angle * 10).rounded() / 10) degrees" }
        return "task \(number + 1)"
    }

    /// Reads parts; tensors that several tasks share in the file are shared in memory.
    private struct Reader {
        let file: TaskFile
        private var images: [String: ImageArray] = [:]
        private var labels: [String: (Tensor, Set<Int>)] = [:]

        init(_ file: TaskFile) { self.file = file }

        mutating func part(_ value: PickleValue, _ what: String, _ number: Int) throws -> Part {
            let document = file.document
            let place = "\(what) task \(number) of '\(file.path)'"
            guard let items = document.items(value), items.count == 3 || items.count == 2 else {
                throw DataError("\(place) is \(document.describe(value)), not [description, x, y]")
            }
            let (x, y) = (items[items.count - 2], items[items.count - 1])
            guard let xArray = try document.array(x), xArray.shape.count >= 2 else { throw DataError("x of \(place) is \(document.describe(x)), not a tensor [N, D]") }
            guard let yArray = try document.array(y) else { throw DataError("y of \(place) is \(document.describe(y)), not a tensor [N]") }
            let (xKey, yKey) = (document.identity(x), document.identity(y))
            let image: ImageArray
            if let key = xKey, let known = images[key] { image = known } else {
                image = try ImageArray(xArray, "x of \(place)", image: file.options.image, channels: file.options.channels)
                if let xKey { images[xKey] = image }
            }
            if let key = yKey, let known = labels[key], known.0.count == xArray.shape[0] { return Part(images: image, labels: known.0, classes: known.1) }
            let numbers = try LabelArray.read(yArray, "y of \(place)", count: xArray.shape[0], images: "x of \(place)")
            let made = (try Tensor.from(numbers), Set(numbers))
            if let yKey { labels[yKey] = made }
            return Part(images: image, labels: made.0, classes: made.1)
        }
    }
}
