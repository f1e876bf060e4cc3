import Continual
import Engine
import FileFormats
import Foundation

/// The readers of binary files, each fed with any bytes: they may refuse them with an error of theirs, and nothing else.
/// The fuzzer runs it, and the tests run it on what the fuzzer once found (Tests/Fuzz/Files).
enum FileReaders: String, CaseIterable {
    case idx, npy, npz, cifar, cifarArchive = "cifar-archive", pickle, torch, safetensors, tar, packed

    func read(_ input: [UInt8]) {
        do { try open(MemorySource(input, name: "input"), input) } catch is FormatError {} catch is DataError {} catch is EngineError {} catch { fatalError("another error: \(error)") }
    }

    private func open(_ source: MemorySource, _ input: [UInt8]) throws {
        switch self {
        case .idx:
            for dimensions in [1, 3] {
                do {
                    let file = try IDXFile(source, dimensions: dimensions)
                    guard file.count <= 1 << 24 else { continue }
                    var content = [UInt8](repeating: 0, count: file.count)
                    try content.withUnsafeMutableBytes { try file.read(into: $0) }
                } catch is FormatError {}
            }
        case .npy: try Self.readAll(try NumpyFile.read(source))
        case .npz: _ = try ArrayData.npz(source)
        case .cifar:
            for set in [CIFAR.ten, CIFAR.hundred] { do { _ = try set.load(records: [source, source]) } catch is FormatError {} catch is DataError {} }
        case .cifarArchive:
            for set in [CIFAR.ten, CIFAR.hundred] { do { _ = try set.load(archive: source) } catch is FormatError {} catch is DataError {} }
        case .pickle:
            // As a file that can be read again, and as a stream.
            for cursor in [ByteCursor(source), ByteCursor(SourceStream(source) as any ByteStream)] {
                do {
                    let document = try PickleReader.read(cursor)
                    _ = document.describe(document.root)
                    for value in document.items(document.root) ?? [document.root] { if let array = try document.array(value) { try Self.readAll(array) } }
                } catch is FormatError {}
            }
        case .torch:
            if case .benchmark(let benchmark) = try TorchData.load(source) {
                for task in benchmark.tasks { _ = try task.train.minibatch(0, min(3, task.train.count)) }
            }
        case .safetensors: _ = try Safetensors.parse(Data(input))
        case .tar:
            let tar = TarReader(try Packing.stream(source))
            while let (member, content) = try tar.next() { if member.size % 2 == 0 { _ = try content.take(min(member.size, 1 << 16)) } }
        case .packed:
            if try Packing(of: source) == .xz { _ = try XZStream.announcedSize(source) }
            _ = try Packing.stream(source).take(1 << 20)
        }
    }

    private static func readAll(_ array: StoredArray) throws {
        var sum: Float = 0
        try array.floats { sum += $1.first ?? 0; return true }
        _ = try array.integers()
    }
}
