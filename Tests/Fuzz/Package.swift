// swift-tools-version: 6.0
import PackageDescription

// A package of its own: everything in it is built with libFuzzer's instrumentation, which the tests and bclsh are not.
let package = Package(
    name: "bclsh-fuzz",
    dependencies: [.package(name: "bclsh", path: "../..")],
    targets: [
        .executableTarget(
            name: "FuzzLanguage",
            dependencies: [.product(name: "BCLScript", package: "bclsh"), .product(name: "Interpreter", package: "bclsh")],
            swiftSettings: [.swiftLanguageMode(.v5), .unsafeFlags(["-parse-as-library"])]),
        .executableTarget(
            name: "FuzzFiles",
            dependencies: [.product(name: "FileFormats", package: "bclsh"), .product(name: "Engine", package: "bclsh"), .product(name: "Continual", package: "bclsh")],
            swiftSettings: [.swiftLanguageMode(.v5), .unsafeFlags(["-parse-as-library"])]),
    ]
)
