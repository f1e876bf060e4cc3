import XCTest
@testable import Continual
