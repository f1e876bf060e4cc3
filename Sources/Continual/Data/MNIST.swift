import Engine
import FileFormats

/// Data sets in the four idx files of MNIST.
public struct MNIST: Sendable {
    public let name: String
    private let folders: [String]
    private let allowsRoot: Bool
    private let classNames: [String]
    private let source: String

    public static let digits = MNIST(
        name: "mnist", folders: ["mnist", "MNIST", "MNIST/raw"], allowsRoot: true, classNames: (0...9).map(String.init),
        source: "MNIST, Y. LeCun, C. Cortes, C. J. C. Burges; commonly redistributed under CC BY-SA 3.0")
    public static let fashion = MNIST(
        name: "fashion_mnist", folders: ["fashion_mnist", "fashion-mnist", "FashionMNIST", "FashionMNIST/raw"], allowsRoot: false,
        classNames: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
        source: "Fashion-MNIST, H. Xiao, K. Rasul, R. Vollgraf, arXiv 1708.07747; MIT licence")
    public static let letters = MNIST(
        name: "notmnist", folders: ["notmnist", "notMNIST", "not_mnist"], allowsRoot: false, classNames: "ABCDEFGHIJ".map(String.init),
        source: "notMNIST, Y. Bulatov 2011, in idx files; no licence is stated")

    /// - Parameter path: the folder of the files; nil looks at `BCL_DATA` and in the user's data folder.
    public func load(path: String? = nil) throws -> Dataset {
        let location = DataLocation(name: name, folders: folders, allowsRoot: allowsRoot,
                                    contents: "the folder of train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz")
        let folder = try location.find(path: path) { folder in ["train", "t10k"].contains { Self.file($0, "images", 3, folder) != nil } }
        let train = try part(folder, "train")
        let test = try part(folder, "t10k")
        guard train.shape == test.shape else { throw DataError("the training images in '\(folder)' are \(train.shape), the test images \(test.shape)") }
        return try Dataset(name: name, imageShape: [1] + train.shape, classes: classNames.count, classNames: classNames, train: train.set, test: test.set, source: source, path: folder)
    }

    /// Some copies have a dot where the original has a dash.
    private static func file(_ part: String, _ what: String, _ dimensions: Int, _ folder: String) -> String? {
        ["-", "."].lazy.compactMap { DataLocation.file("\(part)-\(what)\($0)idx\(dimensions)-ubyte", in: folder) }.first
    }

    private func part(_ folder: String, _ part: String) throws -> (set: SampleSet, shape: [Int]) {
        func open(_ what: String, _ dimensions: Int) throws -> IDXFile {
            guard let path = Self.file(part, what, dimensions, folder) else {
                throw DataError("there is no '\(part)-\(what)-idx\(dimensions)-ubyte.gz' in '\(folder)'", remedy: "the folder must hold the images and labels of train and t10k")
            }
            return try IDXFile(try FileSource(path), dimensions: dimensions)
        }
        let (images, labels) = (try open("images", 3), try open("labels", 1))
        guard images.sizes[0] == labels.count else { throw DataError("'\(images.name)' has \(images.sizes[0]) images, but '\(labels.name)' has \(labels.count) labels") }
        let y = try Tensor.filled([labels.count], dtype: .uint8) { try labels.read(into: $0) }
        let highest = try y.max().itemInt()
        guard highest < classNames.count else { throw DataError("'\(labels.name)' has the label \(highest); those of \(name) are 0 to \(classNames.count - 1)") }
        let x = try Tensor.filled([images.sizes[0], images.sizes[1] * images.sizes[2]], dtype: .uint8) { try images.read(into: $0) }
        return (SampleSet(images: x, labels: try y.to(.int64)), [images.sizes[1], images.sizes[2]])
    }
}
