import BCLScript
import Engine
import Interpreter

extension Workbench {
    var networkBuiltins: [Builtin] {
        [
            Builtin("mlp", [variadic("sizes")], returns: "network", topic: "networks",
                    doc: "Linear layers of these sizes with ReLU between them; Xavier uniform weights, zero biases. Input and output sizes included.",
                    example: "print mlp(64, 128, 10)") { arguments, _ in
                let sizes = try arguments.list(0).map { value -> Int in
                    guard case .int(let size) = value else { throw Failure(.wrongType, "the sizes of mlp are ints, not \(value.phrase)", hint: "write mlp(64, 128, 10)") }
                    return size
                }
                return .host(NetworkValue(try MLP(widths: sizes, random: self.streams.stream("init"), device: self.device), self))
            },
            Builtin("resnet18", [required("outputs"), optional("channels", "20"), optional("image", "(3, 32, 32)"), optional("pool", "true")], returns: "network", topic: "networks",
                    doc: "The reduced ResNet18 of GEM: 3x3 stem, optional 3x3 max pool, [2, 2, 2, 2] basic blocks; image is (channels, height, width).",
                    example: "print resnet18(100)") { arguments, _ in
                var shape = [3, 32, 32]
                if arguments.has(2) {
                    shape = try arguments.list(2).map { value -> Int in
                        guard case .int(let size) = value else { throw arguments.wrong(2, wanted: "three ints (channels, height, width)") }
                        return size
                    }
                }
                let network = try ResNet18(outputs: try arguments.int(0), channels: try arguments.int(1, default: 20), imageShape: shape,
                                           maxPool: try arguments.bool(3, default: true), random: self.streams.stream("init"), device: self.device)
                return .host(NetworkValue(network, self))
            },
            Builtin("classifier", [required("net"), required("bench")], returns: "classifier", topic: "networks",
                    doc: "f(x, t): the logits that belong to task t (an int, or a list of one for each sample): all of a shared head, or the columns of the task's classes.",
                    example: "let bench = permuted(digits(), tasks=2)\nlet f = classifier(mlp(64, 10), bench)\nlet (x, y) = bench[0].minibatch(0)\nprint f(x, 0).shape") { arguments, _ in
                .host(try ClassifierValue(try arguments.host(0, NetworkValue.self, "a network"), try arguments.host(1, BenchmarkValue.self, "a benchmark").benchmark))
            },
        ]
    }
}
