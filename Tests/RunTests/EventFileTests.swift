import Foundation
@testable import Runs
import XCTest

final class EventFileTests: XCTestCase {
    /// The check value of the catalogue of CRCs, and those of RFC 3720, B.4.
    func testCRC32C() {
        XCTAssertEqual(CRC32C.of(Data("123456789".utf8)), 0xE306_9283)
        XCTAssertEqual(CRC32C.of(Data(count: 32)), 0x8A91_36AA)
        XCTAssertEqual(CRC32C.of(Data(repeating: 0xFF, count: 32)), 0x62A8_AB43)
    }

    /// protoc's encoding of the same message, by hand: field 1 double 1.5, field 2 varint 300, field 3 "ab".
    func testProtocolBuffer() {
        var buffer = ProtocolBuffer()
        buffer.double(1, 1.5)
        buffer.varint(2, 300)
        buffer.bytes(3, Data("ab".utf8))
        buffer.float(4, 1)
        XCTAssertEqual([UInt8](buffer.data), [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02, 0x1A, 0x02, 0x61, 0x62, 0x25, 0, 0, 0x80, 0x3F])
    }
}
