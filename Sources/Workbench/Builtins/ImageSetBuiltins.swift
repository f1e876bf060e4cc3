import BCLScript
import Continual
import Interpreter

/// Data sets that are folders of JPEG and PNG images.
extension Workbench {
    var imageSetBuiltins: [Builtin] {
        [
            Builtin("image_folder", [required("path"), optional("size", "none"), optional("test", "0.2"), optional("grey", "false"), optional("cache", "true"), optional("seed", "the session's")],
                    returns: "dataset", topic: "data",
                    doc: "JPEG and PNG images in a folder for each class; with folders train and test (or val) these are the two parts, otherwise a share of each class (or a count) is drawn for testing. size=84: the shorter side is resized to 84 and the middle cut out; size=(height, width): resized to just that; without it all images must be alike. Colours [3, H, W], or [1, H, W] with grey=true.",
                    example: """
                        let birds = image_folder("birds", size=8, cache=false)
                        print birds, birds.class_names
                        """) { arguments, evaluator in
                let form = ImageForm(size: try self.size(arguments, 1) ?? .original, isGrey: try arguments.bool(3, default: false))
                return .host(DatasetValue(try FolderDataset.load(try arguments.string(0), form: form, test: try self.testAmount(arguments, 2), seed: try self.seed(arguments, 5),
                    useCache: try arguments.bool(4, default: true), report: self.report("images", evaluator))))
            },
            Builtin("cub200", [optional("path", "none"), optional("size", "224"), optional("cache", "true")], returns: "dataset", topic: "data",
                    doc: "CUB-200-2011, 11,788 birds of 200 species, from its folder (images.txt, image_class_labels.txt, train_test_split.txt, classes.txt, images/): path, or BCL_DATA. [3, size, size]; size as in image_folder.",
                    example: "print cub200(size=8, cache=false)") { arguments, evaluator in
                let form = ImageForm(size: try self.size(arguments, 1) ?? .square(CUB200.side))
                return .host(DatasetValue(try CUB200.load(path: try self.path(arguments, 0), form: form, useCache: try arguments.bool(2, default: true), report: self.report("cub200", evaluator))))
            },
            Builtin("miniimagenet", [optional("path", "none"), optional("split", "\"all\""), optional("size", "84"), optional("cache", "true")], returns: "dataset", topic: "data",
                    doc: "miniImageNet from the lists train.csv, val.csv and test.csv of Ravi and Larochelle and a folder images/: path, or BCL_DATA. All 100 classes, of each the first 500 images for training and the last 100 for testing; or the classes of one list: split=\"train\" (64), \"val\" (16), \"test\" (20).",
                    example: "print miniimagenet(size=8, cache=false)") { arguments, evaluator in
                let form = ImageForm(size: try self.size(arguments, 2) ?? .square(MiniImageNet.side))
                return .host(DatasetValue(try MiniImageNet.load(path: try self.path(arguments, 0), split: try self.word(arguments, 1, MiniImageNet.Split.self, default: .all), form: form,
                    useCache: try arguments.bool(3, default: true), report: self.report("miniimagenet", evaluator))))
            },
        ]
    }

    /// A folder's path; nil where it is left out.
    func path(_ arguments: Arguments, _ index: Int) throws -> String? {
        switch arguments[index] {
        case .unset, .none: return nil
        case .string(let text): return text.text
        default: throw arguments.wrong(index, wanted: "a folder's path")
        }
    }

    func report(_ what: String, _ evaluator: Evaluator, unit: String = "images") -> LoadingReport {
        LoadingReport(
            progress: { done, total in
                evaluator.emit(.progress(Progress(label: what, done: done, total: total, unit: unit)))
                try evaluator.checkInterrupt()
            },
            note: { evaluator.emit(.warning(Diagnostic(.dataError, $0, at: nil, severity: .warning))) })
    }

    /// A side, or (height, width); nil where it is left out.
    private func size(_ arguments: Arguments, _ index: Int) throws -> ImageForm.Size? {
        let range = 1...ImageForm.largestSide
        switch arguments[index] {
        case .unset, .none: return nil
        case .int: return .square(try arguments.int(index, in: range))
        case .list(let list):
            let sides = list.items.compactMap { item -> Int? in if case .int(let side) = item { return side } else { return nil } }
            guard list.items.count == 2, sides.count == 2 else { break }
            guard sides.allSatisfy(range.contains) else { throw arguments.bad(index, "must have sides from 1 to \(range.upperBound), not \(sides[0]) x \(sides[1])") }
            return .exact(height: sides[0], width: sides[1])
        default: break
        }
        throw arguments.wrong(index, wanted: "a number of pixels, or (height, width)")
    }

    private func testAmount(_ arguments: Arguments, _ index: Int) throws -> Amount {
        let value = try arguments.double(index, default: 0.2)
        guard value > 0, value.isFinite, value < 1 || value == value.rounded() else { throw arguments.bad(index, "must be a share between 0 and 1, or a count of images of each class") }
        return value < 1 ? .share(value) : .count(Int(min(value, 1e9)))
    }
}
