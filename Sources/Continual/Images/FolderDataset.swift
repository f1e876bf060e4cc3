import Engine
import FilePaths
import Foundation

/// A folder with a folder of images for each class, as torchvision's ImageFolder reads it.
public enum FolderDataset {
    private static let testNames = ["test", "val", "valid", "validation"]

    /// - Parameters:
    ///   - path: holds the class folders; or `train` and `test` (or `val`) that hold them.
    ///   - testAmount: where there is no test folder, how many images of each class are test images, drawn from the seed.
    /// - Throws: `DataError` naming the folder or image.
    public static func load(_ path: String, form: ImageForm, test testAmount: Amount, seed: UInt64, useCache: Bool = true, report: LoadingReport = .silent) throws -> Dataset {
        let root = try folder(path)
        let listing = try FolderListing(root)
        let entries: [ImageList.Entry]
        let classes: [String]
        if listing.folders.contains("train"), let test = testNames.first(where: listing.folders.contains) {
            (entries, classes) = try divided(root, test)
        } else {
            guard !listing.folders.isEmpty else {
                throw DataError("'\(root)' holds no folders of classes", remedy: "each class has a folder of its own, named after it; or there are the folders train and test that hold such folders")
            }
            classes = listing.folders
            entries = try drawn(root, classes, testAmount, seed)
        }
        let name = FilePath.name(root)
        let list = ImageList(root: root, entries: entries, form: form)
        let loaded = try list.load(name: "folder", useCache: useCache, report)
        return try Dataset(name: name, imageShape: loaded.imageShape, classes: classes.count, classNames: classes, train: loaded.train, test: loaded.test, source: "images in '\(root)'", path: root)
    }

    /// The absolute path of a folder that is there.
    static func folder(_ path: String) throws -> String {
        let absolute = FilePath.standard(path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)")
        guard FileManager.default.fileExists(atPath: absolute) else { throw DataError("there is no folder '\(path)'") }
        guard FolderListing.isFolder(absolute) else { throw DataError("'\(path)' is a file, not a folder") }
        return absolute
    }

    private static func images(_ root: String, _ folder: String, label: Int, isTest: Bool) throws -> [ImageList.Entry] {
        try FolderListing.images(below: root, folder).map { ImageList.Entry(path: $0, place: nil, label: label, isTest: isTest) }
    }

    private static func divided(_ root: String, _ test: String) throws -> ([ImageList.Entry], [String]) {
        let classes = try FolderListing("\(root)/train").folders
        let testClasses = try FolderListing("\(root)/\(test)").folders
        guard !classes.isEmpty else { throw DataError("'\(root)/train' holds no folders of classes") }
        if let unknown = testClasses.first(where: { !classes.contains($0) }) {
            throw DataError("'\(root)/\(test)/\(unknown)' is a class that '\(root)/train' does not have", remedy: "both folders must have the same classes")
        }
        var entries: [ImageList.Entry] = []
        for (part, isTest) in [("train", false), (test, true)] {
            for (label, name) in classes.enumerated() {
                let folder = "\(root)/\(part)/\(name)"
                guard isTest == false || testClasses.contains(name) else { throw DataError("there is no '\(folder)', but '\(root)/train/\(name)'", remedy: "both folders must have the same classes") }
                let own = try images(root, "\(part)/\(name)", label: label, isTest: isTest)
                guard !own.isEmpty else { throw DataError("the folder '\(folder)' holds no JPEG or PNG images") }
                entries += own
            }
        }
        return (entries, classes)
    }

    private static func drawn(_ root: String, _ classes: [String], _ testAmount: Amount, _ seed: UInt64) throws -> [ImageList.Entry] {
        let random = RandomStreams(seed: seed).stream("test images")
        return try classes.enumerated().flatMap { label, name -> [ImageList.Entry] in
            let own = try images(root, name, label: label, isTest: false)
            guard !own.isEmpty else { throw DataError("the folder '\(root)/\(name)' holds no JPEG or PNG images", remedy: "each folder in '\(root)' is a class: take out those that are none") }
            guard own.count >= 2 else { throw DataError("the folder '\(root)/\(name)' holds one image: there must be one for training and one for testing") }
            let count: Int
            switch testAmount {
            case .all: throw DataError("test must leave images for training: a share below 1, or a count of images of each class")
            // At least one for each of the two.
            case .share(let share): count = min(max(1, Int((Double(own.count) * share).rounded())), own.count - 1)
            case .count(let wanted):
                guard wanted < own.count else { throw DataError("'\(root)/\(name)' has \(own.count) images: \(wanted) for testing leave none for training") }
                count = wanted
            }
            let test = Set(random.choose(count, of: own.count))
            return own.enumerated().map { ImageList.Entry(path: $1.path, place: nil, label: label, isTest: test.contains($0)) }
        }
    }
}
