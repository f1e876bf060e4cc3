import BCLScript
import Engine
import Foundation
import Interpreter

extension Workbench {
    var sessionBuiltins: [Builtin] {
        [
            Builtin("seed", [required("n")], topic: "session", doc: "Starts all random streams anew from a number: what follows is the same every time.", example: "seed 1",
                    verb: [VerbForm.Slot(nil, "n")]) { arguments, _ in
                self.streams.reseed(UInt64(try arguments.int(0, in: 0...Int.max)))
                return .none
            },
            Builtin("pick", [required("n")], returns: "int", topic: "session", doc: "A random int from 0 up to, not including, n, evenly; from the stream \"memory\", as the draws of memories.",
                    example: "assert pick(3) < 3") { arguments, _ in .int(try self.draws.chooseTask(below: try arguments.int(0, in: 1...Int.max))) },
            Builtin("permutation", [required("n")], returns: "tensor", topic: "session", doc: "The ints from 0 to n - 1 in random order, int64 [n] on the CPU, from the stream \"memory\". They can be an index on any device.",
                    example: "assert permutation(4).sum().item() == 6") { arguments, _ in
                TensorValue.value(try Tensor.from(self.streams.stream("memory").permutation(try arguments.int(0, in: 0...100_000_000))))
            },
            Builtin("clock", [], returns: "float", topic: "session", doc: "Seconds of a clock that only goes forward: the difference of two readings is the time between them.",
                    example: "let start = clock()\nassert clock() >= start") { _, _ in
                .float(self.clock)
            },
            Builtin("device", [required("name")], topic: "session", doc: "Where networks, benchmarks, memories and tensors that are made from now on live: \"cpu\", \"cuda\", \"cuda:1\", or \"auto\"; or \"meta\": shapes without numbers, where reading one is an error.", example: "device \"cpu\"",
                    verb: [VerbForm.Slot(nil, "name")]) { arguments, _ in
                try self.setDevice(try arguments.string(0))
                return .none
            },
            Builtin("session", [], returns: "record", topic: "session", doc: "Seed, device and names of the session; itself, it is what 'save session to \"monday.bcls\"' saves and 'load session from \"monday.bcls\"' brings back.",
                    example: "let x = 1\nsave session to \"monday.bcls\"\nload session from \"monday.bcls\"\nprint session().seed") { _, _ in
                let names = (self.session?.ownNames.keys.sorted() ?? []).filter { !self.shellNames.contains($0) }
                return .record(RecordValue([("seed", .int(Int(truncatingIfNeeded: self.streams.seed))), ("device", .text(self.device.description)), ("names", .items(names.map { .text($0) }))]))
            },
            Builtin("exists", [required("path")], returns: "bool", topic: "files", doc: "Whether there is a file or folder of that path.", example: "assert not exists(\"nothing.safetensors\")") { arguments, _ in
                .bool(FileManager.default.fileExists(atPath: try arguments.string(0)))
            },
            Builtin("save", [required("x"), required("path")], topic: "files",
                    doc: "Writes a file, whole or not at all: the session with all its names; a learner with all that it holds; a network, tensor, snapshot or record of tensors as .safetensors under PyTorch's names; a benchmark as .pt for torch.load, in the form of the GEM and BCL projects; a figure as .png, .svg or .txt; a string or accuracy matrix as text.",
                    example: "let net = mlp(64, 10)\nsave net to \"net.safetensors\"",
                    verb: [VerbForm.Slot(nil, "x"), VerbForm.Slot("to", "path")]) { arguments, evaluator in
                let path = try arguments.string(1)
                try self.save(arguments[0], to: path, arguments, evaluator)
                self.didSave?(path)
                return .none
            },
            Builtin("load", [required("x"), required("path")], topic: "files",
                    doc: "Sets a network's weights from a .safetensors file, or a state_dict that torch.save wrote, with the same names and shapes; or a learner, made by the same method, with the session's random streams, so that training goes on to the same bits; or the session itself: all names then are those of the file.",
                    example: "let net = mlp(64, 10)\nsave net to \"net.safetensors\"\nload net from \"net.safetensors\"",
                    verb: [VerbForm.Slot(nil, "x"), VerbForm.Slot("from", "path", mayBeBare: true)]) { arguments, evaluator in
                try self.load(arguments[0], from: try arguments.string(1), arguments, evaluator)
                return .none
            },
        ]
    }
}
