import Engine
import Foundation

/// Caltech-UCSD Birds-200-2011 (Wah, Branson, Welinder, Perona, Belongie 2011): 11,788 images of 200 species, 5,994 for training and 5,794 for testing.
public enum CUB200 {
    /// The size of Chaudhry et al. 2019.
    public static let side = 224
    static let source = "CUB-200-2011, C. Wah, S. Branson, P. Welinder, P. Perona, S. Belongie, Caltech 2011; non-commercial research and educational use"

    /// - Parameter path: the folder of images.txt, image_class_labels.txt, train_test_split.txt, classes.txt and images/, or the one above it; nil looks at `BCL_DATA`
    ///   and in the user's data folder.
    /// - Throws: `DataError` naming file and line where the lists disagree.
    public static func load(path: String? = nil, form: ImageForm = ImageForm(size: .square(side)), useCache: Bool = true, report: LoadingReport = .silent) throws -> Dataset {
        let root = try ImageSetFolder.find("cub200", ["CUB_200_2011", "cub-200-2011", "cub"], path: path, probe: "image_class_labels.txt")
        let classTable = try TextTable("classes.txt", in: root)
        let classList = try classTable.byID()
        let names = try (1...classList.count).map { id -> String in
            guard let entry = classList[id] else { throw DataError("'\(classTable.path)' has \(classList.count) classes, but none with the number \(id): they must count from 1") }
            return entry.value
        }
        let labelTable = try TextTable("image_class_labels.txt", in: root)
        let splitTable = try TextTable("train_test_split.txt", in: root)
        let imageTable = try TextTable("images.txt", in: root)
        let (labels, splits, images) = (try labelTable.byID(), try splitTable.byID(), try imageTable.byID())
        let number = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (table, ids) in [(labelTable, labels), (splitTable, splits)] {
            if let extra = ids.filter({ images[$0.key] == nil }).min(by: { $0.key < $1.key }) { throw table.wrong(extra.value.line, "there is no image \(extra.key) in 'images.txt'") }
        }
        let entries = try images.sorted { $0.key < $1.key }.map { id, image -> ImageList.Entry in
            guard let label = labels[id] else { throw imageTable.wrong(image.line, "the image \(id) has no class in 'image_class_labels.txt'") }
            guard let split = splits[id] else { throw imageTable.wrong(image.line, "the image \(id) is not in 'train_test_split.txt'") }
            guard let labelID = Int(label.value), labelID >= 1, labelID <= names.count else {
                throw labelTable.wrong(label.line, "there is no class '\(label.value)'; 'classes.txt' has the classes 1 to \(names.count)")
            }
            guard split.value == "0" || split.value == "1" else { throw splitTable.wrong(split.line, "it should say 1 (training) or 0 (test), not '\(split.value)'") }
            guard isInside(image.value) else { throw imageTable.wrong(image.line, "'\(image.value)' is no path in the folder 'images'") }
            // The folder of an image is named after its class.
            if let folder = image.value.split(separator: "/").first, let other = number[String(folder)], other != labelID - 1 {
                throw labelTable.wrong(label.line, "the image \(id) is said to be of class \(labelID) (\(names[labelID - 1])), but lies in the folder '\(folder)' of class \(other + 1)")
            }
            return ImageList.Entry(path: "images/\(image.value)", place: imageTable.place(image.line), label: labelID - 1, isTest: split.value == "0")
        }
        let loaded = try ImageList(root: root, entries: entries, form: form).load(name: "cub200", useCache: useCache, report)
        return try Dataset(name: "cub200", imageShape: loaded.imageShape, classes: names.count, classNames: names, train: loaded.train, test: loaded.test, source: source, path: root)
    }
}

/// Where data sets of images are looked for.
enum ImageSetFolder {
    /// The folder that holds the file `probe`: `path` or a folder in it, else below BCL_DATA, else below the user's data folder.
    /// - Parameter others: names that the set's folder has where it is unpacked.
    static func find(_ name: String, _ others: [String], path: String?, probe: String) throws -> String {
        let folders: [String]
        if let path {
            let root = try FolderDataset.folder(path)
            folders = [root] + others.map { "\(root)/\($0)" }
        } else {
            folders = DataLocation.roots.flatMap { parent in ([name] + others).map { "\(parent)/\($0)" } + others.map { "\(parent)/\(name)/\($0)" } }
        }
        for folder in folders where FileManager.default.fileExists(atPath: "\(folder)/\(probe)") { return try FolderDataset.folder(folder) }
        guard let path else {
            throw DataError("the files of \(name) are in none of \(folders.filter { $0.hasSuffix("/\(name)") }.map { "'\($0)'" }.joined(separator: ", "))", remedy: "'data install \(name)' gets them or says how; or set BCL_DATA to the folder that holds \(name)/, or name it: \(name)(path=\"...\")")
        }
        throw DataError("there is no '\(probe)' in '\(path)'", remedy: "path is the folder that holds \(probe)")
    }
}
