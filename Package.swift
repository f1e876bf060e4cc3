// swift-tools-version: 6.0
import Foundation
import PackageDescription

// libtorch comes from the `torch` Python wheel. BCL_TORCH names another torch folder (the one that holds
// include/ and lib/); otherwise the wheel that scripts/setup put into the user's cache folder is taken.
let pinnedTorch = "2.13"

/// Ends the build with one sentence; a trap would bury it in a backtrace.
func stop(_ message: String) -> Never {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    exit(1)
}

func findTorch() -> String {
    let environment = ProcessInfo.processInfo.environment
    let files = FileManager.default
    func isTorch(_ path: String) -> Bool {
        files.fileExists(atPath: path + "/include/torch/csrc/api/include/torch/torch.h")
            && files.fileExists(atPath: path + "/lib/libtorch_cpu.so")
    }
    if let named = environment["BCL_TORCH"], !named.isEmpty {
        guard isTorch(named) else {
            stop("BCL_TORCH is \(named), but there is no torch there: it must hold include/ and lib/libtorch_cpu.so")
        }
        return named
    }
    let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        ?? (environment["HOME"] ?? "/root") + "/.cache"
    let libraries = "\(cache)/bclsh/torch-\(pinnedTorch)/lib"
    for python in ((try? files.contentsOfDirectory(atPath: libraries)) ?? []).sorted() where python.hasPrefix("python3") {
        let folder = "\(libraries)/\(python)/site-packages/torch"
        if isTorch(folder) { return folder }
    }
    stop("No torch \(pinnedTorch) was found: run scripts/setup, or set BCL_TORCH to a torch folder.")
}

let torch = findTorch()
let torchLibraries = "\(torch)/lib"
let hasCUDA = FileManager.default.fileExists(atPath: torchLibraries + "/libtorch_cuda.so")

/// Where the headers of CUDA are that those of a torch for CUDA include: in wheels beside it, or in a toolkit.
func findCUDA() -> String {
    let files = FileManager.default
    let wheels = torch.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/nvidia"
    let folders = ((try? files.contentsOfDirectory(atPath: wheels)) ?? []).sorted().map { "\(wheels)/\($0)" }
        + [ProcessInfo.processInfo.environment["CUDA_HOME"] ?? "", "/usr/local/cuda"]
    let headers = ["cuda_runtime.h", "crt/host_config.h"]
    for folder in folders where headers.allSatisfy({ files.fileExists(atPath: "\(folder)/include/\($0)") }) { return folder + "/include" }
    stop("The torch in \(torch) is a build for CUDA, and its headers need \(headers.joined(separator: " and ")): install nvidia-cuda-crt beside it with pip, or set CUDA_HOME to the folder of a CUDA toolkit.")
}
let cudaFlags = hasCUDA ? ["-I\(findCUDA())"] : []

// Full paths, not -ltorch: a libtorch in the system's folder would be taken first.
var torchLinkerFlags = ["-Xlinker", "--no-as-needed"]
for library in ["libtorch.so", "libtorch_cpu.so", "libc10.so"] + (hasCUDA ? ["libtorch_cuda.so", "libc10_cuda.so"] : []) {
    torchLinkerFlags += ["-Xlinker", "\(torchLibraries)/\(library)"]
}
torchLinkerFlags += ["-Xlinker", "--as-needed", "-Xlinker", "-rpath", "-Xlinker", torchLibraries]

// The evaluator is single-threaded by construction; the dynamic exclusivity check costs a third of its time.
let fast: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
let swift5: [SwiftSetting] = [.swiftLanguageMode(.v5)]

let package = Package(
    name: "bclsh",
    products: [
        .executable(name: "bclsh", targets: ["bclsh"]),
        .library(name: "BCLScript", targets: ["BCLScript"]),
        .library(name: "Interpreter", targets: ["Interpreter"]),
        .library(name: "Engine", targets: ["Engine"]),
        .library(name: "FileFormats", targets: ["FileFormats"]),
        .library(name: "Continual", targets: ["Continual"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibedit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "CTorch",
            cxxSettings: [
                .unsafeFlags(["-I\(torch)/include", "-I\(torch)/include/torch/csrc/api/include", "-O2", "-std=c++20", "-w"] + cudaFlags),
                .define("BCL_CUDA", to: hasCUDA ? "1" : "0"),
            ],
            linkerSettings: [.unsafeFlags(torchLinkerFlags)]),
        .target(name: "CImages", cSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16")]),
        .target(name: "BCLScript", swiftSettings: swift5),
        .target(name: "FilePaths", swiftSettings: swift5),
        .target(name: "Figures", dependencies: ["BCLScript"], swiftSettings: swift5),
        .target(name: "TerminalGraphics", dependencies: ["Figures", "BCLScript"], swiftSettings: swift5),
        .target(name: "Drawing", dependencies: ["Figures", "CCairo"], swiftSettings: swift5),
        .target(name: "Downloads", dependencies: ["CCurl", "CCrypto", "FilePaths"], swiftSettings: swift5),
        .target(name: "Interpreter", dependencies: ["BCLScript", "Figures", "FilePaths", .product(name: "OrderedCollections", package: "swift-collections")], swiftSettings: swift5 + fast),
        .target(name: "FileFormats", dependencies: ["CZlib", "CLzma"], swiftSettings: swift5 + fast),
        .target(name: "Engine", dependencies: ["CTorch", "FilePaths"], swiftSettings: swift5 + fast),
        .target(name: "Continual", dependencies: ["Engine", "FileFormats", "FilePaths", "CImages"], swiftSettings: swift5 + fast),
        .target(name: "Runs", dependencies: ["Continual", "Engine", "BCLScript", "Figures", "FilePaths", "CCrypto", "CZlib", .product(name: "GRDB", package: "GRDB.swift")], swiftSettings: swift5),
        .target(name: "Sweeps", dependencies: ["Runs", "Engine", "FilePaths"], swiftSettings: swift5),
        .target(name: "Workbench", dependencies: ["Interpreter", "Runs", "Continual", "FileFormats", "Drawing", "Downloads"], swiftSettings: swift5 + fast),
        .target(name: "LanguageServer", dependencies: ["Workbench"], swiftSettings: swift5),
        .executableTarget(
            name: "bclsh",
            dependencies: ["Workbench", "Runs", "Sweeps", "LanguageServer", "TerminalGraphics", "Drawing", "Figures", "Downloads", "FilePaths", "CLibedit", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: swift5),
        .target(name: "TestSupport", dependencies: ["Engine"], path: "Tests/TestSupport", swiftSettings: swift5),
        .testTarget(name: "BCLScriptTests", dependencies: ["BCLScript"], swiftSettings: swift5),
        .testTarget(name: "InterpreterTests", dependencies: ["Interpreter", "FilePaths"], swiftSettings: swift5),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "TestSupport"], swiftSettings: swift5),
        .testTarget(name: "FileFormatsTests", dependencies: ["FileFormats", "CZlib", "CLzma"], swiftSettings: swift5),
        .testTarget(name: "ContinualTests", dependencies: ["Continual", "CZlib", "CLzma"], swiftSettings: swift5),
        .testTarget(name: "RunTests", dependencies: ["Runs"], swiftSettings: swift5),
        .testTarget(name: "SweepTests", dependencies: ["Sweeps"], swiftSettings: swift5),
        .testTarget(name: "WorkbenchTests", dependencies: ["Workbench", "TestSupport"], swiftSettings: swift5),
        .testTarget(name: "FigureTests", dependencies: ["Figures", "TerminalGraphics", "Drawing", "CCairo"], swiftSettings: swift5),
        .testTarget(name: "DownloadTests", dependencies: ["Downloads", "FilePaths"], swiftSettings: swift5),
    ],
    cxxLanguageStandard: .cxx20
)
