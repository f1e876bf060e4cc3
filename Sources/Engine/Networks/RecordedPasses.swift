import CTorch

/// The passes of one network through minibatches of one shape, recorded at their third time and replayed from then on (recorded.cpp). What a network does then
/// is fixed: the tensors that its pass uses must stay where they are, and nothing in it may depend on their numbers.
final class RecordedPasses {
    private let handle: ctorch_recorder

    /// - Parameter network: not kept; it outlives this.
    init(_ network: Network) throws {
        let calls = ctorch_network_calls(owner: Unmanaged.passUnretained(network).toOpaque(), retain: { _ = $0.map { Unmanaged<Network>.fromOpaque($0).retain() } },
                                         release: { if let owner = $0 { Unmanaged<Network>.fromOpaque(owner).release() } }, forward: Self.pass)
        let parameters = network.parameters
        var handle: ctorch_recorder?
        try withExtendedLifetime((network, parameters)) {
            try check(ctorch_recorder_new(calls, network.weights.handle, network.gradients.handle, network.statistics.handle, network.counters.handle, parameters.map { $0.handle }, Int32(parameters.count), &handle))
        }
        guard let handle else { throw EngineError("libtorch made no recorder") }
        self.handle = handle
    }

    deinit { ctorch_recorder_release(handle) }

    /// The network's own pass, called back.
    private static let pass: @convention(c) (UnsafeMutableRawPointer?, ctorch_tensor?, ctorch_tensor?, Int32, UnsafeMutablePointer<ctorch_tensor?>?) -> Int32 = { owner, samples, tasks, training, out in
        let (samples, tasks) = (samples.map { Tensor($0) }, tasks.map { Tensor($0) })
        guard let owner, let samples, let out else { return 1 }
        let network = Unmanaged<Network>.fromOpaque(owner).takeUnretainedValue()
        do {
            let logits = try network.pass(samples, tasks: tasks, training: training != 0)
            return withExtendedLifetime(logits) { ctorch_share(logits.handle, out) }
        } catch {
            ctorch_fail("\(error)")
            return 1
        }
    }

    /// - Parameters:
    ///   - x: samples [B, inputSize] that need no gradient.
    ///   - tasks: int64 [B], or nil for a network without tasks.
    func forward(_ x: Tensor, tasks: Tensor?, training: Bool) throws -> Tensor {
        try withExtendedLifetime((self, tasks)) { try x.apply { ctorch_recorder_forward(handle, $0, tasks?.handle, training ? 1 : 0, $1) } }
    }

    /// Passes that were recorded, and forward passes that were replayed.
    var counts: (recorded: Int, replayed: Int) { withExtendedLifetime(self) { (Int(ctorch_recorder_recorded(handle)), Int(ctorch_recorder_replayed(handle))) } }
}
