// swift-tools-version: 6.0
import PackageDescription

// A package of its own: who builds bclsh needs no benchmark library.
let package = Package(
    name: "bclsh-micro",
    dependencies: [
        .package(name: "bclsh", path: "../.."),
        .package(url: "https://github.com/google/swift-benchmark", from: "0.1.2"),
    ],
    targets: [
        .executableTarget(
            name: "Micro",
            dependencies: [
                .product(name: "Benchmark", package: "swift-benchmark"), .product(name: "BCLScript", package: "bclsh"), .product(name: "Interpreter", package: "bclsh"),
                .product(name: "Engine", package: "bclsh"), .product(name: "Continual", package: "bclsh"),
            ],
            swiftSettings: [.swiftLanguageMode(.v5)])
    ]
)
