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
            Builtin("device", [required("name")], topic: "session", doc: "Where networks, benchmarks and memories that are made from now on live: \"cpu\", \"cuda\", \"cuda:1\", or \"auto\".", example: "device \"cpu\"",
                    verb: [VerbForm.Slot(nil, "name")]) { arguments, _ in
                try self.setDevice(try arguments.string(0))
                return .none
            },
            Builtin("save", [required("x"), required("path")], topic: "files",
                    doc: "Writes a network, tensor, snapshot or record of tensors as .safetensors under PyTorch's names; a string or accuracy matrix as text.",
                    example: "let net = mlp(64, 10)\nsave net to \"net.safetensors\"",
                    verb: [VerbForm.Slot(nil, "x"), VerbForm.Slot("to", "path")]) { arguments, _ in
                try Saving.save(arguments[0], to: try arguments.string(1), arguments)
                return .none
            },
            Builtin("load", [required("net"), required("path")], topic: "files", doc: "Sets a network's weights from a .safetensors file with the same names and shapes.",
                    example: "let net = mlp(64, 10)\nsave net to \"net.safetensors\"\nload net from \"net.safetensors\"",
                    verb: [VerbForm.Slot(nil, "net"), VerbForm.Slot("from", "path")]) { arguments, _ in
                let net = try arguments.host(0, NetworkValue.self, "a network")
                try net.network.load(try Safetensors.read(try arguments.string(1)).tensors)
                return .none
            },
        ]
    }
}

/// What `save` writes.
enum Saving {
    static func save(_ value: Value, to path: String, _ arguments: Arguments) throws {
        switch value {
        case .string(let text): return try AtomicFile.write(text.text, to: path)
        case .record(let record):
            let tensors = try record.entries.map { ($0, try TensorMembers.tensor($1)) }
            return try Safetensors.write(tensors, to: path)
        case .host(let host):
            if let net = host as? NetworkValue {
                return try Safetensors.write(try net.network.stateDict(), metadata: ["network": net.network.description, "writer": "bclsh"], to: path)
            }
            if let tensor = (host as? TensorValue)?.tensor { return try Safetensors.write([("tensor", try tensor.detach())], to: path) }
            if let snapshot = (host as? SnapshotValue)?.snapshot {
                return try Safetensors.write([("weights", snapshot.weights), ("statistics", snapshot.statistics), ("counters", snapshot.counters)], to: path)
            }
            if host is MatrixValue { return try AtomicFile.write(Describer.string(value) + "\n", to: path) }
            if host is Learner { throw arguments.bad(0, "is a learner; save its network: save L.net to \"...\"") }
        default: break
        }
        throw arguments.wrong(0, wanted: "a network, a tensor, a snapshot, a record of tensors, a string or an accuracy matrix")
    }
}
