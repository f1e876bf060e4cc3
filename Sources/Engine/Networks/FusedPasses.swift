/// How networks go through their passes, for all networks.
public enum FusedPasses {
    /// With libtorch's own operations only (`--plain`): slower, and what everything else is compared with.
    nonisolated(unsafe) public static var areOff = false
    /// Recorded and replayed on the CPU, too (`--record-passes`): no faster than libtorch's operations, which a replay does again there, but what a GPU would do can be looked at.
    nonisolated(unsafe) public static var areRecorded = false

    /// Whether passes on the CPU are one operation each.
    public static var areKernels: Bool { !areOff && !areRecorded }
    static func areRecorded(on device: Device) -> Bool { !areOff && (device == .cpu ? areRecorded : device.isCUDA) }
}
