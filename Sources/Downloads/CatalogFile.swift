import Foundation

/// Further data sets, from the JSON file that BCL_DATA_CATALOG names: a list of
/// `{"name", "title", "terms", "citation", "files": [{"name", "urls", "size", "md5" or "sha256"}], "unpack"}`.
/// `unpack` is for a single .tgz: a file that is there once it is unpacked, "FOLDER/file".
enum CatalogFile {
    private struct Entry: Decodable {
        struct File: Decodable {
            let name: String
            let urls: [String]
            let size: Int
            let md5: String?
            let sha256: String?
        }

        let name: String
        let title: String?
        let terms: String?
        let citation: String?
        let files: [File]
        let unpack: String?
    }

    static func read(_ path: String) throws -> [DataSetEntry] {
        guard let data = FileManager.default.contents(atPath: path) else { throw DownloadError(.file, "BCL_DATA_CATALOG is '\(path)', which can't be read") }
        do {
            return try JSONDecoder().decode([Entry].self, from: data).map { try entry($0, path) }
        } catch let error as DecodingError {
            throw DownloadError(.file, "BCL_DATA_CATALOG: '\(path)' is no catalog of data sets: \(words(error))", remedy: "docs/data.md shows its form")
        }
    }

    private static func entry(_ entry: Entry, _ path: String) throws -> DataSetEntry {
        func bad(_ why: String) -> DownloadError { DownloadError(.file, "BCL_DATA_CATALOG: '\(path)': \(why)", remedy: "docs/data.md shows its form") }
        func isPlain(_ name: String) -> Bool { !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0") }
        guard isPlain(entry.name) else { throw bad("'\(entry.name)' is no name for a data set") }
        guard !entry.files.isEmpty else { throw bad("\(entry.name) has no files") }
        let files = try entry.files.map { file -> DataSetEntry.File in
            guard isPlain(file.name) else { throw bad("'\(file.name)' of \(entry.name) is no name of a file") }
            guard file.size > 0, file.size <= 1 << 50 else { throw bad("'\(file.name)' of \(entry.name) has the size \(file.size)") }
            guard !file.urls.isEmpty else { throw bad("'\(file.name)' of \(entry.name) has no addresses") }
            guard let checksum = file.sha256.map({ Checksum.sha256($0.lowercased()) }) ?? file.md5.map({ Checksum.md5($0.lowercased()) }), checksum.isWellFormed else {
                throw bad("'\(file.name)' of \(entry.name) needs its \"sha256\" (64 digits) or \"md5\" (32 digits)")
            }
            return DataSetEntry.File(name: file.name, urls: file.urls, size: file.size, checksum: checksum)
        }
        var source = DataSetEntry.Source.files(files)
        if let probe = entry.unpack {
            let parts = probe.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard files.count == 1, parts.count >= 2, parts.allSatisfy(isPlain) else { throw bad("\"unpack\" of \(entry.name) names a file in a folder of its one archive: \"FOLDER/file\"") }
            source = .archive(files[0], probe: probe)
        }
        return DataSetEntry(name: entry.name, title: entry.title ?? "", source: source, terms: entry.terms ?? "not stated", citation: entry.citation ?? "not stated")
    }

    private static func words(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of the wrong type"
        default: return "it is not JSON"
        }
    }
}

extension Checksum {
    var isWellFormed: Bool { digest.count == (algorithm == .md5 ? 32 : 64) && digest.allSatisfy(\.isHexDigit) }
}
