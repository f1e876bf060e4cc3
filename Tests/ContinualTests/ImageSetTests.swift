@testable import Continual
import Engine
import XCTest

/// Data sets that are folders of images: what is read, what the cache does, and what is said of folders that are not right.
final class ImageSetTests: XCTestCase {
    private let images = RotationTests.folder.appendingPathComponent("modes").path
    private let names = ["rgb.png", "rgb.jpg", "grey.png", "cmyk.jpg", "palette.png", "rgba.png", "subsampled.jpg", "progressive.jpg", "interlaced.png", "grey.jpg", "half.jpg", "rgb16.png"]
    private var scratch = ""
    private let square = ImageForm(size: .square(8))

    override func setUpWithError() throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent("bclsh-sets-\(UUID().uuidString)").resolvingSymlinksInPath().path
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        setenv("XDG_CACHE_HOME", "\(scratch)/cache", 1)
    }
    override func tearDown() {
        unsetenv("XDG_CACHE_HOME")
        try? FileManager.default.removeItem(atPath: scratch)
    }

    private func put(_ name: String, at path: String) throws {
        let target = "\(scratch)/\(path)"
        try FileManager.default.createDirectory(atPath: URL(fileURLWithPath: target).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.copyItem(atPath: "\(images)/\(name)", toPath: target)
    }
    private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch)/\(path)")) }
    private func message(_ body: () throws -> Dataset) -> String {
        do {
            _ = try body()
            return "no error"
        } catch { return (error as? DataError)?.message.replacing(scratch, with: "~") ?? "\(error)" }
    }

    // MARK: - Folders of classes

    private func makeFolder(_ counts: [String: Int] = ["wren": 5, "crow": 3, "jay": 2]) throws {
        for (name, count) in counts { for index in 0..<count { try put(names[index], at: "birds/\(name)/\(index)-\(names[index])") } }
    }

    private func folder(_ form: ImageForm? = nil, test: Amount = .share(0.4), seed: UInt64 = 1, cache: Bool = false, _ report: LoadingReport = .silent) throws -> Dataset {
        try FolderDataset.load("\(scratch)/birds", form: form ?? square, test: test, seed: seed, useCache: cache, report: report)
    }

    func testClassesAreFolders() throws {
        try makeFolder()
        try write("no image", to: "birds/readme.txt")
        try write("no image", to: "birds/wren/notes.txt")
        try put("half.jpg", at: "birds/wren/more/deep.JPG")
        let data = try folder()
        XCTAssertEqual(data.classNames, ["crow", "jay", "wren"])
        XCTAssertEqual(data.imageShape, [3, 8, 8])
        XCTAssertEqual(try data.train.labels.ints(), [0, 0, 1, 2, 2, 2, 2])
        XCTAssertEqual(try data.test.labels.ints(), [0, 1, 2, 2])
        XCTAssertEqual(data.train.images.dtype, .uint8)
        // The drawn test images follow the seed; the pixels are those of the decoder.
        let again = try folder()
        XCTAssertTrue(try data.test.images.equalsBitwise(again.test.images))
        let others = try (2..<8).map { try folder(seed: $0).test.images }
        XCTAssertTrue(try others.contains { try !$0.equalsBitwise(data.test.images) })
        let jay = try Tensor.cat([try data.train.images.narrow(0, 2, 1), try data.test.images.narrow(0, 1, 1)])
        let files = try ["0-rgb.png", "1-rgb.jpg"].map { try ImageFile(path: "\(scratch)/birds/jay/\($0)").pixels(square).reshape([1, -1]) }
        XCTAssertTrue(try jay.equalsBitwise(try Tensor.cat(files)) || jay.equalsBitwise(try Tensor.cat(files.reversed())))
        XCTAssertEqual(try folder(ImageForm(size: .original, isGrey: true)).imageShape, [1, 14, 19])
        XCTAssertEqual(try folder(test: .count(1)).test.count, 3)
    }

    func testTrainAndTestFolders() throws {
        for part in ["train", "val"] { for name in ["a", "b"] { try put("rgb.png", at: "birds/\(part)/\(name)/x.png") } }
        try put("rgb.jpg", at: "birds/train/b/y.jpg")
        let data = try folder()
        XCTAssertEqual([data.train.count, data.test.count], [3, 2])
        try put("rgb.jpg", at: "birds/val/c/y.jpg")
        XCTAssertEqual(message { try folder() }, "'~/birds/val/c' is a class that '~/birds/train' does not have")
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/val/c")
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/val/b")
        XCTAssertEqual(message { try folder() }, "there is no '~/birds/val/b', but '~/birds/train/b'")
    }

    func testFoldersThatAreNotRight() throws {
        XCTAssertTrue(message { try folder() }.contains("there is no folder"))
        try FileManager.default.createDirectory(atPath: "\(scratch)/birds", withIntermediateDirectories: true)
        XCTAssertEqual(message { try folder() }, "'~/birds' holds no folders of classes")
        try makeFolder()
        try FileManager.default.createDirectory(atPath: "\(scratch)/birds/empty", withIntermediateDirectories: true)
        XCTAssertEqual(message { try folder() }, "the folder '~/birds/empty' holds no JPEG or PNG images")
        try put("rgb.png", at: "birds/empty/only.png")
        XCTAssertTrue(message { try folder() }.contains("'~/birds/empty' holds one image"))
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/empty")
        try put("size1.png", at: "birds/crow/large.png")
        XCTAssertEqual(message { try folder(ImageForm(size: .original)) }, "the images have different sizes: '~/birds/crow/0-rgb.png' has 19 x 14 pixels, '~/birds/crow/large.png' 32 x 40")
        XCTAssertEqual(message { try folder() }, "no error")
        try write("BM", to: "birds/crow/large.bmp")
        XCTAssertTrue(message { try folder() }.hasPrefix("'~/birds/crow/large.bmp' is an image that can't be read"))
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/crow/large.bmp")
        try FileManager.default.createSymbolicLink(atPath: "\(scratch)/birds/crow/lost.png", withDestinationPath: "\(scratch)/nowhere.png")
        XCTAssertEqual(message { try folder() }, "the image '~/birds/crow/lost.png' is missing")
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/crow/lost.png")
        try FileManager.default.createSymbolicLink(atPath: "\(scratch)/birds/crow/loop", withDestinationPath: "\(scratch)/birds/crow")
        XCTAssertTrue(message { try folder() }.contains("more than 16 deep"))
        try FileManager.default.removeItem(atPath: "\(scratch)/birds/crow/loop")
        XCTAssertEqual(mkdir("\(scratch)/birds/" + "caf", 0o755), 0)
        let bytes = Array("\(scratch)/birds/caf/".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 46, 112, 110, 103, 0]
        let file = open(bytes, O_CREAT | O_WRONLY, 0o644)
        XCTAssertGreaterThanOrEqual(file, 0)
        close(file)
        XCTAssertTrue(message { try folder() }.hasPrefix("the folder '~/birds/caf' holds a name that is no text in UTF-8"))
    }

    func testTheFirstBadImageIsNamed() throws {
        try makeFolder()
        for name in ["0-rgb.png", "3-cmyk.jpg"] { try FileHandle(forWritingTo: URL(fileURLWithPath: "\(scratch)/birds/wren/\(name)")).truncate(atOffset: 300) }
        XCTAssertTrue(message { try folder(cache: true) }.hasPrefix("the image '~/birds/wren/0-rgb.png' is damaged"))
        // Nothing half-written: no cache of images that could not be decoded.
        XCTAssertEqual((try? FileManager.default.contentsOfDirectory(atPath: ImageCache.folder)) ?? [], [])
    }

    // MARK: - The cache

    func testTheCacheIsCheckedBeforeItIsUsed() throws {
        try makeFolder()
        var notes: [String] = []
        var decoded = 0
        let report = LoadingReport(progress: { done, _ in decoded = done }, note: { notes.append($0) })
        func load() throws -> Dataset {
            (notes, decoded) = ([], 0)
            return try folder(cache: true, report)
        }
        let first = try load()
        XCTAssertEqual(decoded, 10)
        let files = try FileManager.default.contentsOfDirectory(atPath: ImageCache.folder)
        XCTAssertEqual(files.count, 1)
        let file = URL(fileURLWithPath: "\(ImageCache.folder)/\(files[0])")
        let second = try load()
        XCTAssertEqual(decoded, 0)
        XCTAssertTrue(try first.train.images.equalsBitwise(second.train.images))
        XCTAssertTrue(try first.test.images.equalsBitwise(second.test.images))
        // Another draw of test images takes the same file.
        _ = try folder(seed: 9, cache: true, report)
        XCTAssertEqual(decoded, 0)

        let whole = try Data(contentsOf: file)
        func rebuilds(_ what: String, _ damage: () throws -> Void) throws {
            try damage()
            let data = try load()
            XCTAssertEqual(decoded, data.train.count + data.test.count, what)
            XCTAssertEqual(notes.count, 1, what)
            XCTAssertTrue(notes.first?.contains(what) == true, notes.first ?? "no note")
            _ = try load()
            XCTAssertEqual(decoded, 0, what)
        }
        try rebuilds("is cut off") { try whole.dropLast(5).write(to: file) }
        try rebuilds("its checksum is wrong") {
            var data = whole
            data[data.count - 7] ^= 1
            try data.write(to: file)
        }
        try rebuilds("is damaged") { try Data("BCLIMAGE".utf8 + [255, 255, 255, 255, 255, 255, 255, 127]).write(to: file) }
        try rebuilds("is damaged") { try Data().write(to: file) }
        try rebuilds("'wren/0-rgb.png' has changed") { try put("size4.png", at: "birds/wren/0-rgb.png") }
        try rebuilds("holds 10 images, but there are 11 now") { try put("rgb.png", at: "birds/crow/new.png") }
        for length in stride(from: 0, to: whole.count, by: 37) {
            try whole.prefix(length).write(to: file)
            XCTAssertEqual(try load().imageShape, [3, 8, 8])
        }
    }

    func testAStoppedLoadLeavesNothing() throws {
        struct Stop: Error {}
        try makeFolder()
        XCTAssertThrowsError(try folder(cache: true, LoadingReport(progress: { _, _ in throw Stop() }, note: { _ in }))) { XCTAssertTrue($0 is Stop) }
        XCTAssertEqual((try? FileManager.default.contentsOfDirectory(atPath: ImageCache.folder)) ?? [], [])
    }

    func testACacheThatCantBeWrittenIsTold() throws {
        try makeFolder()
        try write("a file", to: "cache")
        var notes: [String] = []
        _ = try folder(cache: true, LoadingReport(progress: { _, _ in }, note: { notes.append($0) }))
        XCTAssertTrue(notes.first?.hasPrefix("the decoded images of folder are not kept") == true, "\(notes)")
    }

    // MARK: - CUB-200

    private func makeCUB() throws {
        let classes = ["001.Auk", "002.Bunting", "003.Cardinal"]
        var (list, labels, split) = ("", "", "")
        for id in 1...9 {
            let label = (id - 1) / 3
            try put(names[id], at: "cub/images/\(classes[label])/bird_\(id).jpg")
            list += "\(id) \(classes[label])/bird_\(id).jpg\n"
            labels += "\(id) \(label + 1)\n"
            split += "\(id) \(id % 3 == 0 ? 0 : 1)\n"
        }
        try write(list, to: "cub/images.txt")
        try write(labels, to: "cub/image_class_labels.txt")
        try write(split, to: "cub/train_test_split.txt")
        try write(classes.enumerated().map { "\($0 + 1) \($1)\n" }.joined(), to: "cub/classes.txt")
    }

    private func cub() throws -> Dataset { try CUB200.load(path: "\(scratch)/cub", form: square, useCache: false) }

    func testCUBIsReadByItsLists() throws {
        try makeCUB()
        let data = try cub()
        XCTAssertEqual(data.classNames, ["001.Auk", "002.Bunting", "003.Cardinal"])
        XCTAssertEqual(try data.train.labels.ints(), [0, 0, 1, 1, 2, 2])
        XCTAssertEqual(try data.test.labels.ints(), [0, 1, 2])
        XCTAssertTrue(try data.test.images.select(0, 0).equalsBitwise(try ImageFile(path: "\(scratch)/cub/images/001.Auk/bird_3.jpg").pixels(square).reshape([-1])))
        XCTAssertEqual(try Benchmark.split(data, tasks: 3, seed: 1).tasks.count, 3)
        // Lists with Windows' line ends, and the folder above.
        for name in ["images", "classes", "image_class_labels", "train_test_split"] {
            let text = try String(contentsOfFile: "\(scratch)/cub/\(name).txt", encoding: .utf8)
            try FileManager.default.createDirectory(atPath: "\(scratch)/above", withIntermediateDirectories: true)
            try write("\u{FEFF}" + text.replacing("\n", with: "\r\n"), to: "cub/\(name).txt")
        }
        try FileManager.default.moveItem(atPath: "\(scratch)/cub", toPath: "\(scratch)/above/CUB_200_2011")
        XCTAssertEqual(try CUB200.load(path: "\(scratch)/above", form: square, useCache: false).test.count, 3)
    }

    func testCUBListsThatDisagree() throws {
        func says(_ file: String, _ old: String, _ new: String, line: UInt = #line) throws -> String {
            try makeCUB()
            let text = try String(contentsOfFile: "\(scratch)/cub/\(file).txt", encoding: .utf8)
            XCTAssertTrue(text.contains(old), line: line)
            try write(text.replacing(old, with: new), to: "cub/\(file).txt")
            return message { try cub() }
        }
        XCTAssertEqual(try says("image_class_labels", "5 2\n", "5 4\n"), "'~/cub/image_class_labels.txt', line 5: there is no class '4'; 'classes.txt' has the classes 1 to 3")
        XCTAssertEqual(try says("image_class_labels", "5 2\n", "5 0\n"), "'~/cub/image_class_labels.txt', line 5: there is no class '0'; 'classes.txt' has the classes 1 to 3")
        XCTAssertEqual(try says("image_class_labels", "5 2\n", "5 99999999999999999999\n"), "'~/cub/image_class_labels.txt', line 5: there is no class '99999999999999999999'; 'classes.txt' has the classes 1 to 3")
        XCTAssertEqual(try says("image_class_labels", "5 2\n", "5 3\n"),
                       "'~/cub/image_class_labels.txt', line 5: the image 5 is said to be of class 3 (003.Cardinal), but lies in the folder '002.Bunting' of class 2")
        XCTAssertEqual(try says("image_class_labels", "5 2\n", ""), "'~/cub/images.txt', line 5: the image 5 has no class in 'image_class_labels.txt'")
        XCTAssertEqual(try says("image_class_labels", "5 2\n", "4 2\n"), "'~/cub/image_class_labels.txt', line 5: 4 was already on line 4")
        XCTAssertEqual(try says("train_test_split", "7 1\n", "7 2\n"), "'~/cub/train_test_split.txt', line 7: it should say 1 (training) or 0 (test), not '2'")
        XCTAssertEqual(try says("images", "9 003.Cardinal/bird_9.jpg\n", ""), "'~/cub/image_class_labels.txt', line 9: there is no image 9 in 'images.txt'")
        XCTAssertEqual(try says("images", "003.Cardinal/bird_9.jpg", "../bird_9.jpg"), "'~/cub/images.txt', line 9: '../bird_9.jpg' is no path in the folder 'images'")
        XCTAssertEqual(try says("images", "bird_9.jpg", "bird_nine.jpg"), "the image '~/cub/images/003.Cardinal/bird_nine.jpg' is missing; line 9 of '~/cub/images.txt' names it")
        XCTAssertEqual(try says("classes", "2 002.Bunting\n", ""), "'~/cub/classes.txt' has 2 classes, but none with the number 2: they must count from 1")
        XCTAssertEqual(try says("images", "4 002.Bunting", "four"), "'~/cub/images.txt', line 4: it should be a number from 1 on and a value, not 'four/bird_4.jpg'")
        try makeCUB()
        try Data([49, 32, 0xFF, 0xFE, 10]).write(to: URL(fileURLWithPath: "\(scratch)/cub/classes.txt"))
        XCTAssertEqual(message { try cub() }, "'~/cub/classes.txt', line 1, is no text in UTF-8")
        try FileManager.default.removeItem(atPath: "\(scratch)/cub/classes.txt")
        XCTAssertEqual(message { try cub() }, "there is no 'classes.txt' in '~/cub'")
    }

    // MARK: - miniImageNet

    private func makeMini() throws {
        var next = 0
        for (list, classes) in [("train", ["n03", "n01"]), ("val", ["n05"]), ("test", ["n02"])] {
            var text = "filename,label\n"
            for name in classes {
                for index in 0..<7 {
                    let file = "\(name)\(index).jpg"
                    try put(names[next % names.count], at: "mini/images/\(file)")
                    next += 1
                    text += "\(file),\(name)\n"
                }
            }
            try write(text, to: "mini/\(list).csv")
        }
    }

    private func mini(_ split: MiniImageNet.Split = .all) throws -> Dataset { try MiniImageNet.load(path: "\(scratch)/mini", split: split, form: square, useCache: false) }

    func testMiniImageNetHasAllClassesOfItsLists() throws {
        try makeMini()
        let data = try mini()
        XCTAssertEqual(data.classNames, ["n01", "n02", "n03", "n05"])
        XCTAssertEqual([data.train.count, data.test.count], [24, 4])
        XCTAssertTrue(try data.test.images.select(0, 2).equalsBitwise(try ImageFile(path: "\(scratch)/mini/images/n036.jpg").pixels(square).reshape([-1])))
        XCTAssertEqual(try mini(.train).classNames, ["n01", "n03"])
        XCTAssertEqual(try mini(.test).train.count, 6)
    }

    func testMiniImageNetListsThatAreNotRight() throws {
        func says(_ list: String, _ old: String, _ new: String) throws -> String {
            try makeMini()
            let text = try String(contentsOfFile: "\(scratch)/mini/\(list).csv", encoding: .utf8)
            try write(text.replacing(old, with: new), to: "mini/\(list).csv")
            return message { try mini() }
        }
        XCTAssertEqual(try says("train", "filename,label\n", ""), "'~/mini/train.csv', line 1: the first line should be 'filename,label', not 'n030.jpg,n03'")
        XCTAssertEqual(try says("val", "n054.jpg,n05", "n054.jpg"), "'~/mini/val.csv', line 6: it should be a file name and a label, not 'n054.jpg'")
        XCTAssertEqual(try says("val", "n054.jpg,n05", "n054.jpg,n03"), "'~/mini/val.csv', line 6: the class 'n03' is in 'train.csv' too; the lists have no class in common")
        XCTAssertEqual(try says("val", "n054.jpg,n05", "n053.jpg,n05"), "'~/mini/val.csv', line 6: the image 'n053.jpg' was named before, by line 5 of '~/mini/val.csv'")
        XCTAssertEqual(try says("test", "n023.jpg", "n02x.jpg"), "the image '~/mini/images/n02x.jpg' is missing; line 5 of '~/mini/test.csv' names it")
        try makeMini()
        try FileHandle(forWritingTo: URL(fileURLWithPath: "\(scratch)/mini/images/n030.jpg")).truncate(atOffset: 200)
        XCTAssertTrue(message { try mini(.train) }.hasSuffix("(line 2 of '~/mini/train.csv' names it)"), message { try mini(.train) })
    }
}
