import CTorch
import Foundation

/// A zip archive as torch.save writes it, through libtorch's own writer. Records go to the file one by one.
public final class TorchArchive {
    private var archive: ctorch_archive?
    private let sink: Sink

    private final class Sink {
        let file: FileHandle
        var error: (any Error)?
        init(_ file: FileHandle) { self.file = file }
    }

    /// Writes an archive through a temporary file. The body adds its records.
    public static func write(to path: String, _ body: (TorchArchive) throws -> Void) throws {
        try AtomicFile.write(to: path) { file in
            let archive = try TorchArchive(file)
            try body(archive)
            try archive.finish()
        }
    }

    private init(_ file: FileHandle) throws {
        sink = Sink(file)
        let write: ctorch_write = { context, bytes, count in
            let sink = Unmanaged<Sink>.fromOpaque(context!).takeUnretainedValue()
            guard let bytes, count > 0, sink.error == nil else { return }
            do { try sink.file.write(contentsOf: Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes), count: count, deallocator: .none)) } catch { sink.error = error }
        }
        try checked(ctorch_archive_open(write, Unmanaged.passUnretained(sink).toOpaque(), &archive))
    }

    deinit { ctorch_archive_close(archive) }

    /// - Parameter name: such as "data.pkl" or "data/0".
    public func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
        try checked(ctorch_archive_add(archive, name, bytes.baseAddress, bytes.count))
    }

    private func finish() throws { try checked(ctorch_archive_finish(archive)) }

    /// What the disk said is the better message.
    private func checked(_ status: Int32) throws {
        guard status != 0 || sink.error != nil else { return }
        throw sink.error ?? EngineError.last()
    }
}
