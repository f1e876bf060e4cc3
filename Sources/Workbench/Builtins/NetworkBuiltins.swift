import BCLScript
import Engine
import Interpreter

extension Workbench {
    var networkBuiltins: [Builtin] {
        [
            Builtin("mlp", [variadic("sizes")], returns: "network", topic: "networks",
                    doc: "Linear layers of these sizes with ReLU between them; Xavier uniform weights, zero biases (net.initialize draws others). Input and output sizes included.",
                    example: "print mlp(64, 128, 10)") { arguments, _ in
                let sizes = try arguments.list(0).map { value -> Int in
                    guard case .int(let size) = value else { throw Failure(.wrongType, "the sizes of mlp are ints, not \(value.phrase)", hint: "write mlp(64, 128, 10)") }
                    return size
                }
                return .host(NetworkValue(try MLP(widths: sizes, random: self.streams.stream("init"), device: self.device), self))
            },
            Builtin("resnet18", [required("outputs"), optional("channels", "20"), optional("image", "(3, 32, 32)"), optional("pool", "true"), optional("style", "\"reduced\""), optional("pretrained", "none")],
                    returns: "network", topic: "networks",
                    doc: "ResNet18, [2, 2, 2, 2] basic blocks; image is (channels, height, width). style=\"reduced\" is GEM's: 20 channels, 3x3 stem, optional 3x3 max pool of stride 2. style=\"imagenet\" is torchvision's: 64 channels, 7x7 stem of stride 2, under torchvision's names. "
                        + "pretrained is a file with such a network's weights (.safetensors, or PyTorch's .pth); a head of another size is replaced by a new one.",
                    example: "print resnet18(100)\nprint resnet18(100, image=(3, 84, 84), style=\"imagenet\", channels=8)") { arguments, evaluator in
                let style = try self.word(arguments, 4, ResNet18.Style.self, default: .reduced)
                let shape = try self.imageShape(arguments, 2) ?? (style == .reduced ? [3, 32, 32] : [3, 224, 224])
                let network = try ResNet18(outputs: try arguments.int(0), channels: try arguments.int(1, default: style == .reduced ? 20 : 64), imageShape: shape,
                                           maxPool: try arguments.bool(3, default: true), style: style, random: self.streams.stream("init"), device: self.device)
                if arguments.has(5), case .string(let path) = arguments[5] {
                    do {
                        switch try network.loadPretrained(try StateFile.read(path.text)) {
                        case .taken: break
                        case .missing: evaluator.print("'\(path.text)' has no head: that of \(network.outputs) outputs is new")
                        case .replaced(let outputs): evaluator.print("the head of '\(path.text)' has \(outputs) outputs: a new one of \(network.outputs) takes its place")
                        }
                    } catch let error as EngineError where error.kind != .file {
                        throw Failure(.fileError, "'\(path.text)': \(error.message)", hint: "channels, style and image must be those of the network that the file was written from")
                    }
                }
                // What it was loaded with is in its weights; the file may be gone when it is made again.
                return .host(NetworkValue(network, self, recipe: Recipe(arguments, path: nil, seed: self.streams.seed)?.without("pretrained")))
            },
            Builtin("film", [required("net"), required("tasks"), optional("embedding", "16")], returns: "network", topic: "networks",
                    doc: "A network with a task controller around the weights of an mlp or resnet18 (Pham et al. 2021): an embedding of each task gives scales and shifts of its features. Called with the tasks of the samples: net(x, t).",
                    example: "let net = film(mlp(64, 32, 10), tasks=5)\nprint net(zeros(2, 64), [0, 3]).shape") { arguments, _ in
                let base = try arguments.host(0, NetworkValue.self, "a network").network
                let (tasks, embedding, random) = (try arguments.int(1), try arguments.int(2, default: 16), self.streams.stream("init"))
                switch base {
                case let mlp as MLP: return .host(NetworkValue(try FiLMMLP(around: mlp, tasks: tasks, embedding: embedding, random: random), self))
                case let net as ResNet18 where !net.takesTasks: return .host(NetworkValue(try FiLMResNet18(around: net, tasks: tasks, embedding: embedding, random: random), self))
                default: throw arguments.bad(0, "must be an mlp or a resnet18, not a \(base.description)")
                }
            },
            Builtin("fisher", [required("f"), required("x"), required("y"), required("t")], returns: "tensor", topic: "learning",
                    doc: "Fisher information of a classifier's network on samples x [B, D] with labels y [B] of task t: the mean over samples of the squared gradient of each one's cross entropy, [P]. In evaluation mode.",
                    example: "let bench = permuted(digits(), tasks=2)\nlet f = classifier(mlp(64, 10), bench)\nlet (x, y) = bench[0].minibatch(0)\nprint fisher(f, x, y, 0).shape") { arguments, evaluator in
                let f = try arguments.host(0, ClassifierValue.self, "a classifier")
                return TensorValue.value(try SampleGradients(f, evaluator).fisher(try TensorBuiltins.tensor(arguments, 1), try TensorBuiltins.tensor(arguments, 2), try arguments.int(3)))
            },
            Builtin("sensitivity", [required("f"), required("x"), required("t")], returns: "tensor", topic: "learning",
                    doc: "How much a classifier's outputs feel each weight: the mean over samples x [B, D] of task t of the absolute gradient of |f(x, t)|^2, [P] (Aljundi et al. 2018). In evaluation mode.",
                    example: "let bench = permuted(digits(), tasks=2)\nlet f = classifier(mlp(64, 10), bench)\nprint sensitivity(f, bench[0].minibatch(0)[0], 0).shape") { arguments, evaluator in
                let f = try arguments.host(0, ClassifierValue.self, "a classifier")
                return TensorValue.value(try SampleGradients(f, evaluator).sensitivity(try TensorBuiltins.tensor(arguments, 1), try arguments.int(2)))
            },
            Builtin("classifier", [required("net"), required("bench")], returns: "classifier", topic: "networks",
                    doc: "f(x, t): the logits that belong to task t (an int, or a list of one for each sample): all of a shared head, or the columns of the task's classes. In a list whose tasks have heads of different widths every row has the columns of the benchmark's widest; those that its task lacks are -inf, and kl and mse leave them out.",
                    example: "let bench = permuted(digits(), tasks=2)\nlet f = classifier(mlp(64, 10), bench)\nlet (x, y) = bench[0].minibatch(0)\nprint f(x, 0).shape") { arguments, _ in
                .host(try ClassifierValue(try arguments.host(0, NetworkValue.self, "a network"), try arguments.host(1, BenchmarkValue.self, "a benchmark").benchmark))
            },
        ]
    }

    private func imageShape(_ arguments: Arguments, _ index: Int) throws -> [Int]? {
        guard arguments.has(index) else { return nil }
        return try arguments.list(index).map { value -> Int in
            guard case .int(let size) = value else { throw arguments.wrong(index, wanted: "three ints (channels, height, width)") }
            return size
        }
    }
}
