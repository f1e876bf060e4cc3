import Engine
import FileFormats
import FilePaths

/// A data set from arrays with names: of an .npz file, of a dict in a .pt file, or of a plain (x_train, y_train, x_test, y_test).
public struct ArrayData {
    /// What is needed to make images of an array.
    public struct Options: Sendable {
        public var image: [Int]?
        public var channels: ChannelOrder?
        public init(image: [Int]? = nil, channels: ChannelOrder? = nil) {
            self.image = image
            self.channels = channels
        }
    }

    let path: String
    let names: [String]
    let array: (String) throws -> StoredArray

    /// An .npz file of numpy.savez or savez_compressed.
    /// - Parameter test: another file with the test samples, where the first has only one x and y.
    public static func npz(_ path: String, test: String? = nil, options: Options = Options()) throws -> Dataset {
        try npz(try FileSource(path), test: try test.map { try FileSource($0) }, options: options)
    }

    public static func npz(_ source: any ByteSource, test: (any ByteSource)? = nil, options: Options = Options()) throws -> Dataset {
        func open(_ source: any ByteSource) throws -> ArrayData {
            let archive = try NumpyArchive(source)
            return ArrayData(path: source.name, names: archive.names) { try archive.array($0) }
        }
        return try load(try open(source), test: try test.map(open), options)
    }

    // MARK: - Names

    private enum Role: Hashable { case x, y, xTrain, yTrain, xTest, yTest }

    /// Without case and signs: x_train, X_train, trainX, train_images.
    private static let roles: [Role: [String]] = [
        .xTrain: ["xtrain", "trainx", "xtr", "trainimages", "imagestrain", "traindata", "datatrain", "trainxs"],
        .yTrain: ["ytrain", "trainy", "ytr", "trainlabels", "labelstrain", "traintargets", "targetstrain", "trainlabel"],
        .xTest: ["xtest", "testx", "xte", "testimages", "imagestest", "testdata", "datatest", "testxs"],
        .yTest: ["ytest", "testy", "yte", "testlabels", "labelstest", "testtargets", "targetstest", "testlabel"],
        .x: ["x", "images", "image", "data", "features"],
        .y: ["y", "labels", "label", "targets", "target"],
    ]

    /// numpy.savez(f, x_train, y_train, x_test, y_test) names by place.
    private static let places: [Role] = [.xTrain, .yTrain, .xTest, .yTest]

    private func assigned() throws -> [Role: String] {
        var found: [Role: String] = [:]
        for name in names {
            let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
            guard let role = Self.roles.first(where: { $0.value.contains(plain) })?.key else { continue }
            if let other = found[role] { throw DataError("'\(path)' has both '\(other)' and '\(name)'") }
            found[role] = name
        }
        if found.isEmpty {
            let byPlace = (0..<4).map { "arr_\($0)" }
            if Set(names) == Set(byPlace) { for (role, name) in zip(Self.places, byPlace) { found[role] = name } }
            if Set(names) == Set(byPlace.prefix(2)) { (found[.x], found[.y]) = ("arr_0", "arr_1") }
        }
        return found
    }

    // MARK: - Loading

    static func load(_ main: ArrayData, test: ArrayData?, _ options: Options) throws -> Dataset {
        let roles = try main.assigned()
        func name(_ data: ArrayData, _ roles: [Role: String], _ wanted: [Role]) throws -> String {
            if let found = wanted.lazy.compactMap({ roles[$0] }).first { return found }
            let what = [.x, .xTrain, .xTest].contains(wanted[0]) ? "images" : "labels"
            let part = wanted.contains(.xTest) || wanted.contains(.yTest) ? "test" : "training"
            throw DataError("'\(data.path)' has no array of \(part) \(what); it has \(data.names.prefix(12).map { "'\($0)'" }.joined(separator: ", "))",
                            remedy: part == "test" && test == nil ? "name them x_test and y_test, or give another file: test=\"...\"" : "name the arrays x_train, y_train, x_test and y_test")
        }
        let train = try samples(main, try name(main, roles, [.xTrain, .x]), try name(main, roles, [.yTrain, .y]), options)
        let testing: (set: SampleSet, shape: [Int], highest: Int)
        if let test {
            let other = try test.assigned()
            testing = try samples(test, try name(test, other, [.xTest, .x]), try name(test, other, [.yTest, .y]), options)
        } else {
            testing = try samples(main, try name(main, roles, [.xTest]), try name(main, roles, [.yTest]), options)
        }
        guard train.shape == testing.shape else { throw DataError("the training images of '\(main.path)' are \(train.shape), the test images \(testing.shape) (channels, height, width)") }
        let file = FilePath.name(main.path)
        return try Dataset(name: file, imageShape: train.shape, classes: max(train.highest, testing.highest) + 1, train: train.set, test: testing.set, source: "the file \(main.path)", path: main.path)
    }

    private static func samples(_ data: ArrayData, _ x: String, _ y: String, _ options: Options) throws -> (set: SampleSet, shape: [Int], highest: Int) {
        let (xLabel, yLabel) = ("'\(x)' of '\(data.path)'", "'\(y)' of '\(data.path)'")
        let array = try data.array(x)
        guard array.shape.count >= 2 else { throw DataError("\(xLabel) is \(array.summary), which are no images", remedy: "images are [N, D], [N, H, W], [N, H, W, C] or [N, C, H, W]") }
        let labels = try LabelArray.read(try data.array(y), yLabel, count: array.shape[0], images: xLabel)
        let images = try ImageArray(array, xLabel, image: options.image, channels: options.channels)
        return (SampleSet(images: images.images, labels: try Tensor.from(labels)), images.shape, labels.max() ?? 0)
    }
}
