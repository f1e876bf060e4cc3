import Engine

/// Labelled images as they are in the files: uint8, once. Images of other numbers than whole greys are float32.
public struct SampleSet {
    /// [N, C*H*W], uint8 with 0 to 255 for 0 to 1, or float32 as a network sees it.
    public let images: Tensor
    /// int64 [N], from 0 to classes - 1
    public let labels: Tensor

    public init(images: Tensor, labels: Tensor) {
        self.images = images
        self.labels = labels
    }

    public var count: Int { labels.count }

    var areGreys: Bool { images.dtype == .uint8 }

    /// What a network sees of some images of the set: float32.
    func scaled(_ images: Tensor) throws -> Tensor { areGreys ? try images.to(.float32).div(255) : images }

    /// What a person sees of some images of the set: uint8.
    func greys(_ images: Tensor) throws -> Tensor { areGreys ? try images.to(.uint8) : try images.clamp(min: 0, max: 1).mul(.float(255)).round().to(.uint8) }

    func on(_ device: Device) throws -> SampleSet { SampleSet(images: try images.to(device), labels: try labels.to(device)) }
}

/// A set of labelled images, split into training and test samples.
public final class Dataset {
    public let name: String
    /// (channels, height, width)
    public let imageShape: [Int]
    public let classes: Int
    /// By label; the labels themselves where the files give no names.
    public let classNames: [String]
    public let train: SampleSet
    public let test: SampleSet
    /// Where it comes from and on what terms.
    public let source: String
    /// The folder or file it was read from; nil where it is embedded or made of others.
    public let path: String?

    public init(name: String, imageShape: [Int], classes: Int, classNames: [String]? = nil, train: SampleSet, test: SampleSet, source: String, path: String? = nil) throws {
        self.classNames = classNames ?? (0..<max(0, classes)).map(String.init)
        self.path = path
        self.name = name
        self.imageShape = imageShape
        self.classes = classes
        self.train = train
        self.test = test
        self.source = source
        guard self.classNames.count == classes else { throw DataError("\(name) has \(classes) classes, but \(self.classNames.count) names of classes") }
        let size = imageShape.reduce(1, *)
        for (part, set) in [("training", train), ("test", test)] {
            guard [.uint8, .float32].contains(set.images.dtype), set.images.shape == [set.count, size], set.labels.dtype == .int64 else {
                throw DataError("the \(part) images of \(name) are \(set.images.summary), but should be uint8 or float32 [\(set.count), \(size)]")
            }
            guard set.count > 0 else { throw DataError("\(name) has no \(part) samples") }
            guard try set.labels.min().itemInt() >= 0, try set.labels.max().itemInt() < classes else {
                throw DataError("\(name) has \(part) labels outside of 0 to \(classes - 1)")
            }
        }
    }

    public var imageSize: Int { imageShape.reduce(1, *) }
    public var byteCount: Int { train.images.byteCount + train.labels.byteCount + test.images.byteCount + test.labels.byteCount }
}

/// What is wrong with a data file, or with how it is asked for: one sentence that names file and place.
public struct DataError: Error, CustomStringConvertible {
    public let message: String
    /// What to do about it.
    public let remedy: String?
    public var description: String { message }

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}
