import Engine
import Foundation

/// miniImageNet (Vinyals et al. 2016) by the lists of Ravi and Larochelle (2017): 100 classes of 600 images.
///
/// Their lists train.csv, val.csv and test.csv have 64, 16 and 20 classes, none in common: they divide classes, for few-shot learning. Continual learning takes all 100 classes
/// and divides the images of each, 500 for training and 100 for testing (Chaudhry et al. 2019, and the papers after it).
public enum MiniImageNet {
    public static let side = 84
    static let source = "miniImageNet, O. Vinyals et al. 2016, lists of S. Ravi, H. Larochelle 2017; ImageNet's images are for non-commercial research and education"

    /// Which of the lists.
    public enum Split: String, CaseIterable, Sendable {
        case all, train, val, test
        var lists: [String] { self == .all ? ["train", "val", "test"] : [rawValue] }
    }

    /// Labels are the classes' places among their WordNet ids in alphabetical order. Of each class the last sixth of its rows, as they are listed, are test samples.
    /// - Parameter path: the folder of the lists and of images/; nil looks at `BCL_DATA` and in the user's data folder.
    public static func load(path: String? = nil, split: Split = .all, form: ImageForm = ImageForm(size: .square(side)), useCache: Bool = true, report: LoadingReport = .silent) throws -> Dataset {
        let root = try ImageSetFolder.find("miniimagenet", ["mini-imagenet", "mini_imagenet", "miniImageNet"], path: path, probe: "\(split.lists[0]).csv")
        var rows: [String: [(path: String, place: String)]] = [:]
        var listOf: [String: String] = [:]
        var seen: [String: String] = [:]
        for list in split.lists {
            let table = try TextTable("\(list).csv", in: root)
            guard table.lines[0].text.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) == ["filename", "label"] else {
                throw table.wrong(table.lines[0], "the first line should be 'filename,label', not '\(table.lines[0].text.prefix(60))'")
            }
            guard table.lines.count > 1 else { throw DataError("'\(table.path)' lists no images") }
            for line in table.lines.dropFirst() {
                let parts = line.text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
                guard parts.count == 2, !parts[1].isEmpty, isInside(parts[0]) else { throw table.wrong(line, "it should be a file name and a label, not '\(line.text.prefix(60))'") }
                if let other = listOf[parts[1]], other != list { throw table.wrong(line, "the class '\(parts[1])' is in '\(other).csv' too; the lists have no class in common") }
                if let other = seen[parts[0]] { throw table.wrong(line, "the image '\(parts[0])' was named before, by \(other)") }
                listOf[parts[1]] = list
                seen[parts[0]] = table.place(line)
                rows[parts[1], default: []].append((parts[0], table.place(line)))
            }
        }
        let names = rows.keys.sorted()
        let entries = try names.enumerated().flatMap { label, name -> [ImageList.Entry] in
            let own = rows[name] ?? []
            guard own.count >= 2 else { throw DataError("the class '\(name)' has one image, named by \(own[0].place): there must be one for training and one for testing") }
            let test = max(1, own.count / 6)
            return own.enumerated().map { ImageList.Entry(path: "images/\($1.path)", place: $1.place, label: label, isTest: $0 >= own.count - test) }
        }
        let loaded = try ImageList(root: root, entries: entries, form: form).load(name: "miniimagenet", useCache: useCache, report)
        return try Dataset(name: split == .all ? "miniimagenet" : "miniimagenet (\(split.rawValue))", imageShape: loaded.imageShape, classes: names.count, classNames: names,
                           train: loaded.train, test: loaded.test, source: source, path: root)
    }
}
