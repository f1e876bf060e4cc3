import BCLScript
import Continual
import Interpreter

extension Workbench {
    var benchmarkBuiltins: [Builtin] {
        [
            Builtin("digits", [], returns: "dataset", topic: "data", doc: "1,797 handwritten digits of 8x8 pixels, embedded: 1,437 for training, 360 for testing.", example: "print digits()") { _, _ in
                .host(DatasetValue(try Digits.load()))
            },
            Builtin("mnist", [optional("path", "none")], returns: "dataset", topic: "data",
                    doc: "70,000 handwritten digits of 28x28 pixels, from the four idx files in a folder: path, or BCL_DATA.", example: "print mnist()") { arguments, _ in
                var path: String?
                if arguments.has(0), case .string = arguments[0] { path = try arguments.string(0) }
                else if arguments.has(0) { if case .none = arguments[0] {} else { throw arguments.wrong(0, wanted: "a folder's path") } }
                return .host(DatasetValue(try MNIST.load(path: path)))
            },
        ]
    }
}
