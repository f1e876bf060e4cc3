import CImages
import Engine
import Foundation

/// What images are brought to.
public struct ImageForm: Codable, Equatable, Sendable {
    public enum Size: Codable, Equatable, Sendable {
        /// As they are; all must be alike.
        case original
        /// The shorter side is resized to this, then the middle is cut out: torchvision's `Resize(n)` and `CenterCrop(n)`.
        case square(Int)
        /// Resized to this whatever their proportions: torchvision's `Resize((height, width))`.
        case exact(height: Int, width: Int)
    }

    public let size: Size
    /// One channel (Pillow's `convert("L")`) instead of red, green and blue.
    public let isGrey: Bool

    public init(size: Size, isGrey: Bool = false) {
        self.size = size
        self.isGrey = isGrey
    }

    public static let largestSide = 4096
    var channels: Int { isGrey ? 1 : 3 }

    /// Height and width of what comes out; nil where the images decide.
    var target: (height: Int, width: Int)? {
        switch size {
        case .original: return nil
        case .square(let side): return (side, side)
        case .exact(let height, let width): return (height, width)
        }
    }
}

/// A JPEG or PNG file.
struct ImageFile {
    let path: String

    /// Pillow warns of a decompression bomb above this many pixels. A header may announce anything: it is checked before memory is taken.
    static let mostPixels = 89_478_485
    static let largestFile = 1 << 30

    /// Its height and width, from the header.
    func size() throws -> (height: Int, width: Int) {
        let info = try header(try content())
        return (Int(info.height), Int(info.width))
    }

    /// Its pixels in the form that is wanted: uint8 [C, H, W].
    func pixels(_ form: ImageForm) throws -> Tensor {
        let data = try content()
        var info = try header(data)
        let (height, width) = (Int(info.height), Int(info.width))
        let decoded = try Tensor.filled([height * width * 3], dtype: .uint8) { buffer in
            let pixels = buffer.bindMemory(to: UInt8.self).baseAddress
            let status = data.withUnsafeBytes { cimages_decode($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &info, pixels) }
            if status != 0 { throw damaged(info) }
            if form.isGrey { cimages_grey(pixels, height * width) }
        }
        let image = try form.isGrey ? decoded.narrow(0, 0, height * width).reshape([1, 1, height, width]) : decoded.reshape([1, height, width, 3]).permute([0, 3, 1, 2])
        return try fitted(image, form.size).contiguous().squeeze(0)
    }

    private func content() throws -> Data {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? DataError("there is no image '\(path)'") : DataError("the image '\(path)' can't be read: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw DataError("'\(path)' is no file, so no image") }
        guard status.st_size > 0 else { throw DataError("the image '\(path)' is an empty file") }
        guard status.st_size <= Self.largestFile else { throw DataError("the image '\(path)' has \(status.st_size) bytes; that is more than any image needs") }
        do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch { throw DataError("the image '\(path)' can't be read: \((error as NSError).localizedDescription)") }
    }

    private func header(_ data: Data) throws -> cimages_info {
        var info = cimages_info()
        let status = data.withUnsafeBytes { cimages_header($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &info) }
        guard status == 0 else {
            if info.format == CIMAGES_NONE { throw DataError("'\(path)' is neither a JPEG nor a PNG image", remedy: "convert it to one of these, or take it out") }
            throw damaged(info)
        }
        let (height, width) = (Int(info.height), Int(info.width))
        guard height >= 1, width >= 1 else { throw DataError("the image '\(path)' announces a size of \(width) x \(height) pixels") }
        guard height * width <= Self.mostPixels else {
            throw DataError("the image '\(path)' announces \(width) x \(height) pixels, more than the \(Self.mostPixels) that are allowed", remedy: "is it a decompression bomb? A real image of this size must be made smaller first")
        }
        return info
    }

    private func damaged(_ info: cimages_info) -> DataError {
        var message = info.message
        let text = withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return DataError("the image '\(path)' is damaged: \(text)", remedy: "get it again, or take it out")
    }

    private func fitted(_ image: Tensor, _ size: ImageForm.Size) throws -> Tensor {
        let (height, width) = (image.shape[2], image.shape[3])
        func resized(_ newHeight: Int, _ newWidth: Int) throws -> Tensor {
            if newHeight == height, newWidth == width { return image }
            guard newHeight * newWidth <= Self.mostPixels else { throw DataError("the image '\(path)' of \(width) x \(height) pixels is too long and thin to be resized") }
            return try image.resizedBilinear(height: newHeight, width: newWidth)
        }
        switch size {
        case .original: return image
        case .exact(let newHeight, let newWidth): return try resized(newHeight, newWidth)
        case .square(let side):
            let short = min(height, width)
            // As torchvision: the longer side is cut to a whole number, the crop's start is rounded to the even neighbour.
            let image = try resized(side * height / short, side * width / short)
            func start(_ length: Int) -> Int { Int((Double(length - side) / 2).rounded(.toNearestOrEven)) }
            return try image.narrow(2, start(image.shape[2]), side).narrow(3, start(image.shape[3]), side)
        }
    }
}
