import Foundation

/// libFuzzer's entry. BCL_FUZZ names the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.read([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

private let reader: FileReaders = {
    guard let name = ProcessInfo.processInfo.environment["BCL_FUZZ"], let reader = FileReaders(rawValue: name) else { fatalError("BCL_FUZZ must name a reader") }
    return reader
}()
