/// A data set that can be installed, or that has to be fetched by hand.
public struct DataSetEntry: Sendable {
    public struct File: Sendable {
        public let name: String
        /// Where it can be had, the publisher first.
        public let urls: [String]
        /// In bytes.
        public let size: Int
        /// As published.
        public let checksum: Checksum
    }

    public enum Source: Sendable {
        case files([File])
        /// One archive; `probe` is a file that is there once it is unpacked.
        case archive(File, probe: String)
        /// Behind a login, or without a stable address and checksum: what to do.
        case byHand(String, probe: String)
    }

    public let name: String
    public let title: String
    public let source: Source
    public let terms: String
    public let citation: String

    /// Bytes to download; nil where that is done by hand.
    public var downloadSize: Int? {
        switch source {
        case .files(let files): return files.reduce(0) { $0 + $1.size }
        case .archive(let file, _): return file.size
        case .byHand: return nil
        }
    }
}

/// All data sets that bclsh knows how to get. Addresses, sizes and checksums are those that the publishers give
/// (for MNIST, Fashion-MNIST and CUB-200-2011 the MD5 sums that torchvision and the CaltechDATA record state).
public enum Catalog {
    public static let all: [DataSetEntry] = [mnist, fashionMNIST, notMNIST, cifar10, cifar100, cub200, miniImageNet]

    private static func idx(_ bases: [String], _ files: [(name: String, size: Int, md5: String)]) -> DataSetEntry.Source {
        .files(files.map { file in DataSetEntry.File(name: file.name, urls: bases.map { $0 + file.name }, size: file.size, checksum: .md5(file.md5)) })
    }

    static let mnist = DataSetEntry(
        name: "mnist", title: "70,000 handwritten digits, 28x28 grey",
        source: idx(["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"], [
            ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"), ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"), ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ]),
        terms: "CC BY-SA 3.0, as commonly redistributed",
        citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, \"Gradient-based learning applied to document recognition\", Proceedings of the IEEE 86(11), 1998")

    static let fashionMNIST = DataSetEntry(
        name: "fashion_mnist", title: "70,000 articles of clothing, 28x28 grey",
        source: idx(["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"], [
            ("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), ("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"), ("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        ]),
        terms: "MIT licence", citation: "H. Xiao, K. Rasul, R. Vollgraf, \"Fashion-MNIST\", arXiv 1708.07747, 2017")

    static let notMNIST = DataSetEntry(
        name: "notmnist", title: "letters A to J in many typefaces, 28x28 grey",
        source: .byHand("its publisher gives no checksum. Download notMNIST (yaroslavvb.com/upload/notMNIST), turn it into four idx files with MNIST's names", probe: "train-images-idx3-ubyte"),
        terms: "none stated; the typefaces' own", citation: "Y. Bulatov, \"notMNIST dataset\", 2011")

    private static let kriz = ["https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"]

    static let cifar10 = DataSetEntry(
        name: "cifar10", title: "60,000 photographs in 10 classes, 32x32 colour",
        source: .files([DataSetEntry.File(name: "cifar-10-binary.tar.gz", urls: kriz.map { $0 + "cifar-10-binary.tar.gz" }, size: 170_052_171, checksum: .md5("c32a1d4ab5d03f1284b67883e8d87530"))]),
        terms: "no licence stated; cite the report", citation: "A. Krizhevsky, \"Learning multiple layers of features from tiny images\", 2009")

    static let cifar100 = DataSetEntry(
        name: "cifar100", title: "60,000 photographs in 100 classes, 32x32 colour",
        source: .files([DataSetEntry.File(name: "cifar-100-binary.tar.gz", urls: kriz.map { $0 + "cifar-100-binary.tar.gz" }, size: 168_513_733, checksum: .md5("03b5dce01913d631647c71ecec9e9cb8"))]),
        terms: "no licence stated; cite the report", citation: "A. Krizhevsky, \"Learning multiple layers of features from tiny images\", 2009")

    static let cub200 = DataSetEntry(
        name: "cub200", title: "11,788 photographs of 200 birds, CUB-200-2011",
        source: .archive(DataSetEntry.File(name: "CUB_200_2011.tgz", urls: ["https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz?download=1"], size: 1_150_585_339,
                                           checksum: .md5("97eceeb196236b17998738112f37df78")), probe: "CUB_200_2011/images.txt"),
        terms: "non-commercial research and education; the photographs' owners keep their rights",
        citation: "C. Wah, S. Branson, P. Welinder, P. Perona, S. Belongie, \"The Caltech-UCSD Birds-200-2011 Dataset\", CNS-TR-2011-001, 2011")

    static let miniImageNet = DataSetEntry(
        name: "miniimagenet", title: "60,000 photographs in 100 classes, from ImageNet",
        source: .byHand("ImageNet is behind a login. Register at image-net.org, download ILSVRC2012's training images, take train.csv, val.csv and test.csv of Ravi and Larochelle, and put those images into a folder images/ beside the three files", probe: "train.csv"),
        terms: "ImageNet's: non-commercial research and education", citation: "S. Ravi, H. Larochelle, \"Optimization as a model for few-shot learning\", ICLR 2017")
}
