import Engine
import Foundation

/// MNIST (LeCun, Cortes and Burges 1998) from its four idx files.
public enum MNIST {
    /// - Parameter path: the folder of the files; nil looks at `BCL_DATA` and in the user's data folder.
    public static func load(path: String? = nil) throws -> Dataset {
        let folder = try DataFolder.find("mnist", path: path, probe: "train-images-idx3-ubyte")
        let train = try part(folder, "train")
        let test = try part(folder, "t10k")
        guard train.shape == test.shape else { throw DataError("the training images in '\(folder)' are \(train.shape), the test images \(test.shape)") }
        return try Dataset(
            name: "mnist", imageShape: [1] + train.shape, classes: 10, train: train.set, test: test.set,
            source: "MNIST, Y. LeCun, C. Cortes, C. J. C. Burges; commonly redistributed under CC BY-SA 3.0", path: folder)
    }

    private static func part(_ folder: String, _ prefix: String) throws -> (set: SampleSet, shape: [Int]) {
        let imagePath = try DataFolder.file("\(prefix)-images-idx3-ubyte", in: folder)
        let labelPath = try DataFolder.file("\(prefix)-labels-idx1-ubyte", in: folder)
        let (images, height, width) = try IDXFile.images(imagePath)
        let labels = try IDXFile.labels(labelPath)
        guard images.shape[0] == labels.count else {
            throw DataError("'\(imagePath)' has \(images.shape[0]) images, but '\(labelPath)' has \(labels.count) labels")
        }
        let highest = try labels.max().itemInt()
        guard highest <= 9 else { throw DataError("'\(labelPath)' has the label \(highest); MNIST's are 0 to 9") }
        return (SampleSet(images: images, labels: labels), [height, width])
    }
}

/// Where data files are looked for.
enum DataFolder {
    /// The folder that holds a data set: `path`, else below BCL_DATA, else below the user's data folder.
    static func find(_ name: String, path: String?, probe: String) throws -> String {
        if let path { return path }
        let environment = ProcessInfo.processInfo.environment
        var candidates: [String] = []
        if let data = environment["BCL_DATA"], !data.isEmpty { candidates += ["\(data)/\(name)", data] }
        let share = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "")/.local/share"
        candidates.append("\(share)/bclsh/data/\(name)")
        for folder in candidates where (try? file(probe, in: folder)) != nil { return folder }
        throw DataError("the files of \(name) are in none of \(candidates.map { "'\($0)'" }.joined(separator: ", "))",
                        remedy: "set BCL_DATA to the folder that holds \(name)/, or name it: \(name)(path=\"...\"); digits() needs no files")
    }

    /// A file, plain or gzipped.
    static func file(_ name: String, in folder: String) throws -> String {
        for candidate in ["\(folder)/\(name).gz", "\(folder)/\(name)"] where FileManager.default.fileExists(atPath: candidate) { return candidate }
        throw DataError("there is no '\(name).gz' in '\(folder)'", remedy: "the folder must hold the four files train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz")
    }
}
