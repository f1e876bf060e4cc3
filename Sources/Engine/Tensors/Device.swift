import CTorch

/// Where a tensor lives: the CPU, or a GPU by number.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    let code: Int32

    public static let cpu = Device(code: Int32(CTORCH_CPU))
    /// Nowhere: tensors have a shape and a type, but no numbers. Whoever reads one, or mixes it with tensors of the CPU, gets an error: what would wait for a GPU
    /// or not work there can be found without one.
    public static let meta = Device(code: Int32(CTORCH_META))
    public static func cuda(_ index: Int = 0) -> Device { Device(code: Int32(clamping: index)) }
    /// GPUs that can be used; 0 with a CPU build of libtorch.
    public static var cudaCount: Int { Int(ctorch_cuda_count()) }

    public var isCUDA: Bool { code >= 0 }
    public var description: String { isCUDA ? "cuda:\(code)" : self == .meta ? "meta" : "cpu" }

    init(code: Int32) { self.code = code }

    /// - Parameter name: "cpu", "cuda", "cuda:1", "auto" for a GPU where there is one, or "meta".
    public init(named name: String) throws {
        let count = Self.cudaCount
        switch name {
        case "cpu": self = .cpu
        case "meta": self = .meta
        case "auto": self = count > 0 ? .cuda(0) : .cpu
        default:
            guard name == "cuda" || name.hasPrefix("cuda:"), let index = name == "cuda" ? 0 : Int(name.dropFirst(5)), index >= 0 else {
                throw EngineError("there is no device '\(name)'; devices are cpu, cuda, cuda:1 and so on, and auto", .device)
            }
            guard count > 0 else {
                let why = Torch.cudaVersion == nil ? "the installed torch is a CPU build" : "no GPU was found"
                throw EngineError("there is no device '\(name)': \(why)", .device)
            }
            guard index < count else { throw EngineError("there is no device '\(name)': the machine has \(count) GPU\(count == 1 ? "" : "s")", .device) }
            try check(ctorch_make_reproducible())
            self = .cuda(index)
        }
    }
}
