import Figures
import Foundation
import Interpreter

/// Keeps what a run prints in a file, as a pipe would get it, beside showing it.
final class OutputLog: OutputSink {
    private let shown: OutputSink
    private let descriptor: Int32
    private(set) var length: Int

    /// - Parameter length: bytes that belong to the run; what is behind them was printed after its checkpoint, and comes again.
    init?(_ path: String, length: Int, shown: OutputSink) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return nil }
        guard lseek(descriptor, 0, SEEK_END) >= length, ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) == length else {
            close(descriptor)
            return nil
        }
        (self.length, self.shown) = (length, shown)
    }

    deinit { close(descriptor) }

    func receive(_ event: Event) {
        switch event {
        case .text(let text): append(text)
        case .shown(let value): append(Describer.string(value, quoted: true))
        case .figure(let figure): append(PlainText.lines(figure).joined(separator: "\n"))
        case .progress, .warning: break
        }
        shown.receive(event)
    }

    private func append(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A full disk: the next checkpoint can't be written either, and says so.
            guard count > 0 else { break }
            written += count
        }
        length += written
    }

    /// Sees to it that everything is on the disk.
    func flush() { fsync(descriptor) }
}
