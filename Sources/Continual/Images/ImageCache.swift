import CZlib
import Engine
import Foundation

/// Decoded images on disk. The file is used only if it was made by this version from the same files (paths, sizes and times of change) in the same form, and its
/// checksum is right; otherwise it is made again.
///
/// Format: "BCLIMAGE", the header's length (8 bytes, little-endian), the header (JSON), then the pixels of all images, uint8 [N, C, H, W].
struct ImageCache {
    struct Source: Codable, Equatable {
        let path: String
        let size: Int
        /// Of the last change, in nanoseconds since 1970.
        let time: Int
    }

    private struct Header: Codable {
        let version: Int
        let root: String
        let form: ImageForm
        let height: Int
        let width: Int
        let sources: [Source]
        /// CRC-32 of the pixels.
        let checksum: UInt32
    }

    private static let magic = Data("BCLIMAGE".utf8)
    private static let version = 1
    private static let largestHeader = 1 << 30

    let name: String
    let root: String
    let form: ImageForm
    let height: Int
    let width: Int
    let sources: [Source]

    private var rowSize: Int { form.channels * height * width }

    /// The folder of all such files: `bclsh/images` in the user's cache folder.
    static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "/tmp")/.cache"
        return "\(cache)/bclsh/images"
    }

    /// One file for each folder of images and each form.
    var path: String {
        let key = "\(root)\n\(form.isGrey)\n\(form.size)\n\(height)x\(width)"
        let hash = key.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return "\(Self.folder)/\(name)-\(String(hash, radix: 16)).images"
    }

    // MARK: - Reading

    /// Fills the rows. Returns false where there is no file, or none that can be used; the second is told.
    func read(into row: (Int) -> UnsafeMutableRawBufferPointer, _ report: LoadingReport) throws -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if let reason = misfit(descriptor, row) {
            report.note("the images of \(name) are decoded again: the cache '\(path)' \(reason)")
            return false
        }
        return true
    }

    /// Why a file can't be used; nil where it was, and the rows are filled. The pixels are read right into them: they are in memory once.
    private func misfit(_ descriptor: Int32, _ row: (Int) -> UnsafeMutableRawBufferPointer) -> String? {
        let damaged = "is damaged"
        var status = stat()
        guard fstat(descriptor, &status) == 0, let start = bytes(descriptor, 16), start.prefix(8) == Self.magic else { return damaged }
        let length = start[8..<16].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard length <= UInt64(min(Self.largestHeader, max(0, Int(status.st_size) - 16))), let content = bytes(descriptor, Int(length)),
              let header = try? JSONDecoder().decode(Header.self, from: content) else { return damaged }
        guard header.version == Self.version else { return "was made by another version" }
        guard header.root == root, header.form == form, header.height == height, header.width == width else { return "was made of other images" }
        guard header.sources.count == sources.count else { return "holds \(header.sources.count) images, but there are \(sources.count) now" }
        for (then, now) in zip(header.sources, sources) where then != now {
            return then.path == now.path ? "does not fit: '\(now.path)' has changed" : "does not fit: '\(now.path)' was not there"
        }
        guard Int(status.st_size) - 16 - Int(length) == sources.count * rowSize else { return "is cut off" }
        var checksum = crc32(0, nil, 0)
        for index in sources.indices {
            let pixels = row(index)
            guard fill(pixels, descriptor) else { return "can't be read" }
            checksum = crc32(checksum, pixels.bindMemory(to: UInt8.self).baseAddress, UInt32(rowSize))
        }
        return UInt32(truncatingIfNeeded: checksum) == header.checksum ? nil : "is damaged: its checksum is wrong"
    }

    private func bytes(_ descriptor: Int32, _ count: Int) -> Data? {
        var data = Data(count: count)
        return data.withUnsafeMutableBytes { fill($0, descriptor) } ? data : nil
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, _ descriptor: Int32) -> Bool {
        var done = 0
        while done < buffer.count {
            let count = Glibc.read(descriptor, buffer.baseAddress! + done, buffer.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    // MARK: - Writing

    /// A cache that can't be written is no reason to stop: it is told.
    func write(from row: (Int) -> UnsafeMutableRawBufferPointer, _ report: LoadingReport) throws {
        do {
            try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
            var checksum = crc32(0, nil, 0)
            for index in sources.indices { checksum = crc32(checksum, row(index).bindMemory(to: UInt8.self).baseAddress, UInt32(rowSize)) }
            let header = try JSONEncoder().encode(Header(version: Self.version, root: root, form: form, height: height, width: width, sources: sources, checksum: UInt32(truncatingIfNeeded: checksum)))
            try AtomicFile.write(to: path) { file in
                var length = UInt64(header.count).littleEndian
                try file.write(contentsOf: Self.magic + Data(bytes: &length, count: 8) + header)
                for index in sources.indices { try file.write(contentsOf: Data(bytesNoCopy: row(index).baseAddress!, count: rowSize, deallocator: .none)) }
            }
        } catch {
            let why = (error as? EngineError)?.message ?? (error as NSError).localizedDescription
            report.note("the decoded images of \(name) are not kept for the next time: \(why)")
        }
    }
}
