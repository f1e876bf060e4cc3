import Foundation

/// Kitty's terminal graphics protocol: raw RGB in pieces of at most 4,096 base64 characters.
enum KittyGraphics {
    /// - Parameters: columns, rows: the cells that the image covers.
    static func text(_ image: Bitmap, columns: Int, rows: Int) -> String {
        let encoded = Array(Data(image.bytes).base64EncodedString().utf8)
        var text = ""
        var start = 0
        repeat {
            let end = min(start + 4096, encoded.count)
            let more = end < encoded.count ? 1 : 0
            // q=2: no answer, which would be read as input.
            let head = start == 0 ? "a=T,q=2,f=24,s=\(image.width),v=\(image.height),c=\(columns),r=\(rows),m=\(more)" : "q=2,m=\(more)"
            text += "\u{1B}_G\(head);\(String(decoding: encoded[start..<end], as: UTF8.self))\u{1B}\\"
            start = end
        } while start < encoded.count
        return text
    }
}
