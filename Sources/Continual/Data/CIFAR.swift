import Engine
import FileFormats
import Foundation

/// CIFAR-10 and CIFAR-100 (A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): the binary or the Python version,
/// as the archive or unpacked; the binary records also in several files, packed with xz or gzip.
public struct CIFAR: Sendable {
    public enum Labels: String, CaseIterable, Sendable { case fine, coarse }

    /// Files that hold the set, by their names without .gz or .xz.
    struct Version: Sendable {
        let train: [String]
        let test: String
        let isPickled: Bool
        var names: [String] { train + [test] }
    }

    let name: String
    let folders: [String]
    let archives: [String]
    let versions: [Version]
    /// Classes by the label byte before a record's pixels.
    let labelBytes: [(classes: Int, pickleKeys: [String])]
    /// Colours, height, width.
    static let imageShape = [3, 32, 32]
    static let imageSize = 3072
    /// CIFAR has 60,000; more than this in one file is a wrong header.
    static let mostRecords = 500_000

    public static let ten = CIFAR(
        name: "cifar10", folders: ["cifar10", "cifar-10", "CIFAR10", "cifar-10-batches-bin", "cifar-10-batches-py"], archives: ["cifar-10-binary", "cifar-10-python"],
        versions: [
            Version(train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin", isPickled: false),
            Version(train: (1...5).map { "data_batch_\($0)" }, test: "test_batch", isPickled: true),
        ],
        labelBytes: [(10, ["labels"])])
    public static let hundred = CIFAR(
        name: "cifar100", folders: ["cifar100", "cifar-100", "CIFAR100", "cifar-100-binary", "cifar-100-python"], archives: ["cifar-100-binary", "cifar-100-python"],
        versions: [
            Version(train: ["train.bin"], test: "test.bin", isPickled: false),
            Version(train: (1...5).map { "train_\($0).bin" }, test: "test.bin", isPickled: false),
            Version(train: ["train"], test: "test", isPickled: true),
        ],
        labelBytes: [(20, ["coarse_labels"]), (100, ["fine_labels"])])

    var recordSize: Int { labelBytes.count + Self.imageSize }

    /// - Parameters:
    ///   - path: a folder or an archive; nil looks at `BCL_DATA` and in the user's data folder.
    ///   - labels: `.coarse` for the 20 superclasses of CIFAR-100.
    public func load(path: String? = nil, labels: Labels = .fine) throws -> Dataset {
        guard labels == .fine || labelBytes.count > 1 else { throw DataError("\(name) has no coarse labels") }
        let location = DataLocation(name: name, folders: folders, allowsRoot: true, contents: "\(archives[0]).tar.gz, \(archives[1]).tar.gz, or a folder with \(versions.map { "\($0.train[0]) ... \($0.test)" }.joined(separator: ", or "))")
        let place = try location.find(path: path) { DataLocation.isFile($0) || archive(in: $0) != nil || version(in: $0) != nil }
        guard let version = version(in: place) else { return try load(archive: try FileSource(archive(in: place) ?? place), labels: labels, path: place) }
        let sources = try version.names.map { name -> FileSource in
            guard let path = DataLocation.file(name, in: place) else {
                throw DataError("there is no '\(name)' in '\(place)'", remedy: "it must hold \(version.names.joined(separator: ", ")); each may be packed as .xz or .gz")
            }
            return try FileSource(path)
        }
        return version.isPickled ? try load(pickles: sources, version, labels: labels, path: place) : try load(records: sources, labels: labels, path: place)
    }

    /// From a tar archive, which may be packed.
    public func load(archive source: any ByteSource, labels: Labels = .fine, path: String? = nil) throws -> Dataset {
        let parts = CIFARParts(self, label: labels == .coarse ? 0 : labelBytes.count - 1)
        try parts.readArchive(source)
        return try dataset(parts, labels, path ?? source.name)
    }

    /// From files of records, each of which may be packed: those for training, then the one for testing.
    public func load(records sources: [any ByteSource], labels: Labels = .fine, path: String? = nil) throws -> Dataset {
        let parts = CIFARParts(self, label: labels == .coarse ? 0 : labelBytes.count - 1)
        try parts.readRecords(sources)
        return try dataset(parts, labels, path ?? sources[0].name)
    }

    private func load(pickles sources: [any ByteSource], _ version: Version, labels: Labels, path: String) throws -> Dataset {
        let parts = CIFARParts(self, label: labels == .coarse ? 0 : labelBytes.count - 1)
        try parts.readPickles(version, sources)
        return try dataset(parts, labels, path)
    }

    private func dataset(_ parts: CIFARParts, _ labels: Labels, _ place: String) throws -> Dataset {
        let (train, test) = try parts.finished(place)
        let names = labels == .coarse ? CIFARNames.coarse : labelBytes.count > 1 ? CIFARNames.fine : CIFARNames.ten
        return try Dataset(name: name, imageShape: Self.imageShape, classes: names.count, classNames: names, train: train, test: test,
                           source: "\(labelBytes.count > 1 ? "CIFAR-100" : "CIFAR-10"), A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; no licence is stated", path: place)
    }

    /// The version whose first training or test file is in a folder; a missing one is then named.
    private func version(in folder: String) -> Version? { versions.first { version in [version.train[0], version.test].allSatisfy { DataLocation.file($0, in: folder) != nil } } }

    private func archive(in folder: String) -> String? {
        archives.lazy.flatMap { name in [".tar.gz", ".tgz", ".tar.xz", ".tar"].map { "\(folder)/\(name)\($0)" } }.first(where: DataLocation.isFile)
    }
}
