import Engine
import FileFormats
import Foundation

/// The data set that needs no download: 1,797 images of 8x8 pixels of handwritten digits.
/// E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository 1998, CC BY 4.0
/// (the set's test part, as scikit-learn carries it).
public enum Digits {
    /// Every fifth sample of each class, counted in the order of the file, is a test sample: 1,437 for training, 360 for testing.
    /// Pixels 0...16 become 0...255 by rounding 255/16 times the value.
    public static func load() throws -> Dataset {
        guard let packed = Data(base64Encoded: DigitsData.packed, options: .ignoreUnknownCharacters) else { throw DataError("the embedded digits are damaged") }
        let rows = try GzipStream(MemorySource([UInt8](packed), name: "digits"), format: .zlib).take(1797 * 65)
        guard rows.count == 1797 * 65 else { throw DataError("the embedded digits are damaged") }
        var images: [Bool: [UInt8]] = [true: [], false: []]
        var labels: [Bool: [Int]] = [true: [], false: []]
        var seen = [Int](repeating: 0, count: 256)
        for row in 0..<1797 {
            let label = Int(rows[row * 65 + 64])
            seen[label] += 1
            let isTest = seen[label] % 5 == 0
            images[isTest]! += rows[(row * 65)..<(row * 65 + 64)].map { UInt8(min(255, (Int($0) * 255 + 8) / 16)) }
            labels[isTest]!.append(label)
        }
        func set(_ isTest: Bool) throws -> SampleSet {
            SampleSet(images: try Tensor.from(images[isTest]!, shape: [labels[isTest]!.count, 64]), labels: try Tensor.from(labels[isTest]!))
        }
        return try Dataset(name: "digits", imageShape: [1, 8, 8], classes: 10, train: try set(false), test: try set(true),
                           source: "Optical Recognition of Handwritten Digits, E. Alpaydin, C. Kaynak, UCI 1998, CC BY 4.0")
    }
}
