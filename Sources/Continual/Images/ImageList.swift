import Engine
import Foundation

/// What a long piece of work tells: how far it is, and what a user should know. `progress` may throw to stop it.
public struct LoadingReport {
    public let progress: (_ done: Int, _ total: Int) throws -> Void
    public let note: (String) -> Void

    public init(progress: @escaping (Int, Int) throws -> Void, note: @escaping (String) -> Void) {
        self.progress = progress
        self.note = note
    }

    public static let silent = LoadingReport(progress: { _, _ in }, note: { _ in })
}

/// Images of a folder that are to be decoded, each once.
struct ImageList {
    struct Entry {
        /// Below the root.
        let path: String
        /// Where a list names it: "'images.txt', line 7". nil where it was found in its folder.
        let place: String?
        let label: Int
        let isTest: Bool
    }

    let root: String
    let entries: [Entry]
    let form: ImageForm

    /// Decodes all images on all cores, or takes them from the cache: the training and the test samples, each in the order of the entries.
    /// - Parameter useCache: also leaves what was decoded in the user's cache folder.
    func load(name: String, useCache: Bool, _ report: LoadingReport) throws -> (train: SampleSet, test: SampleSet, imageShape: [Int]) {
        let sources = try entries.map { try source($0) }
        let (height, width) = try form.target ?? commonSize()
        let size = form.channels * height * width
        let (bytes, overflow) = size.multipliedReportingOverflow(by: entries.count)
        guard !overflow, bytes <= Int(clamping: ProcessInfo.processInfo.physicalMemory) else {
            throw DataError("\(entries.count) images of \(width) x \(height) pixels do not fit into the memory of this machine", remedy: "choose a smaller size: size=84")
        }
        let counts = [entries.lazy.filter { !$0.isTest }.count, entries.lazy.filter(\.isTest).count]
        // The row of each entry in its part.
        var next = [0, 0]
        let rows = entries.map { entry -> Int in
            defer { next[entry.isTest ? 1 : 0] += 1 }
            return next[entry.isTest ? 1 : 0]
        }
        var test: Tensor?
        let train = try Tensor.filled([counts[0], size], dtype: .uint8) { trainBytes in
            test = try Tensor.filled([counts[1], size], dtype: .uint8) { testBytes in
                func row(_ index: Int) -> UnsafeMutableRawBufferPointer {
                    UnsafeMutableRawBufferPointer(rebasing: (entries[index].isTest ? testBytes : trainBytes)[(rows[index] * size)..<((rows[index] + 1) * size)])
                }
                let cache = useCache ? ImageCache(name: name, root: root, form: form, height: height, width: width, sources: sources) : nil
                if let cache, try cache.read(into: row, report) { return }
                try decode(into: row, size, report)
                try cache?.write(from: row, report)
            }
        }
        func labels(_ isTest: Bool) throws -> Tensor { try Tensor.from(entries.filter { $0.isTest == isTest }.map(\.label)) }
        return (SampleSet(images: train, labels: try labels(false)), SampleSet(images: test!, labels: try labels(true)), [form.channels, height, width])
    }

    private func path(_ entry: Entry) -> String { "\(root)/\(entry.path)" }
    private func named(_ entry: Entry) -> String { entry.place.map { "; \($0) names it" } ?? "" }

    private func source(_ entry: Entry) throws -> ImageCache.Source {
        var status = stat()
        guard stat(path(entry), &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? DataError("the image '\(path(entry))' is missing\(named(entry))", remedy: "unpack the images again")
                : DataError("the image '\(path(entry))' can't be read: \(String(cString: strerror(errno)))")
        }
        return ImageCache.Source(path: entry.path, size: Int(status.st_size), time: Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec))
    }

    private func commonSize() throws -> (height: Int, width: Int) {
        let first = try ImageFile(path: path(entries[0])).size()
        guard first.height <= ImageForm.largestSide, first.width <= ImageForm.largestSide else {
            throw DataError("'\(path(entries[0]))' has \(first.width) x \(first.height) pixels, which is too large to be learned from", remedy: "name the size that all are brought to: size=84")
        }
        for entry in entries.dropFirst() {
            let size = try ImageFile(path: path(entry)).size()
            guard size == first else {
                throw DataError("the images have different sizes: '\(path(entries[0]))' has \(first.width) x \(first.height) pixels, '\(path(entry))' \(size.width) x \(size.height)",
                                remedy: "name the size that all are brought to: size=84, or size=(height, width)")
            }
        }
        return first
    }

    /// Workers decode, this thread tells how far they are. The first error, or an interrupt, ends all.
    private func decode(into row: @escaping (Int) -> UnsafeMutableRawBufferPointer, _ size: Int, _ report: LoadingReport) throws {
        let work = SharedWork(count: entries.count)
        let group = DispatchGroup()
        for _ in 0..<min(ProcessInfo.processInfo.activeProcessorCount, max(1, entries.count)) {
            DispatchQueue.global().async(group: group) {
                while let index = work.next() {
                    do {
                        let pixels = try ImageFile(path: path(entries[index])).pixels(form)
                        guard pixels.byteCount == size else {
                            throw DataError("'\(path(entries[index]))' has \(pixels.shape[2]) x \(pixels.shape[1]) pixels, unlike the others", remedy: "name the size that all are brought to: size=84")
                        }
                        try pixels.withBytes { row(index).copyMemory(from: $0) }
                        work.finish()
                    } catch { work.fail(index, error) }
                }
            }
        }
        // The workers write into memory of this frame: it may not be left before they are done.
        var stop: Error?
        while group.wait(timeout: .now() + 0.05) == .timedOut {
            guard stop == nil else { continue }
            do { try report.progress(work.done, entries.count) } catch {
                stop = error
                work.cancel()
            }
        }
        if let stop { throw stop }
        if let error = work.error {
            guard let data = error.error as? DataError, let place = entries[error.index].place else { throw error.error }
            throw DataError("\(data.message) (\(place) names it)", remedy: data.remedy)
        }
        try report.progress(entries.count, entries.count)
    }
}

/// Numbers that several workers take, and what went wrong first (by number, so that the same error is told each time).
private final class SharedWork: @unchecked Sendable {
    private let lock = NSLock()
    private let count: Int
    private var taken = 0
    private var finished = 0
    private var isCancelled = false
    private var first: (index: Int, error: Error)?

    init(count: Int) { self.count = count }

    func next() -> Int? {
        lock.withLock {
            guard !isCancelled, first == nil, taken < count else { return nil }
            taken += 1
            return taken - 1
        }
    }
    func finish() { lock.withLock { finished += 1 } }
    func cancel() { lock.withLock { isCancelled = true } }
    func fail(_ index: Int, _ error: Error) { lock.withLock { if first.map({ index < $0.index }) ?? true { first = (index, error) } } }
    var done: Int { lock.withLock { finished } }
    var error: (index: Int, error: Error)? { lock.withLock { first } }
}
