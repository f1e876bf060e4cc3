import Foundation
import Interpreter

/// Where the project's files are, as seen from its tests.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let library = Library(folder: root.appendingPathComponent("stdlib").path)
}
