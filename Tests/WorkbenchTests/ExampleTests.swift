import BCLScript
import Interpreter
import Workbench
import XCTest

/// Examples are data: each builtin's is run.
final class ExampleTests: XCTestCase {
    private static let library = Project.library
    private let home = FileManager.default.currentDirectoryPath

    override func tearDown() { FileManager.default.changeCurrentDirectoryPath(home) }

    /// Examples write files and read data sets: they run in a folder of their own, with small sets of the same form.
    private func enterFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-examples-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func big(_ numbers: [UInt32]) -> Data { Data(numbers.flatMap { number in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }) }
        for (part, count) in [("train", 3), ("t10k", 2)] as [(String, UInt32)] {
            for set in ["mnist", "fashion_mnist", "notmnist"] {
                let home = folder.appendingPathComponent(set)
                try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
                try (big([2051, count, 2, 2]) + Data(count: Int(count) * 4)).write(to: home.appendingPathComponent("\(part)-images-idx3-ubyte"))
                try (big([2049, count]) + Data((0..<UInt8(count)))).write(to: home.appendingPathComponent("\(part)-labels-idx1-ubyte"))
            }
        }
        for (set, labels, names) in [("cifar10", 1, (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]), ("cifar100", 2, ["train.bin", "test.bin"])] {
            let home = folder.appendingPathComponent(set)
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            for name in names { try Data(count: labels + 3072).write(to: home.appendingPathComponent(name)) }
        }
        try FileManager.default.copyItem(at: Project.root.appendingPathComponent("Tests/Data/shapes.npz"), to: folder.appendingPathComponent("shapes.npz"))
        try makeImageSets(in: folder)
        FileManager.default.changeCurrentDirectoryPath(folder.path)
        setenv("BCL_DATA", folder.path, 1)
        setenv("BCL_STORE", folder.path + "/runs.db", 1)
        return folder
    }

    /// Small folders of the form of CUB-200 and miniImageNet, and one with a folder for each class.
    private func makeImageSets(in folder: URL) throws {
        func put(_ path: String) throws {
            let target = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Project.root.appendingPathComponent("Tests/Images/modes/rgb.jpg"), to: target)
        }
        func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(path)) }
        for name in ["birds/wren/1.jpg", "birds/wren/2.jpg", "birds/crow/1.jpg", "birds/crow/2.jpg"] { try put(name) }
        for name in ["1", "2"] { try put("cub200/images/001.Auk/\(name).jpg") }
        try write("1 001.Auk\n", "cub200/classes.txt")
        try write("1 001.Auk/1.jpg\n2 001.Auk/2.jpg\n", "cub200/images.txt")
        try write("1 1\n2 1\n", "cub200/image_class_labels.txt")
        try write("1 1\n2 0\n", "cub200/train_test_split.txt")
        for list in ["train", "val", "test"] {
            for name in ["1", "2"] { try put("miniimagenet/images/\(list)\(name).jpg") }
            try write("filename,label\n\(list)1.jpg,\(list)\n\(list)2.jpg,\(list)\n", "miniimagenet/\(list).csv")
        }
    }

    func testEveryBuiltinsExampleRuns() throws {
        let folder = try enterFolder()
        defer {
            unsetenv("BCL_DATA")
            unsetenv("BCL_STORE")
            try? FileManager.default.removeItem(at: folder)
        }
        let names = Workbench.makeSession(library: Self.library).session.registry.builtins.keys.sorted()
        XCTAssertGreaterThan(names.count, 40)
        for name in names {
            let (session, _) = Workbench.makeSession(library: Self.library)
            guard let builtin = session.registry.builtins[name] else { continue }
            XCTAssertFalse(builtin.doc.isEmpty, name)
            switch session.execute(SourceFile(name: "example of \(name)", text: builtin.example), sink: CollectingSink(), showsValues: true) {
            case .finished: break
            case .rejected(let problems): XCTFail("\(name): \(problems.first?.message ?? "")")
            case .failed(let problem): XCTFail("\(name): \(problem.message)")
            case .interrupted: XCTFail(name)
            }
        }
    }

    func testEveryLibraryFileDefinesItsName() {
        let (session, _) = Workbench.makeSession(library: Self.library)
        XCTAssertFalse(Self.library.files.isEmpty)
        for name in Self.library.files.keys.sorted() {
            guard case .finished = session.execute(SourceFile(name: name, text: "let made = () => \(name)\nmade()"), sink: CollectingSink()) else {
                XCTFail("\(name) can't be loaded")
                continue
            }
            XCTAssertNotNil(session.loader.signature(of: name), name)
        }
    }

    /// Strength 0 of every memory: what is left is plain fine-tuning, bit for bit.
    func testReducesToFineTuning() {
        func weights(_ make: String) -> String {
            let (session, _) = Workbench.makeSession(library: Self.library)
            let sink = CollectingSink()
            let program = """
                let bench = permuted(digits(), tasks=2, per_task=40, seed=1)
                seed 3
                let net = mlp(64, 16, 10)
                let me = \(make)
                train me on bench[0]
                print net.weights.vector.double().sum().item(), net.weights.norm().item(), me.losses
                """
            guard case .finished = session.execute(SourceFile(name: "t", text: program), sink: sink) else { return "failed \(UUID())" }
            return sink.lines.joined()
        }
        let plain = weights("single(net, bench, lr=0.1)")
        XCTAssertTrue(plain.contains("["), plain)
        // In the first task er has nothing to replay.
        XCTAssertEqual(weights("er(net, bench, lr=0.1)"), plain)
        XCTAssertNotEqual(weights("er(net, bench, lr=0.1, inner_steps=2)"), plain)
    }

    func testTensorsBehaveAsInPyTorch() {
        let (session, _) = Workbench.makeSession(library: Self.library)
        let sink = CollectingSink()
        let program = """
            let t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
            print t.shape, t[1, 2].item(), t[0].list(), t[:, 1:].shape, t[-1, ::2].list(), t[[1, 0], 0].list()
            print (t + 1).sum().item(), (2 - t).mean().item(), (t @ t.transpose()).shape, (t > 2).sum().item(), t[t > 4].list()
            print t.sum(0).list(), t.argmax(1).list(), t.mean(1, keep=true).shape, t.reshape(3, -1).shape, tensor([1, 2]).dtype, (tensor([1, 2]) * 2).dtype
            t[0, 0] = 10
            t[1] = zeros(3)
            print t.list(), len(t), sum(t).item(), max(t).item()
            for row in t { print row.sum().item() }
            print tensor([7]), tensor([0.5, 1e-9]), zeros(2, 0)
            """
        guard case .finished = session.execute(SourceFile(name: "t", text: program), sink: sink) else { return XCTFail("failed") }
        XCTAssertEqual(sink.lines, [
            "[2, 3] 6.0 [1.0, 2.0, 3.0] [2, 2] [4.0, 6.0] [4.0, 1.0]",
            "27.0 -1.5 [2, 2] 4 [5.0, 6.0]",
            "[5.0, 7.0, 9.0] [2, 2] [2, 1] [3, 2] int64 int64",
            "[[10.0, 2.0, 3.0], [0.0, 0.0, 0.0]] 2 15.0 10.0",
            "15.0", "0.0",
            "[7]  int64 [1] [5.0000e-01, 1.0000e-09]  float32 [2] [[],\n []]  float32 [2, 0]",
        ])
    }
}
