import BCLScript
import Continual
import FileFormats
import Interpreter

extension Workbench {
    /// Data sets, and the files that hold them.
    var dataSetBuiltins: [Builtin] {
        [
            Builtin("digits", [], returns: "dataset", topic: "data", doc: "1,797 handwritten digits of 8x8 pixels, embedded: 1,442 for training, 355 for testing.", example: "print digits()") { _, _ in
                .host(DatasetValue(try Digits.load()))
            },
            Builtin("mnist", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "70,000 handwritten digits of 28x28 pixels, from the four idx files (plain or .gz) in a folder: path, or mnist/ in BCL_DATA or ~/.local/share/bclsh/data.", example: "print mnist()") { arguments, _ in
                .host(DatasetValue(try MNIST.digits.load(path: try self.path(arguments, 0))))
            },
            Builtin("fashion_mnist", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "70,000 pieces of clothing of 28x28 pixels in 10 classes, from four idx files as MNIST's in fashion_mnist/.", example: "print fashion_mnist().class_names[0]") { arguments, _ in
                .host(DatasetValue(try MNIST.fashion.load(path: try self.path(arguments, 0))))
            },
            Builtin("notmnist", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "The letters A to J in many fonts, 28x28 pixels, from four idx files as MNIST's in notmnist/.", example: "print notmnist()") { arguments, _ in
                .host(DatasetValue(try MNIST.letters.load(path: try self.path(arguments, 0))))
            },
            Builtin("cifar10", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "60,000 colour images of 32x32 pixels in 10 classes, from the binary or Python version: the .tar.gz or its unpacked files, in cifar10/.", example: "print cifar10().class_names[0]") { arguments, _ in
                .host(DatasetValue(try CIFAR.ten.load(path: try self.path(arguments, 0))))
            },
            Builtin("cifar100", [optional("path", "none"), optional("labels", "\"fine\"")], returns: "dataset", topic: "data",
                    doc: "60,000 colour images of 32x32 pixels in 100 classes, or with labels=\"coarse\" in 20; from the binary or Python version: the .tar.gz, its unpacked files, or records as train_1.bin.xz to train_5.bin.xz and test.bin.xz; in cifar100/.",
                    example: "print cifar100(labels=\"coarse\").class_names[0]") { arguments, _ in
                .host(DatasetValue(try CIFAR.hundred.load(path: try self.path(arguments, 0), labels: try self.word(arguments, 1, CIFAR.Labels.self, default: .fine))))
            },
            Builtin("npz", [required("path"), optional("test", "none"), optional("image", "none"), optional("channels", "none")], returns: "dataset", topic: "data",
                    doc: "A data set from an .npz file with x_train, y_train, x_test and y_test (or train_images, X_train, ...), or from two files with x and y. Images [N, D], [N, H, W], [N, H, W, C] or [N, C, H, W]: uint8 0 to 255, or floats, which stay as they are. image=(channels, height, width) for flat images, channels=\"first\" or \"last\" where it is not clear.",
                    example: "print npz(\"shapes.npz\")") { arguments, _ in
                .host(DatasetValue(try ArrayData.npz(try arguments.string(0), test: try self.path(arguments, 1), options: try self.arrayOptions(arguments, 2, 3))))
            },
            Builtin("pt", [required("path"), optional("test", "none"), optional("heads", "none"), optional("image", "none"), optional("channels", "none")], topic: "data",
                    doc: "What torch.save wrote, of any PyTorch since 0.1.10: a benchmark from [tasks_train, tasks_test], lists of [description, x, y] as the GEM and BCL projects make them; a dataset from (x_train, y_train, x_test, y_test), or from two files with (x, y). No code in it is run. heads=\"shared\" or \"task\"; without it tasks that share no class have heads of their own.",
                    example: "save permuted(digits(), tasks=2) to \"tasks.pt\"\nprint pt(\"tasks.pt\")") { arguments, evaluator in
                let heads = try self.word(arguments, 2, HeadsWord.self)
                switch try TorchData.load(try arguments.string(0), test: try self.path(arguments, 1), heads: heads.map { $0 == .shared ? .shared : .perTask }, options: try self.arrayOptions(arguments, 3, 4), device: self.device,
                                          report: self.report("tasks", evaluator, unit: "tasks")) {
                case .benchmark(let benchmark): return .host(BenchmarkValue(benchmark))
                case .dataset(let dataset): return .host(DatasetValue(dataset))
                }
            },
        ]
    }

    /// One of the words of an enumeration; nil where it is left out.
    private func word<Word: RawRepresentable & CaseIterable>(_ arguments: Arguments, _ index: Int, _ type: Word.Type) throws -> Word? where Word.RawValue == String {
        guard arguments.has(index), let standard = type.allCases.first else { return nil }
        if case .none = arguments[index] { return nil }
        return try word(arguments, index, type, default: standard)
    }

    private func arrayOptions(_ arguments: Arguments, _ image: Int, _ channels: Int) throws -> ArrayData.Options {
        ArrayData.Options(image: try ints(arguments, image), channels: try word(arguments, channels, ChannelOrder.self))
    }
}

extension FormatError: ScriptFailureConvertible {
    public var failure: Failure { Failure(.dataError, message, hint: remedy) }
}
