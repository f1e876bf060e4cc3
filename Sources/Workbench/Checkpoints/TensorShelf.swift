import Engine

/// Which elements tensors share, and how each lies in them.
struct SavedShelf: Codable {
    struct Place: Codable {
        let storage: String
        let layout: TensorLayout
    }

    /// The device of each storage.
    var devices: [String: String] = [:]
    var places: [String: Place] = [:]
}

/// Tensors laid out by the storages that they are views of, so that what shared its elements shares them again, in the same order in memory.
struct TensorShelf {
    private(set) var saved = SavedShelf()
    private(set) var storages: [(String, Tensor)] = []

    init(_ tensors: [(String, Tensor)]) throws {
        var names: [UnsafeRawPointer: String] = [:]
        for (name, tensor) in tensors {
            let identity = tensor.storageIdentity
            let storage: String
            if let identity, let known = names[identity] { storage = known } else {
                storage = "elements\(storages.count)"
                storages.append((storage, try tensor.wholeStorage()))
                saved.devices[storage] = tensor.device.description
                if let identity { names[identity] = storage }
            }
            saved.places[name] = SavedShelf.Place(storage: storage, layout: tensor.layout)
        }
    }
}

/// Gives the tensors of a file as views of their storages.
final class ShelfReader {
    private let saved: SavedShelf
    private let tensors: [String: Tensor]
    private var moved: [String: Tensor] = [:]

    init(_ saved: SavedShelf, _ tensors: [String: Tensor]) { (self.saved, self.tensors) = (saved, tensors) }

    func tensor(_ name: String) throws -> Tensor? {
        guard let place = saved.places[name], let elements = try storage(place.storage) else { return nil }
        return try elements.view(place.layout)
    }

    private func storage(_ name: String) throws -> Tensor? {
        if let known = moved[name] { return known }
        guard let tensor = tensors[name], let device = saved.devices[name] else { return nil }
        let here = try tensor.to(try Device(named: device))
        moved[name] = here
        return here
    }
}
