import XCTest
@testable import BCLScript
