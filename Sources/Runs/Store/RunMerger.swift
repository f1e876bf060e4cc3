import Foundation

/// Takes runs of record files and other stores into a store. Each is there once, however often it comes; the later of two states of a run counts.
public struct RunMerger {
    private let store: RunStore
    public init(_ store: RunStore) { self.store = store }

    /// - Parameter complain: told of files of a folder that can't be read; the others are taken all the same.
    public func merge(_ path: String, complain: (StoreProblem) -> Void) throws -> (new: Int, known: Int) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw StoreProblem(.file, "there is no file '\(path)'") }
        if isFolder.boolValue { return try mergeFolder(path, complain) }
        if Self.isDatabase(path) { return try mergeStore(path) }
        return try add([try RecordFile.read(path)])
    }

    private static func isDatabase(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 16) else { return false }
        return start == Data("SQLite format 3\0".utf8)
    }

    private func mergeFolder(_ path: String, _ complain: (StoreProblem) -> Void) throws -> (new: Int, known: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path))?.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted() ?? []
        var sum = (new: 0, known: 0)
        for start in stride(from: 0, to: names.count, by: 100) {
            var records: [RunRecord] = []
            for name in names[start..<min(names.count, start + 100)] {
                do { records.append(try RecordFile.read("\(path)/\(name)")) } catch let problem as StoreProblem { complain(problem) }
            }
            let part = try add(records)
            sum = (sum.new + part.new, sum.known + part.known)
        }
        return sum
    }

    private func mergeStore(_ path: String) throws -> (new: Int, known: Int) {
        let other = try RunStore(path, isForWriting: false)
        var numbers: [Int] = []
        for row in try other.rows().rows.reversed() where numbers.last != row.number { numbers.append(row.number) }
        var sum = (new: 0, known: 0)
        for start in stride(from: 0, to: numbers.count, by: 100) {
            let part = try add(try numbers[start..<min(numbers.count, start + 100)].map { number in
                var record = try other.record(number)
                // Whether a run is lost is asked anew wherever it is looked at.
                if record.state == .lost { record.state = .running }
                return record
            })
            sum = (sum.new + part.new, sum.known + part.known)
        }
        return sum
    }

    private func add(_ records: [RunRecord]) throws -> (new: Int, known: Int) {
        let before = try store.count()
        _ = try store.save(records)
        let new = try store.count() - before
        return (new, records.count - new)
    }
}
